"""The epoch: the secret that all templates of the moment are sealed and protected under, replaced at each erasure."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.errors import VaultError
from gate.store.keys import KeyUse, MasterKey
from gate.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's number, the vault of its templates, and the seed of their transform (32 bytes)."""

    number: int
    vault: Vault = field(repr=False)
    seed: bytes = field(repr=False)


class Epochs:
    """The epoch in force. Without its secret no template opens, and none can be written; cards and PINs go on."""

    def __init__(self, master: MasterKey, number: int) -> None:
        self._epoch: Epoch | None = Epoch(number, Vault(master.derive(KeyUse.BIOMETRIC)), bytes(32))

    @property
    def current(self) -> Epoch:
        """Give the epoch in force. Raises VaultError ``epoch-lost`` where its secret is gone."""
        if self._epoch is None:
            raise VaultError(
                "epoch-lost",
                "The secret of the face templates is gone; none of them can be opened.",
                remedy="Ask the residents to agree and enrol anew; cards and PINs work.",
            )
        return self._epoch
