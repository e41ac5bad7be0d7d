"""The life of one gate in a minute: everything that can be done with it, and three crashes, for the search of its traces."""

import os
import re
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing

from tests.brokers import _MOSQUITTO, BROKERS, free_port
from tests.canary_gate import GATE_ID, Serving, Site, core_dumps_allowed, until
from tests.canary_story import (
    CAPTURE_PATIENCE_S,
    CARD,
    NAME,
    OTHER_PIN,
    OTHER_UNIT,
    PIN,
    UNIT,
    WORDS,
    WRONG_PIN,
    Story,
    approve,
    noise,
    set_up,
)
from tests.canary_wires import ProcessWatch, Subscriber, Wire, may_capture

PINS = {UNIT: PIN, OTHER_UNIT: OTHER_PIN}
PLAIN_COMMANDS = (
    ("key", "status"),
    ("audit", "verify"),
    ("audit", "list"),
    ("consent", "verify"),
    ("retention", "run"),
    ("rights", "list"),
)
FRAMES = 400
BEFORE = "before the withdrawal"


def enrol(gate, unit, scene):
    """Be handed the desk's page, agree and have a face taken."""
    until(gate.offers_face, "face to be offered")
    gate.post("/sim/scene", name=scene)
    gate.post("/staff/desk/hand-over", token=gate.sign_in())
    token = gate.form_of("/enrol")
    gate.post("/enrol/identify", token=token, unit=unit, pin=PINS[unit])
    sheet = gate.http.get("/enrol", params={"lang": "en"}).text
    notice = re.search(r'name="notice" value="([\d.]+)"', sheet)[1]
    shown = re.search(r'name="shown" value="([\w.]+)"', sheet)[1]
    answer = {"token": token, "notice": notice, "language": "en", "shown": shown, "agreed": "yes"}
    # The notice must stand for its least time first (R10).
    until(lambda: gate.post("/enrol/consent", **answer).status_code == 303, "the agreement to be taken")
    until(
        lambda: gate.http.get("/enrol/progress").status_code == 409,
        "the face to be taken",
        CAPTURE_PATIENCE_S,
    )
    assert "/enrol/receipt.json" in gate.http.get("/enrol").text
    gate.http.get("/enrol/receipt.json")
    gate.post("/enrol/give-back", token=token)


def come_by_credential(gate):
    assert gate.at_reader("/sim/card", value=CARD)
    assert gate.at_reader("/sim/keys", keys=f"{UNIT}#{PIN}#")
    assert not gate.at_reader("/sim/keys", keys=f"{UNIT}#{WRONG_PIN}#")


