"""``gate demo``: one visit after another against the real stack, told one line a step. Every line is an expectation."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from gate import logs
from gate.app import RunningGate, open_gate, open_store
from gate.core.types import PersonId, Reason, Seconds
from gate.demo.needs import require_models
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.demo.visitor import Visit, Visitor
from gate.errors import DeviceFault
from gate.publish.listen import Listener, Received
from gate.service import HOUSEKEEPING_S
from gate.simulated import ShiftedClock, SimulatedScreen
from gate.store.account.signing import verify
from gate.store.tally import AT_LEAST, SPREAD_S
from gate.web.context import Said

UNIT, NAME, CONTACT, CARD = "1203", "Ada Chen", "ada@example.org", 40451
STRANGERS_CARD = 59999
MESSAGES_WITHIN_S: Seconds = HOUSEKEEPING_S + 20.0


class Story:
    """What was expected so far, and whether it held."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.monotonic()
        self.failures = 0

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._say(f"\n{title}")

    def expect(self, held: bool, line: str) -> None:  # noqa: FBT001 - reads as a claim at the call
        """Tell one step and whether it went as it must."""
        self.failures += not held
        self._say(f"  {time.monotonic() - self._began:5.1f} s  {'ok  ' if held else 'FAIL'}  {line}")


async def tell(say: Callable[[str], None]) -> bool:
    """Play the whole story; returns whether every expectation held."""
    logs.configure(quiet=True)
    story = Story(say)
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as folder:
        clock = ShiftedClock()
        screens: list[SimulatedScreen] = []

        def make_screen(post: Callable[..., None]) -> SimulatedScreen:
            screens.append(SimulatedScreen(post))
            return screens[0]

        settings = desk_settings(Path(folder))
        require_models(settings.models_dir)
        with closing(open_store(settings)) as store:
            prepare_site(store, settings, clock.now())
        began = time.monotonic()
        async with open_gate(settings, make_screen, clock=clock) as gate:
            visitor = Visitor(gate, screens[0])
            if gate.broker is None:
                raise DeviceFault(
                    "demo-broker", "The embedded broker did not start.", remedy="See gate check."
                )
            async with Listener(gate.broker, gate.settings.site.gate_id) as listener:
                await _play(story, gate, visitor, clock, listener, began)
    say(
        "\nEvery expectation held."
        if not story.failures
        else f"\n{story.failures} expectations did not hold."
    )
    return not story.failures


async def _play(
    story: Story, gate: RunningGate, visitor: Visitor, clock: ShiftedClock, listener: Listener, began: Seconds
) -> None:
    story.chapter(
        "A gate starts. Reader, door and camera are simulated; models, database, keys and broker are real."
    )
    ready = time.monotonic() - began
    story.expect(gate.hardware.reader_healthy, f"card and PIN are ready after {ready:.2f} s")
    await visitor.until(lambda: not gate.service.gate.conditions.obstacles, "face to be ready")
    ready, runs_on = time.monotonic() - began, ", ".join(gate.vision.providers if gate.vision else ())
    story.expect(
        gate.service.face_offered, f"face is ready after {ready:.2f} s, on {runs_on}; the camera stays closed"
    )
    person, pin = await _move_in(story, gate, visitor)
    await _visit_by_face(story, gate, visitor)
    await _card_and_pin(story, gate, visitor, pin)
    await _withdraw(story, gate, visitor, person)
    await _events(story, clock, listener, forbidden=(NAME, CONTACT, UNIT, str(CARD), pin, person))


async def _move_in(story: Story, gate: RunningGate, visitor: Visitor) -> tuple[PersonId, str]:
    story.chapter("A resident moves in.")
    now = gate.clock.now()
    person = gate.store.people.add(UNIT, NAME, CONTACT)
    gate.store.credentials.issue_card(person, f"26:{CARD}", at=now)
    pin = gate.store.credentials.issue_pin(person, at=now)
    story.expect(
        gate.store.templates.count() == 0, "the desk issues a card and a PIN; nobody has to give a face"
    )
    visitor.devices.set_scene("resident")
    took = time.monotonic()
    notice = gate.notices.in_force
    assert notice is not None
    await gate.desk.enrol(person, Said.to(notice, "zh-CN"))
    took = time.monotonic() - took
    story.expect(
        gate.store.templates.count() == 1,
        f"she reads notice {gate.service.notice} and agrees to face: one template, taken live in {took:.1f} s, sealed",
    )
    return person, pin


