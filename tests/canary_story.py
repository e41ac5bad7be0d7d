"""What is known of a gate whose traces are searched for: its secrets, its people, and what must not be found of them.

Whatever is secret is collected on the way, as only the holder of the key can (Story.needles).
"""

import asyncio
import json
import secrets
import shutil
import sqlite3
from contextlib import closing
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
from tests.canary import Detectors, Hit, Needle, Roundings, Search
from tests.canary_gate import GATE_ID, Colleague, Site


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
PEOPLE = (NAME, OTHER_NAME, CONTACT, WORDS)
TYPED = (PIN, OTHER_PIN, WRONG_PIN, f"{CARD}", f"{OTHER_CARD}")
CAPTURE_PATIENCE_S = 120.0
"""Three poses, on a machine that does much else."""
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


def elsewhere():
    """Give what lies where programs leave things behind, apart from the folders of tests."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    kernels = [pattern.rpartition("/")[0]] if pattern.startswith("/") else []
    for folder in map(Path, ("/tmp", "/dev/shm", *CORE_FOLDERS, *kernels)):
        if folder.is_dir():
            yield from (
                path for path in folder.iterdir() if not path.name.startswith(("pytest-of-", "bash_jobs"))
            )


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
