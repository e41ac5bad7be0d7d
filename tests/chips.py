"""A real TPM 2.0 in software, one that a test may clear, lock, extend and switch off."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.store.keyring.custody import Tpm

START_S = 10.0


@dataclass
class Chip:
    """One software TPM. Its state lies in a folder, as a chip's lies in the chip."""

    folder: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def tpm(self) -> Tpm:
        return Tpm(f"swtpm:port={self.port}")

    def start(self) -> None:
        """Switch the device on: registers are zero again, what is sealed is still there."""
        server, control = (f"type=tcp,port={port},bindaddr=127.0.0.1" for port in (self.port, self.port + 1))
        self.process = subprocess.Popen(
            [
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}"),
                *("--server", server, "--ctrl", control, "--flags", "not-need-init,startup-clear"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_S
        while not _answers(self.port):
            assert self.process.poll() is None, "swtpm ended"
            assert time.monotonic() < until, "swtpm does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    @contextmanager
    def esapi(self):
        """Use the chip as its owner could."""
        from tpm2_pytss import ESAPI

        with ESAPI(self.tpm.tcti) as esapi:
            yield esapi

    def extend(self, register: int) -> None:
        """Let another boot be measured."""
        from tpm2_pytss import ESYS_TR, TPM2_ALG, TPML_DIGEST_VALUES, TPMT_HA, TPMU_HA

        with self.esapi() as esapi:
            measured = TPMT_HA(hashAlg=TPM2_ALG.SHA256, digest=TPMU_HA(sha256=b"x" * 32))
            esapi.pcr_extend(ESYS_TR(register), TPML_DIGEST_VALUES([measured]))

    def clear(self) -> None:
        """Clear the chip, as its firmware menu offers."""
        from tpm2_pytss import ESYS_TR

        with self.esapi() as esapi:
            esapi.clear(ESYS_TR.LOCKOUT)

    def set_owner_password(self, was: str, password: str) -> None:
        from tpm2_pytss import ESYS_TR

        with self.esapi() as esapi:
            esapi.tr_set_auth(ESYS_TR.OWNER, was)
            esapi.hierarchy_change_auth(ESYS_TR.OWNER, password)


def need_chip() -> None:
    """Skip, with the reason, where there is no software TPM; in CI that is a failure."""
    missing = [] if shutil.which("swtpm") else ["swtpm (apt)"]
    try:
        import tpm2_pytss  # noqa: F401
    except ImportError:
        missing.append("tpm2-pytss (requirements-tpm.lock, needs libtss2-dev)")
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI can have a software TPM, and has not: {missing}. Run make test.")
    if missing:
        pytest.skip(f"not installed: {missing}")


@contextmanager
def chip(folder: Path):
    """Make a chip and switch it on while the block runs."""
    folder.mkdir(parents=True)
    made = Chip(folder.resolve(), _two_free_ports())
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _two_free_ports() -> int:
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two free ports beside each other")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