def misbehave(gate, site):
    """Ask for what no page asks for, with secrets in it that a trace would quote."""
    for path, form in (
        ("/me/sign-in", {"unit": UNIT}),
        ("/me/sign-in", {"unit": [UNIT, PIN], "pin": PIN * 9}),
        ("/me/sign-in", {"unit": UNIT, "pin": "\ud800".encode("utf-8", "surrogatepass") + PIN.encode()}),
        ("/sim/keys", {"keys": f"{UNIT}x{PIN}"}),
        ("/sim/card", {"value": f"{CARD}{CARD}"}),
        ("/enrol/consent", {"token": NAME, "notice": PIN, "language": "en", "agreed": "yes"}),
        ("/staff/desk/withdraw", {"person": f"{NAME}\0"}),
        ("/staff/sign-in", {"login": NAME, "password": PIN, "code": WRONG_PIN}),
        ("/kiosk/choose", {"attempt": PIN, "method": NAME}),
    ):
        client = gate.screen if path.startswith(("/kiosk", "/sim")) else gate.http
        client.post(path, data=form)
    gate.http.post("/me/sign-in", data={"unit": UNIT}, files={"pin": ("pin", PIN.encode())})
    gate.http.post(
        "/me/sign-in", content=f"--x\r\n{PIN}", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    gate.http.get("/staff/desk/receipt.json", params={"person": NAME, "reference": PIN})
    gate.http.get("/api/v1/status", headers={"authorization": f"Bearer {PIN}"})
    gate.http.get(f"/{NAME}/{PIN}")
    with socket.create_connection(("127.0.0.1", site.screen_port)) as line:
        line.sendall(f"NONSENSE {PIN} {NAME}\r\n\r\n".encode())
        line.recv(1 << 12)


def own_page(gate):
    """Sign in as the other resident, look at everything, ask for something, withdraw."""
    gate.rests()
    gate.post("/kiosk/code")
    code = re.sub(
        r"\D", "", until(lambda: re.search(r'class="reference[^"]*"[^>]*>([^<]*)', gate.view), "the code")[1]
    )
    gate.post("/kiosk/back")
    gate.post("/me/sign-in", unit=OTHER_UNIT, pin=WRONG_PIN, code=code)
    assert gate.post("/me/sign-in", unit=OTHER_UNIT, pin=OTHER_PIN).status_code == 303
    token = re.search(r'name="token" value="([\w-]+)"', gate.http.get("/me").text)[1]
    gate.http.get("/me/record.json")
    gate.post("/me/request", token=token, kind="explain", details=WORDS)
    done = gate.post("/me/withdraw", token=token)
    assert "/me/receipt?reference=" in done.headers["location"]
    gate.http.get(done.headers["location"])
    gate.post("/me/sign-out", token=token)


def papers(site):
    """Start everything on the command line that exports or tells something; give what is still at work."""
    exports = site.folder / "exports"
    evidence = exports / "evidence.zip"
    site.command("evidence", "export", evidence)
    return [
        site.start("evidence", "verify", evidence, configured=False),
        site.start("rights", "export", UNIT, "--out", exports / "record"),
        *(site.start(*words) for words in PLAIN_COMMANDS),
    ]


def epoch_moves(story):
    """Wait until the erasure's new epoch is in force (R24: within a minute), and look at the survivors' templates."""
    database = f"{(story.site.folder / 'data' / 'gate.sqlite3').as_uri()}?mode=ro"

    def moved():
        with closing(sqlite3.connect(database, uri=True)) as connection:
            rows = dict(
                connection.execute("SELECT name, value FROM meta WHERE name IN ('epoch', 'rotation-due')")
            )
        return rows["epoch"] not in story.epochs and "rotation-due" not in rows

    until(moved, "the new epoch", patience=60)
    story.learn()


def serve_the_day(story):
    """A gate's day until it is killed, and vision in the middle of a look."""
    gate = Serving(story.site)
    enrol(gate, UNIT, "resident")
    story.learn()
    assert not gate.by_face("stranger")
    enrol(gate, OTHER_UNIT, "stranger")
    story.learn(to_be_erased=True)
    backup = story.site.start("backup", "make", story.site.folder / "backups")
    assert gate.by_face("resident")
    come_by_credential(gate)
    misbehave(gate, story.site)
    backup.ends_well()
    story.copy(BEFORE)
    own_page(gate)
    crash_vision(gate)
    story.codes.append(gate.end(signal.SIGABRT))
    story.copy("after the crash")


def crash_vision(gate):
    """Kill the vision process as a fault of its own would, while it holds frames; another takes its place."""
    gate.look_into_camera("far")
    vision = gate.vision()
    os.kill(vision, signal.SIGSEGV)
    until(lambda: gate.vision() != vision, "another vision")


def serve_another_day(story):
    """The gate after the crash: the erasure is finished, another consent given and withdrawn at the desk."""
    gate = Serving(story.site)
    epoch_moves(story)
    commands = papers(story.site)
    enrol(gate, OTHER_UNIT, "stranger")
    story.learn(to_be_erased=True)
    assert gate.by_face("stranger")
    token = gate.sign_in()
    desk = gate.http.get("/staff/desk", params={"unit": OTHER_UNIT}).text
    person = re.search(r'name="person" value="(\w+)"', desk)[1]
    gate.post("/staff/desk/withdraw", token=token, person=person)
    for command in commands:
        command.ends_well()
    story.copy("after the second withdrawal")
    story.codes.append(gate.end())


def publish_the_hour(site):
    """Let two hours before these visits be untold: the first is surely due at the next start; theirs is not over."""
    with closing(sqlite3.connect(site.folder / "data" / "gate.sqlite3")) as connection, connection:
        connection.execute("UPDATE meta SET value = value - 7200 WHERE name = 'counted-until'")


def bring_back(story):
    """Put a backup in the place of all data."""
    site = story.site
    site.command("backup", "make", site.folder / "backups")
    site.command("backup", "verify", site.folder / "backups")
    site.command("restore", site.folder / "backups", typed=f"{GATE_ID}\n")
    story.learn()


def look_at_noise(story, images):
    """Serve with a camera that shows the unmistakable frames, and crash in the middle of them."""
    for seed in (1, 2):
        (images / f"{seed}.png").write_bytes(noise(seed))
    frames = images / "frames"
    frames.mkdir()
    for number in range(FRAMES):
        (frames / f"{number:04}.png").symlink_to(images / f"{1 + number % 2}.png")
    story.site.use_camera(f'driver = "folder"\nsource = "{frames}"')
    approve(story.site)
    gate = Serving(story.site)
    epoch_moves(story)
    gate.look_into_camera(None)
    os.kill(gate.vision(), signal.SIGSEGV)
    story.codes.append(gate.end(signal.SIGABRT))
    story.copy("after the second crash")


def live(base):
    """Live through everything once, in the empty folder *base*."""
    (base / "gate").mkdir()
    (base / "images").mkdir()
    (base / "broker").mkdir()
    port, screen_port = free_port(), free_port()
    kind = "mosquitto" if _MOSQUITTO else "embedded"
    with ExitStack() as stack:
        stack.enter_context(core_dumps_allowed())
        broker = stack.enter_context(BROKERS[kind](base / "broker"))
        story = Story(stack.enter_context(Site(base / "gate", broker, port, screen_port)))
        captures = story.site.folder / "captures"
        stack.enter_context(ProcessWatch(captures / "processes"))
        story.captured = may_capture()
        if story.captured:
            files = {screen_port: captures / "http", port: captures / "tls", broker.port: captures / "mqtt"}
            wire = stack.enter_context(Wire(files))
        stack.enter_context(Subscriber(broker, captures / "messages"))
        set_up(story)
        serve_the_day(story)
        publish_the_hour(story.site)
        serve_another_day(story)
        look_at_noise(story, base / "images")
        bring_back(story)
    story.dropped = wire.dropped if story.captured else 0
    return story
