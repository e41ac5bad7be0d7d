"""A broker as a site has it: made by ``deploy/mosquitto/make-site``, run by a real mosquitto."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path

from gate.publish.link import BrokerSettings, TlsSettings
from tests.brokers import Mosquitto, free_port, require_mosquitto, running

MAKE_SITE = Path(__file__).parents[2] / "deploy" / "mosquitto" / "make-site"


def make_site(*words, check=True, **more):
    require_mosquitto()
    return subprocess.run(
        [MAKE_SITE, *words], check=check, capture_output=True, text=True, timeout=60, **more
    )


def made(folder, *options, accounts=("gate north", "gate south", "receiver")):
    make_site("new", folder, "--port", str(free_port()), *options, "localhost")
    for account in accounts:
        make_site("add", folder, *account.split())
    return folder


@contextmanager
def served(folder):
    """Run a broker on what is in *folder*."""
    place = folder.parent / f"{folder.name}-at-work"
    place.mkdir()
    config = (folder / "mosquitto.conf").read_text(encoding="utf-8")
    shipped = config.replace("/var/lib/mosquitto/", f"{place}/")
    port = (folder / "port").read_text(encoding="ascii").strip()
    with running(
        Mosquitto(place, shipped.replace(f"listener {port}", f"listener {port} localhost"))
    ) as broker:
        yield broker


def login(folder, account, *, certificate=False):
    """What the device of *account* is set to, from the files it was handed."""
    bundle = folder / "accounts" / account
    own = (bundle / "account.crt", bundle / "account.key") if certificate else (None, None)
    return BrokerSettings(
        "localhost",
        int((folder / "port").read_text(encoding="ascii")),
        account,
        (bundle / "broker-password").read_text(encoding="ascii").strip(),
        TlsSettings(bundle / "broker-ca.crt", *own),
    )
