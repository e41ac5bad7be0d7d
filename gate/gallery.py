"""Who may be matched: the templates whose consent holds now, handed to vision whenever that changes (R21)."""

from __future__ import annotations

import structlog

from gate.chores import unforeseen
from gate.errors import GateError
from gate.ports import ProtectedGallery, Vision
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock
from gate.upkeep import Upkeep

log = structlog.get_logger()

UNKNOWN = -1
"""Stands for the epoch until the templates were read: no epoch has this number, so they are read."""


class GalleryKeeper:
    """What vision may compare with. vision: None where face cannot be had."""

    def __init__(
        self,
        store: Store,
        clock: TrustedClock,
        upkeep: Upkeep,
        vision: Vision | None,
        *,
        templates_most: int,
        one_to_one: bool,
    ) -> None:
        """templates_most: what the operating point was validated for, as far as all are searched; not so *one_to_one*."""
        self._store = store
        self._clock = clock
        self._upkeep = upkeep
        self._vision = vision
        self._most = templates_most
        self._one_to_one = one_to_one
        self._count = 0
        self._stored = ""
        self._epoch = UNKNOWN

    @property
    def is_validated(self) -> bool:
        """Tell whether the operating point covers the comparisons made here."""
        return self._one_to_one or self._count <= self._most

    @property
    def has_moved(self) -> bool:
        """Tell whether the command line removed or restricted somebody, or changed the epoch."""
        return (self._store.templates.mark(), self._store.epochs.number) != (self._stored, self._epoch)

    def empty(self) -> None:
        """Let vision match nobody."""
        self._load(ProtectedGallery())

    def reload(self) -> None:
        """Give vision the templates of those whose consent holds now, and nobody else's (R21). Raises VaultError."""
        self._stored = ""
        if not self._upkeep.untampered:
            self.empty()
            return
        try:
            stored = self._store.templates.mark()
            gallery = self._store.templates.gallery(self._clock.now())
        except Exception as error:
            self.empty()  # who may still be matched is not known, so nobody is
            if isinstance(error, GateError):
                raise
            raise unforeseen() from error
        self._stored, self._epoch = stored, self._store.epochs.number
        for template in gallery.faulty:
            log.error("template_faulty", template=template, remedy="Withdraw and enrol that person anew.")
        self._count = len(gallery.templates)
        usable = gallery.templates if self.is_validated else ()
        self._load(ProtectedGallery(gallery.epoch, gallery.seed, usable))

    def _load(self, gallery: ProtectedGallery) -> None:
        if self._vision is not None:
            self._vision.load_gallery(gallery)