async def _visit_by_face(story: Story, gate: RunningGate, visitor: Visitor) -> None:
    story.chapter("She comes home and chooses face.")
    await visitor.until(lambda: gate.service.face_offered, "face to be offered again")
    visit = await visitor.by_face("resident")
    minimum = gate.settings.notice.minimum_s
    story.expect(
        visit.notice_s >= minimum,
        f"the notice stands for {visit.notice_s:.2f} s before anything can be chosen",
    )
    story.expect(visit.granted, f"face: granted {visit.decided_s:.2f} s after she chose it ({_why(visit)})")
    story.expect(visitor.devices.door_locked is False, "the strike is released, after the record was on disk")
    visitor.devices.act("push")
    story.expect(visitor.devices.leaf_open, "she pushes the door open")
    visitor.devices.act("shut")
    took = await visitor.until(lambda: visitor.devices.door_locked, "the strike to lock")
    story.expect(visitor.devices.door_locked, f"the controller locks again by itself {took:.1f} s later")
    story.chapter("Others try.")
    for scene, who in (
        ("stranger", "a stranger"),
        ("two", "two people side by side"),
        ("frozen", "a camera stuck on one picture of her"),
    ):
        visit = await visitor.by_face(scene)
        refused = visit.result is not None and not visit.granted and visitor.devices.door_locked
        story.expect(
            refused,
            f"{who}: refused after {visit.decided_s:.2f} s ({_why(visit)}), and the door stays locked",
        )


async def _card_and_pin(story: Story, gate: RunningGate, visitor: Visitor, pin: str) -> None:
    story.chapter("Card and PIN are equal ways in, whatever becomes of face.")
    await _opens_by_card_and_pin(story, visitor, pin, "")
    visit = await visitor.by_card(STRANGERS_CARD)
    story.expect(not visit.granted and visit.result is not None, f"an unknown card: refused ({_why(visit)})")
    visit = await visitor.by_pin(UNIT, "000000")
    story.expect(not visit.granted and visit.result is not None, f"a wrong PIN: refused ({_why(visit)})")
    visitor.devices.act("kill-vision")
    await visitor.until(lambda: not gate.service.face_offered, "face to leave the offer")
    await _opens_by_card_and_pin(story, visitor, pin, "with the vision process killed, ")
    await visitor.until(lambda: gate.service.face_offered, "vision to come back")
    story.expect(
        gate.service.face_offered,
        "and vision is back by itself",
    )
    visitor.devices.act("unplug")
    await visitor.until(lambda: not gate.service.face_offered, "face to leave the offer")
    visit = await visitor.by_face("resident")
    story.expect(
        visit.result is None,
        "with the reader's cable pulled, face is not offered: it is never the only way in",
    )
    visitor.devices.act("plug")
    visitor.devices.act("leave")
    story.expect(visitor.devices.leaf_open, "leaving needs nothing: the handle inside opens the locked door")
    visitor.devices.act("shut")


async def _opens_by_card_and_pin(story: Story, visitor: Visitor, pin: str, when: str) -> None:
    visit = await visitor.by_card(CARD)
    story.expect(visit.granted, f"{when}a card opens in {1000 * visit.decided_s:.0f} ms")
    visit = await visitor.by_pin(UNIT, pin)
    story.expect(visit.granted, f"{when}unit and PIN open in {1000 * visit.decided_s:.0f} ms")


async def _withdraw(story: Story, gate: RunningGate, visitor: Visitor, person: PersonId) -> None:
    story.chapter("She changes her mind.")
    took = time.monotonic()
    receipt = gate.desk.withdraw(person)
    took = 1000 * (time.monotonic() - took)
    story.expect(
        gate.store.templates.count() == 0,
        f"consent withdrawn in one step: template and key gone in {took:.0f} ms",
    )
    assert receipt is not None
    signed = verify(receipt.document, "receipt", public_key=gate.store.signer.public_key)
    story.expect(
        NAME not in receipt.document,
        f"her receipt {receipt.reference} names nobody and verifies without the gate (key {signed.fingerprint[:9]}...)",
    )
    await visitor.until(lambda: gate.service.face_offered, "face to be offered again")
    visit = await visitor.by_face("resident")
    story.expect(visit.result is not None and not visit.granted, f"her face: refused ({_why(visit)})")
    visit = await visitor.by_card(CARD)
    story.expect(visit.granted, "her card: opens as before")


async def _events(
    story: Story, clock: ShiftedClock, listener: Listener, *, forbidden: tuple[str, ...]
) -> None:
    story.chapter(
        "The demo moves its clock on by an hour and some minutes, which closes the hour: the broker gets its counts."
    )
    clock.move(timedelta(hours=1) + AT_LEAST + timedelta(seconds=SPREAD_S + 1))
    received: list[Received] = []
    while not any(message.topic.endswith("access-counts") for message in received):
        received.append(await listener.next(MESSAGES_WITHIN_S))
    for message in received:
        fields = json.loads(message.payload)
        said = json.dumps(
            {name: value for name, value in fields.items() if name != "message_id"}
        )  # which is random
        clean = (
            message.message is not None
            and not message.retained
            and not any(word in said for word in forbidden)
        )
        story.expect(clean, f"published on {message.topic}: {said}")
    story.expect(received != [], "nothing in it names a person, and no passage was sent on its own")


_WORDS = {
    Reason.MATCHED: "her template, well above the threshold",
    Reason.NO_FACE: "no one clear face",
    Reason.NOT_RECOGNISED: "like no template here",
    Reason.NOT_CONSENTED: "no consent any more",
    Reason.UNKNOWN_CREDENTIAL: "unknown here",
    Reason.THROTTLED: "too many tries, wait",
    Reason.FAULT: "the camera is at fault",
}


def _why(visit: Visit) -> str:
    return _WORDS.get(visit.result.reason, visit.result.reason) if visit.result else "face was not offered"
