"""Programs that the documents call and that are not the project's: each with the reason it is not run by a test."""

from __future__ import annotations

from typing import Final

_ROOT = "changes the system, as root"
_HARDWARE = "needs the device it looks at"
_FLASHES = "writes to a board on a cable"

ELSEWHERE: Final = {
    "apt": _ROOT,
    "apt-get": _ROOT,
    "chown": _ROOT,
    "cp": "copies a file",
    "gpiodetect": _HARDWARE,
    "head": "shows the beginning of a file",
    "install": _ROOT,
    "journalctl": "reads the log of a system that systemd runs",
    "ls": "shows files",
    "make-site": "deploy/mosquitto/make-site on a broker's machine: tests/publish runs it",
    "mpremote": _FLASHES,
    "mv": "moves a file",
    "openssl": "makes the makers' keys: tests/deploy/test_clean_root.py does it",
    "pipx": "takes a program from the network",
    "rpicam-hello": _HARDWARE,
    "systemctl": _ROOT,
    "systemd-creds": _ROOT,
    "systemd-run": _ROOT,
    "systemd-sysusers": _ROOT,
    "systemd-tmpfiles": _ROOT,
    "test": "asks whether a file is there",
    "timedatectl": "shows the system's clock",
    "udevadm": _ROOT,
    "v4l2-ctl": _HARDWARE,
}
