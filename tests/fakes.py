"""The only fake of ours: a vision process that says what a test wants. Everything else in the tests is the real thing."""

from gate.core.liveness import Challenge, Level
from gate.core.types import AttemptId, TemplateId
from gate.ports import ProtectedGallery


class FakeVision:
    """Meets ports.Vision: remembers what it was told, and is ready when the test says so."""

    def __init__(self) -> None:
        self.ready = True
        self.loaded = ProtectedGallery()
        self.capturing: AttemptId | None = None
        self.enrolling = False
        self.only: tuple[TemplateId, ...] = ()
        self.own: tuple[TemplateId, ...] = ()
        self.liveness: Level | None = None
        self.asked: list[Challenge] = []
        self.told: list[str] = []
        self.accident: Exception | None = None

    @property
    def gallery(self) -> dict[TemplateId, bytes]:
        return dict(self.loaded.templates)

    @property
    def epoch(self) -> int:
        return self.loaded.epoch

    @property
    def seed(self) -> bytes:
        return self.loaded.seed

    def load_gallery(self, gallery: ProtectedGallery) -> None:
        self.loaded = gallery

    def open_camera(self, attempt, *, enrol=False, only=(), own=(), liveness=None) -> None:
        self.capturing, self.enrolling, self.only, self.own = attempt, enrol, only, own
        self.liveness = liveness
        self.told.append("open")
        if self.accident is not None:
            raise self.accident

    def ask(self, attempt: AttemptId, challenge: Challenge) -> None:
        assert attempt == self.capturing
        self.asked.append(challenge)

    def close_camera(self) -> None:
        self.capturing = None
        self.told.append("close")

    def forget(self) -> None:
        self.told.append("forget")
