"""The life of one gate in a minute: everything that can be done with it, and three crashes, for the search of its traces.

Whatever is secret is collected on the way, as only the holder of the key can (Story.needles).
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pyotp

from gate.app import open_store
from gate.core.credentials import pin_fault
from gate.core.roles import Role
from gate.office.accounts import open_accounts
from gate.office.tokens import TokenDesk
from gate.settings import read_settings
from gate.simulated import SystemClock
from gate.store.backup.opening import open_backup
from gate.store.keyring.custody import KEY_NAME
from gate.store.keyring.keys import Custody, KeyUse, MasterKey
from gate.store.upkeep.clock import TrustedClock
from gate.vision.protection import Protection
from tests import canary
from tests.brokers import _MOSQUITTO, BROKERS, free_port
from tests.canary import Detectors, Hit, Needle, Roundings, Search
from tests.canary_gate import GATE_ID, Colleague, Serving, Site, core_dumps_allowed, until
from tests.canary_wires import ProcessWatch, Subscriber, Wire, may_capture


def digits(count):
    """Draw a number that no other run of this test has written anywhere; a PIN of it is one that the gate takes."""
    while True:
        drawn = f"{10 ** (count - 1) + secrets.randbelow(9 * 10 ** (count - 1))}"
        if pin_fault(drawn) is None:
            return drawn


PIN, OTHER_PIN, WRONG_PIN = digits(12), digits(12), digits(12)
CARD, OTHER_CARD = (10_000_000 + secrets.randbelow(57_000_000) for _ in range(2))
UNIT, OTHER_UNIT = digits(8), digits(8)
NAME, OTHER_NAME = f"Canaria {secrets.token_hex(8)}", f"Zilpzalp {secrets.token_hex(8)}"
CONTACT = f"{secrets.token_hex(8)}@canary.example"
WORDS = f"Why was the {secrets.token_hex(8)} refused"
PINS = {UNIT: PIN, OTHER_UNIT: OTHER_PIN}
PEOPLE = (NAME, OTHER_NAME, CONTACT, WORDS)
TYPED = (PIN, OTHER_PIN, WRONG_PIN, f"{CARD}", f"{OTHER_CARD}")
PLAIN_COMMANDS = (
    ("key", "status"),
    ("audit", "verify"),
    ("audit", "list"),
    ("consent", "verify"),
    ("retention", "run"),
    ("rights", "list"),
)
FRAMES = 400
CAPTURE_PATIENCE_S = 120.0
"""Three poses, on a machine that does much else."""
BEFORE = "before the withdrawal"
CORE_FOLDERS = ("/var/lib/systemd/coredump", "/var/lib/apport/coredump", "/var/crash")


def noise(seed):
    """Make a picture that nobody would take for another, as a PNG's bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (480, 640, 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


@dataclass
class Story:
    """What was done to one gate, and what must not be found of it."""

    site: Site
    staff_words: tuple[str, ...] = ()
    needles: list[Needle] = field(default_factory=list)
    embeddings: dict[str, np.ndarray] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    captured: bool = False
    dropped: int = 0
    was_there: frozenset[Path] = field(default_factory=lambda: frozenset(elsewhere()))

    def copy(self, when):
        """Keep the files as they lie at this moment: the log of a running or a crashed database goes soon."""
        for name in ("data", "backups", "temporary"):
            ignored = shutil.ignore_patterns("ballast")
            shutil.copytree(
                self.site.folder / name, self.site.folder / "copies" / when / name, ignore=ignored
            )

    def learn(self, *, to_be_erased=False):
        """Look into the store as only the key's holder can: every template, protected and not, and every key.

        to_be_erased: the newest template will be; how it lies on the disk is noted for the search afterwards.
        """
        with closing(open_store(read_settings(self.site.config))) as store:
            gallery = store.templates.gallery(datetime.now(UTC))
            number, secret = store.epochs.escrow()
            seed = store.epochs.current.seed
            grown = store.epochs._secrets._grown(secret, b"gate 1 epoch biometric key-encryption key")
        if number not in self.epochs:
            self.epochs.append(number)
            for what, key in (("secret", secret), ("seed", seed), ("key", grown)):
                self.needles += canary.windows(f"epoch {number}'s {what}", key)
        for template, protected in gallery.templates:
            raw = Protection(seed).undo(np.frombuffer(protected, "<f4")[np.newaxis])[0]
            self.needles += canary.template(f"template of epoch {number}", protected, raw)
            self.embeddings[f"embedding {template[:4]}"] = raw
        if to_be_erased:
            self._remember_sealed(gallery.templates[-1][0])

    def _remember_sealed(self, template):
        """Note the template's row and the wrapped epoch secret as they lie on the disk before the erasure."""
        with closing(sqlite3.connect(self.site.folder / "data" / "gate.sqlite3")) as connection:
            row = connection.execute("SELECT wrapped_key, sealed FROM templates WHERE id = ?", (template,))
            for what, sealed in zip(("wrapped key", "sealed content"), row.fetchone(), strict=True):
                self.needles += canary.windows(f"an erased template's {what}", sealed)
        for path in (self.site.folder / "keys").glob("epoch-*"):
            self.needles += canary.windows("a destroyed epoch's wrapped secret", path.read_bytes())

    def learn_keys(self):
        root = (self.site.folder / "keys" / KEY_NAME).read_bytes()
        self.needles += canary.windows("the root key", root)
        for use in KeyUse:
            key = MasterKey(bytearray(root), Custody.FILE).derive(use)
            if use is not KeyUse.CHECK:  # kept in the database, to tell the right root key by
                self.needles += canary.windows(f"the key for {use.name}", key)

    @property
    def detectors(self):
        texts = [
            *(("what was typed", each) for each in TYPED),
            *(("what staff sign in with", each) for each in self.staff_words),
            *(("who lives here", each) for each in PEOPLE),
            *(("the number of a home", each) for each in (UNIT, OTHER_UNIT)),
        ]
        words = [needle for what, said in texts for needle in canary.text(what, said)]
        pictures = [needle for seed in (1, 2) for needle in canary.picture(noise(seed))]
        return Detectors(Search([*self.needles, *words, *pictures]), Roundings(self.embeddings))


