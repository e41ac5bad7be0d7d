"""Every parser of what comes from outside, and the fuzz target that feeds it. Imports nothing of the product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """name: tests/fuzz/fuzz_NAME.py. parses: the files whose parsers it feeds. follow: further modules whose branches
    guide the fuzzer.
    """

    name: str
    parses: tuple[str, ...]
    follow: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"tests.fuzz.fuzz_{self.name}"

    @property
    def guided_by(self) -> list[str]:
        """Give the modules that are instrumented: what is parsed by, and *follow*."""
        return [path.removesuffix(".py").replace("/", ".") for path in self.parses] + list(self.follow)


TARGETS = (
    Target(
        "backups",
        (
            "gate/store/backup/archive.py",
            "gate/store/keyring/escrow.py",
            "gate/store/keyring/passphrase.py",
            "gate/store/keyring/tpm.py",
        ),
        ("json",),
    ),
    Target("forms", ("gate/web/gatekeeper.py", "gate/web/reading.py"), ("gate.web", "python_multipart")),
    Target(
        "frames",
        ("firmware_bridge/link/frames.py", "firmware_bridge/link/parsing.py", "firmware_bridge/mcu/wire.py"),
        ("firmware_bridge", "cobs"),
    ),
    Target("images", ("gate/vision/images.py", "gate/vision/camera.py")),
    Target("manifests", ("gate/vision/manifest.py", "gate/core/operating.py"), ("tomllib",)),
    Target("messages", ("gate/publish/messages.py", "gate/fleet/consume.py")),
    Target("notices", ("gate/core/notices.py", "gate/core/notice_lint.py")),
    Target(
        "orders",
        ("gate/core/orders.py", "gate/core/canonical.py", "gate/publish/orders.py"),
        ("json", "_strptime"),
    ),
    Target(
        "osdp", ("firmware_bridge/osdp/frames.py", "firmware_bridge/osdp/decode.py"), ("firmware_bridge",)
    ),
    Target(
        "receipts",
        (
            "gate/store/consent/receipts.py",
            "gate/store/account/signing.py",
            "gate/core/consent_record.py",
            "gate/calibrated.py",
        ),
        ("json", "_strptime"),
    ),
    Target("releases", ("gate/release/sealed.py", "gate/release/manifest.py"), ("tarfile", "gate.release")),
    Target("roster", ("gate/core/roster.py", "gate/core/cards.py", "gate/office/importing.py")),
    Target("settings", ("gate/settings.py", "gate/settings_devices.py"), ("tomllib",)),
    Target("tables", ("gate/vision/trials.py", "gate/commands/photographs.py"), ("csv",)),
    Target("typed", ("firmware_bridge/hid.py",)),
    Target("vision_wire", ("gate/vision/wire.py", "gate/core/policy.py"), ("json",)),
    Target("visit_codes", ("gate/core/visit_codes.py",), ("base64",)),
    Target("wiegand", ("firmware_bridge/wiegand.py",), ("firmware_bridge",)),
)
BY_NAME = {each.name: each for each in TARGETS}
