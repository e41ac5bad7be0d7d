"""The only fake of ours: a vision process that says what a test wants. Everything else in the tests is the real thing."""

from gate.core.types import AttemptId, TemplateId


class FakeVision:
    """Meets ports.Vision: remembers what it was told, and is ready when the test says so."""

    def __init__(self) -> None:
        self.ready = True
        self.gallery: dict[TemplateId, bytes] = {}
        self.capturing: AttemptId | None = None
        self.enrolling = False
        self.told: list[str] = []
        self.accident: Exception | None = None

    def load_gallery(self, templates) -> None:
        self.gallery = dict(templates)

    def open_camera(self, attempt, *, enrol=False) -> None:
        self.capturing, self.enrolling = attempt, enrol
        self.told.append("open")
        if self.accident is not None:
            raise self.accident

    def close_camera(self) -> None:
        self.capturing = None
        self.told.append("close")

    def forget(self) -> None:
        self.told.append("forget")