def set_up(story):
    """Do what the operator does before face is offered, and move two residents in."""
    site = story.site
    site.command("notice", "publish", "--yes")
    moving = [
        (site.start("resident", "add", "--unit", unit), f"{name}\n{CONTACT}\n{card}\n")
        for unit, name, card in ((UNIT, NAME, CARD), (OTHER_UNIT, OTHER_NAME, OTHER_CARD))
    ]
    approve(site)
    for command, typed in moving:
        command.ends_well(typed)
    site.crash_while_asking("govern", "approve", asks="Name of who approves")
    with closing(open_store(read_settings(site.config))) as store:
        for unit, pin in ((UNIT, PIN), (OTHER_UNIT, OTHER_PIN)):  # too long to turn up by chance
            person = store.people.find_by_unit(unit).id
            store.credentials.issue_pin(person, pin, at=datetime.now(UTC))
        site.staff = colleague(store)
    story.staff_words = site.staff.typed
    story.learn_keys()


def colleague(store):
    """Set up a manager as a person would, and have them make a token for a program (R52)."""
    clock = TrustedClock(SystemClock(), store.clock)

    async def hashed(work):
        return work()

    accounts = open_accounts(store, clock, hashed, gate_id=GATE_ID, rp_id="localhost")
    code, _ = store.staff.codes.set_up_code(clock.now())
    password = f"{secrets.token_hex(4)} {secrets.token_hex(8)}"
    begun = asyncio.run(
        accounts.joining.set_up(code, "amsel", "Amsel", password, frozenset({Role.PRIVACY_OFFICER}))
    )
    ready = accounts.joining.confirm(begun.ticket, pyotp.TOTP(begun.secret).now())
    token = TokenDesk(store, clock).make(ready.staff, "Watcher", Role.MANAGER, 30)
    return Colleague("amsel", password, begun.secret, list(ready.recovery_codes), token.text)


def approve(site):
    paper = site.folder / "exports" / "assessment"
    site.command("govern", "assess", "--to", paper)
    sha256 = json.loads(paper.with_suffix(".json").read_text())["config_sha256"]
    site.command("govern", "approve", typed=f"Canary Approver\nmanager\n{sha256[:8]}\n")


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


def elsewhere():
    """Give what lies where programs leave things behind, apart from the folders of tests."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    kernels = [pattern.rpartition("/")[0]] if pattern.startswith("/") else []
    for folder in map(Path, ("/tmp", "/dev/shm", *CORE_FOLDERS, *kernels)):
        if folder.is_dir():
            yield from (
                path for path in folder.iterdir() if not path.name.startswith(("pytest-of-", "bash_jobs"))
            )


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


def traces(story):
    """Search everything once, what lies sealed in backups included."""
    detectors, folder = story.detectors, story.site.folder
    found = detectors.hits(folder)
    root = bytearray((folder / "keys" / KEY_NAME).read_bytes())
    for path in folder.rglob("*.gatebackup"):
        image = open_backup(path, MasterKey(root, Custody.FILE)).image
        assert image.startswith(b"SQLite format 3")
        found += [Hit(f"{path}!image", what) for what in detectors.found(image)]
    return [Hit(str(Path(each.place).relative_to(folder)), each.what) for each in found]
