"""Whole devices for backup, restore and reset: a data folder, a key folder, a medium for backups."""

import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.store.backup.backups import Made
from gate.store.backup.opening import choose
from gate.store.backup.restore import Restored, Site, restore
from gate.store.keyring.custody import KeyPlace, load_root
from gate.store.keyring.escrow import EpochSecret
from gate.store.keyring.keys import Custody, MasterKey
from tests.consents import AT_DESK, TERMS, give
from tests.notices import publish_notice
from tests.stores import open_in

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODEL = "a" * 64


def renewed(_old, _new, templates):
    """Stand for vision's renewal: what a template looks like does not matter here."""
    return list(templates)


@dataclass
class Device:
    """One gate's folders under *home*."""

    home: Path
    custody: Custody = Custody.FILE
    credentials: Path | None = None
    changes: dict = field(default_factory=dict)

    def __post_init__(self):
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.data, self.keys = self.home / "data", self.home / "keys"

    def copied_to(self, home: Path):
        """Give the same gate elsewhere, byte for byte."""
        shutil.copytree(self.home, home)
        return replace(self, home=home)

    @property
    def place(self):
        ask = None if self.custody is not Custody.PASSPHRASE else lambda _question: "correct horse battery"
        return replace(KeyPlace(self.custody, self.keys, self.credentials, ask), **self.changes)

    @property
    def site(self):
        return Site(self.data, self.place, "north", TERMS, MODEL)

    @contextmanager
    def store(self):
        place = self.place
        store = open_in(
            self.home,
            credentials_dir=place.credentials_dir,
            custody=place.custody,
            ask=place.ask,
            tpm=place.tpm,
        )
        try:
            if store.notices.newest_number is None:
                publish_notice(store, NOON)
            yield store
        finally:
            store.close()

    def root(self) -> MasterKey:
        return load_root(self.place, create=False)

    def add(self, unit="301", card="26:1"):
        """Move somebody in with a card; face is theirs to ask for."""
        with self.store() as store:
            person = store.people.add(unit, f"Name {unit}", "")
            store.credentials.issue_card(person, card, at=NOON)
            return person

    def enrol(self, person, template=bytes(512)):
        with self.store() as store:
            return give(store, person, at=NOON, template=template)

    def withdraw(self, person, at=NOON + HOUR):
        """Withdraw as the running gate does: the epoch is renewed after it."""
        with self.store() as store:
            store.consents.withdraw(person, at=at, by=AT_DESK)
            store.rotation.rotate_now(renewed, at)

    def back_up(self, folder: Path, at=NOON) -> Made:
        with self.store() as store:
            return store.backups.make(folder, at=at, epoch=EpochSecret(*store.epochs.escrow()))

    def restore(self, source: Path, root: MasterKey | None = None, *, at=NOON + 24 * HOUR, **how) -> Restored:
        """Restore with the device's own key, or with *root* from elsewhere, which the device then keeps."""
        master = root or self.root()
        how = {"keep_root": root is not None} | how
        return restore(choose(source, master), self.site, master, at=at, **how)

    def faces(self):
        """Give the templates that the matcher would be given, by their bytes."""
        with self.store() as store:
            with suppress(Exception):
                return {template for _, template in store.templates.gallery(NOON + 25 * HOUR).templates}
            return set()

    def card_opens(self, card="26:1"):
        with self.store() as store:
            return store.credentials.check_card(card, NOON + 25 * HOUR).granted


def files_in(*folders: Path) -> dict[Path, bytes]:
    """Give every file under *folders* with its bytes, locks left out."""
    return {
        path: path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"in-use", "backing-up"}
    }
