"""``gate key``: where the root key lies, and a new passphrase for it. No key is ever shown."""

from __future__ import annotations

from dataclasses import replace

import typer

from gate.commands.asking import trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError, VaultError
from gate.settings import Settings, read_settings
from gate.store import Store
from gate.store.account.audit import Action, Actor
from gate.store.account.signing import fingerprint
from gate.store.keyring.custody import PASSPHRASE_NAME, KeyPlace, PassphraseCustodian, load_root
from gate.store.keyring.keyfiles import alone_in
from gate.store.keyring.keys import Custody

key = typer.Typer(no_args_is_help=True, help="The root key: who guards it, which epoch is in force.")

_MEANS = {
    Custody.FILE: "Held in a software file: whoever copies data_dir and keys_dir together can open everything, also what "
    "an older copy of both held. Better: tpm, credential or passphrase in storage.custody.",
    Custody.CREDENTIAL: "Handed over by systemd at each start. How well it is kept is up to the system: a credential "
    "sealed to this device's TPM opens nowhere else, one in a plain file opens wherever it is copied.",
    Custody.PASSPHRASE: "In a file that only the operator's passphrase opens; each start needs it. A copied card opens "
    "nothing without it; a passphrase that can be guessed does.",
    Custody.TPM: "Sealed in this device's TPM, to the state it boots in. A copied card opens nothing elsewhere, and no "
    "older copy brings an erased template back, not even here.",
}


@key.command("status")
def status(config: Config = DEFAULT_CONFIG) -> None:
    """Say who guards the root key and what that means, which epoch is in force, and the signing key's fingerprint."""
    settings = read_settings(config)
    _refuse_unmade(settings)
    store = _open(settings, _place(settings))
    try:
        typer.echo(f"custody      {store.custody}")
        typer.echo(f"epoch        {store.epochs.number}: {_epoch(store)}")
        typer.echo(f"fingerprint  {fingerprint(store.signer.public_key)}  (of the key this gate signs with)")
    finally:
        store.close()
    typer.echo(_MEANS[Custody(settings.storage.custody)])


@key.command("passphrase")
def passphrase(config: Config = DEFAULT_CONFIG) -> None:
    """Change the passphrase; the old one and the new one are asked for. The key itself stays, and so does all it seals."""
    settings = read_settings(config)
    _refuse_unmade(settings)
    place = _place(settings)
    if place.custody is not Custody.PASSPHRASE:
        raise RequestError(
            "no-passphrase",
            f"The root key of this gate has no passphrase: storage.custody is {place.custody}.",
            remedy="gate key status says who guards it.",
        )
    custodian = PassphraseCustodian(place)
    known = _asked_once(place, custodian)
    store = _open(settings, known)
    try:
        root = load_root(known, create=False)
        with alone_in(place.keys_dir, wait=True):
            custodian.change(root.secret)
        root.wipe()
        store.audit.write(Actor.INSTALLER, Action.PASSPHRASE_CHANGED, at=trusted_now(store))
    finally:
        store.close()
    typer.echo(
        "The passphrase is changed; the old one opens nothing any more, except an older copy of the key folder."
    )
    if custodian.is_handed_over:
        typer.echo(
            f"Now change the systemd credential {PASSPHRASE_NAME} as well: the next start takes it from there."
        )


def _asked_once(place: KeyPlace, custodian: PassphraseCustodian) -> KeyPlace:
    """Ask for the present passphrase now, unless systemd hands it over, and give a place that knows it."""
    if place.ask is None or custodian.is_handed_over:
        return place
    present = place.ask("Present passphrase")
    return replace(place, ask=lambda _question: present)


def _epoch(store: Store) -> str:
    try:
        store.epochs.current  # noqa: B018 - reading it is the question
    except VaultError as error:
        return str(error)
    waiting = "; a change is due, the running gate makes it within a minute" if store.rotation.due else ""
    return f"its secret is there{waiting}"


def _refuse_unmade(settings: Settings) -> None:
    if not Store.exists(settings.storage.data_dir):
        raise RequestError(
            "store-unmade", "There is no store yet, and so no key.", remedy="The first gate run makes both."
        )


def _place(settings: Settings) -> KeyPlace:
    from gate.keyplace import key_place  # slow to import: not for --help

    return key_place(settings)


def _open(settings: Settings, place: KeyPlace) -> Store:
    from gate.app import open_store

    return open_store(settings, place)
