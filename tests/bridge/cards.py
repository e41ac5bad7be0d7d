"""A PC/SC service of the tests' own, with a virtual reader and a virtual card: pcscd and vsmartcard-vpcd, both real."""

import atexit
import functools
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READER = "Virtual PCD 00 00"
START_S = 10.0
ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")  # PC/SC part 3, 3.1.3.2.3: MIFARE Classic 1K
OFF, ON, RESET, GET_ATR = 0, 1, 2, 4


def need_pcsc():
    """Skip, with the reason, where there is no virtual reader; in CI that is a failure."""
    missing = [] if shutil.which("pcscd") else ["pcscd (apt)"]
    if not DRIVER.exists():
        missing.append("vsmartcard-vpcd (apt)")
    try:
        import smartcard.scard  # noqa: F401
    except ImportError:
        missing.append("pyscard (requirements-readers.lock, needs libpcsclite-dev and swig)")
    if not missing and subprocess.run([*_apart(), "true"], capture_output=True, check=False).returncode:
        missing.append("a mount namespace (run as root)")
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI can have a virtual card reader, and has not: {missing}. Run make test.")
    if missing:
        pytest.skip(f"not here: {missing}")


def _apart():
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


class Service:
    """pcscd with one virtual reader. It believes its socket to be in /run/pcscd, and touches nothing of the system's."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="pcsc-", dir="/tmp"))
        self.port = _free_port()
        self._process = None
        (self._folder / "run").mkdir()
        (self._folder / "readers").mkdir()
        (self._folder / "readers" / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{self.port:#06x}\n'
            f"LIBPATH {DRIVER}\nCHANNELID {self.port:#06x}\n"
        )
        # The client's library reads this once in a process: so there is one service for each process.
        os.environ["PCSCLITE_CSOCK_NAME"] = str(self._folder / "run" / "pcscd.comm")

    def start(self):
        if self._process is not None:
            return
        inside = (
            "mount -t tmpfs tmpfs /mnt && mkdir /mnt/pcscd && mount --bind $0/run /mnt/pcscd && mount --rbind /mnt /run"
            " && exec pcscd --foreground --config $0/readers"
        )
        self._process = subprocess.Popen(
            [*_apart(), "sh", "-c", inside, str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_S
        while READER not in self.readers():
            assert self._process.poll() is None, "pcscd ended"
            assert time.monotonic() < until, "pcscd shows no reader"
            time.sleep(0.02)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def freeze(self):
        """Have it hang: it takes calls, and answers none."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Have it go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self):
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def readers():
        from smartcard import scard

        code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code:
            return []
        code, names = scard.SCardListReaders(context, [])
        scard.SCardReleaseContext(context)
        return [] if code else names


@functools.cache
def service():
    """The one service of this process."""
    made = Service()
    atexit.register(made.end)
    return made


class VirtualCard:
    """A card at the virtual reader while the block runs: answers GET_UID as it is told, and nothing else."""

    def __init__(self, port, answer):
        self._answer = answer
        until = time.monotonic() + START_S
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=START_S)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < until, "the virtual reader does not listen"
                time.sleep(0.02)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while message := self._message():
            if len(message) > 1:
                asked = message == bytes.fromhex("FFCA000000")
                self._send(self._answer if asked else b"\x6d\x00")
            elif message[0] == GET_ATR:
                self._send(ATR)

    def _message(self):
        head = self._exactly(2)
        return self._exactly(struct.unpack(">H", head)[0]) if head else b""

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self._socket.recv(count - len(data))
            except OSError:
                return b""
            if not more:
                return b""
            data += more
        return data

    def _send(self, data):
        try:
            self._socket.sendall(struct.pack(">H", len(data)) + data)
        except OSError:
            return


def _free_port():
    """A port whose next one is free too: the virtual reader has two slots."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
