"""The error tree. A stranger at the gate is no error: refusals are values with a reason."""

from __future__ import annotations


class GateError(Exception):
    """Something is wrong with the gate itself, and somebody can mend it.

    code: a stable identifier for logs and tests, such as ``"model-hash"``. what: one sentence that says what is
    wrong and where, without personal data. remedy: one sentence that says what to do. ``str()`` gives both.
    """

    exit_code = 1

    def __init__(self, code: str, what: str, *, remedy: str) -> None:
        super().__init__(code, what, remedy)
        self.code = code
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


class ConfigError(GateError):
    """A setting is unknown, missing or out of bounds. Raised at start-up only."""

    exit_code = 78  # EX_CONFIG: systemd's RestartPreventExitStatus stops a restart loop on it


class ModelError(GateError):
    """A model is missing, altered or gives an unusable result: face is off, card and PIN go on."""


class VaultError(GateError):
    """A sealed record, a key or the database cannot be used as it stands."""


class DeviceFault(GateError):
    """A camera, reader, door or the vision process does not do what it should."""


class RequestError(GateError):
    """A person or a program asked for something that cannot be done as asked."""
