"""What a visitor and the page's script do at the gate's screen."""

from gate.core import inputs as on
from gate.core.types import AttemptId, Method
from tests.notices import FIRST as NOTICE

ATTEMPT = AttemptId("shown")
PAGE = "the gate's screen"
ALL = (Method.FACE, Method.CARD, Method.PIN)


def ask(client, after=-1):
    return client.get("/kiosk/view", params={"after": after, "page": PAGE}).json()


def see(client):
    return ask(client)["html"]


def type_in(client, keys):
    for key in keys.split():
        client.post("/kiosk/key", {"key": key})


def typed(world):
    return [event.credential for event in world.posted if isinstance(event, on.CredentialPresented)]


def to_the_choice(client, world):
    ask(client)
    client.post("/kiosk/start")
    attempt = world.gate.phase.attempt
    client.post("/kiosk/shown", {"attempt": attempt, "notice": NOTICE, "page": PAGE})
    world.clock.seconds += 2
    ask(client)
    world.look()
    return attempt
