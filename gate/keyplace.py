"""Where this gate's keys are, as its settings say."""

from __future__ import annotations

import sys
from getpass import getpass

from gate.settings import Settings, credentials_dir
from gate.store.keyring.custody import KeyPlace, Tpm
from gate.store.keyring.keys import Custody


def key_place(settings: Settings) -> KeyPlace:
    """Give the place of the keys; a passphrase is asked for only where somebody sits at a terminal."""
    storage = settings.storage
    return KeyPlace(
        custody=Custody(storage.custody),
        keys_dir=storage.keys_dir,
        credentials_dir=credentials_dir(),
        ask=(lambda question: getpass(f"{question}: ")) if sys.stdin.isatty() else None,
        tpm=Tpm(storage.tpm_tcti, storage.tpm_pcrs),
    )
