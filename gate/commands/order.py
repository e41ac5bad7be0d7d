"""``gate order``: a key that may give orders, orders signed with it, and orders sent. Needs no gate's settings and no store.

The key belongs to whoever gives orders, on a machine of theirs, and never to a gate, which knows only its public half.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gate.core.orders import (
    GATE,
    LIFETIME_MOST,
    ORDER_BYTES,
    Order,
    OrderKind,
    Refusal,
    Result,
    key_id,
    signed_bytes,
    spelled,
)
from gate.errors import RequestError

order = typer.Typer(no_args_is_help=True, help="Signed orders to a gate: a key, an order, and sending it.")

SECONDS: Final = 30
_MOST_BYTES: Final = 64 * 1024
_WHY: Final[Mapping[Refusal, str]] = MappingProxyType(
    {
        Refusal.RETAINED: "It was published with the retain flag: publish it without.",
        Refusal.SIZE: "It was altered on its way: send the file as it was signed.",
        Refusal.MALFORMED: "It was altered on its way: send the file as it was signed.",
        Refusal.TOO_MANY: "This key gave too many such orders within a minute: wait, then sign another.",
        Refusal.KEY_UNKNOWN: "The gate does not know this key: name its public half in commands.keys there.",
        Refusal.SIGNATURE: "The signature does not fit: sign it again with the right key.",
        Refusal.ADDRESS: "It is for another gate: sign it with that gate's id.",
        Refusal.NOT_ALLOWED: "The gate's settings do not allow this order (commands.allowed).",
        Refusal.CLOCK: "The gate's clock cannot be relied on: set it there, then gate clock accept.",
        Refusal.LIFETIME: "It would hold for longer than such an order may: sign it for fewer seconds.",
        Refusal.EARLY: "This machine's clock runs ahead of the gate's: set both by a time server.",
        Refusal.EXPIRED: "It came too late, or this machine's clock runs behind the gate's: sign another.",
        Refusal.OVERTAKEN: "A lockdown was begun or ended since it was signed: look, then sign another.",
        Refusal.REPLAYED: "It came before: each order is good once.",
        Refusal.OBSTACLE: "The door lets nobody in now: a lockdown, its hours, the other door, or a fault.",
        Refusal.UNANSWERED: "The door was asked and did not confirm: look at it before you try again.",
        Refusal.FAULT: "The gate could not write it down, so nothing was done: see its log.",
    }
)
_DONE: Final[Mapping[OrderKind, str]] = MappingProxyType(
    {
        OrderKind.LOCKDOWN: "Locked down: nobody is let in. Leaving is free.",
        OrderKind.END_LOCKDOWN: "The lockdown is over.",
        OrderKind.RELEASE: "The door was released once, and locks by itself.",
    }
)

KeyFile = Annotated[Path, typer.Option("--key", help="The key file that gate order key made.")]


@order.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="Where the key is kept: readable to you alone.")],
    *,
    seal: Annotated[bool, typer.Option("--seal", help="Ask for a passphrase that opens it.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Make none; print the public half of this one.")
    ] = False,
) -> None:
    """Make a key that signs orders, and print its public half for commands.keys in each gate's settings."""
    made = _read_key(file) if show else Ed25519PrivateKey.generate()
    if not show:
        _write_key(
            file,
            made,
            BestAvailableEncryption(_passphrase("New passphrase", twice=True)) if seal else NoEncryption(),
        )
    public = made.public_key().public_bytes_raw()
    typer.echo(public.hex())
    typer.echo(f"Audit logs call it key:{key_id(public)}.", err=True)
    if not (seal or show):
        typer.echo(f"Whoever copies {file} can give orders with it; --seal asks for a passphrase.", err=True)


@order.command("sign")
def sign(
    kind: Annotated[OrderKind, typer.Argument()],
    key_file: KeyFile,
    gate: Annotated[str, typer.Option(help="The id of the gate it is for.")],
    seconds: Annotated[
        int, typer.Option(help="For how long it holds; what opens a door: 60 at most.")
    ] = SECONDS,
) -> None:
    """Sign one order, good once and for these seconds, and write it to standard output."""
    most = int(LIFETIME_MOST[kind].total_seconds())
    if not 1 <= seconds <= most:
        raise RequestError(
            "order-lifetime",
            f"An order of this kind may hold for 1 to {most} seconds.",
            remedy="Give --seconds within that.",
        )
    if not GATE.fullmatch(gate):
        raise RequestError(
            "gate-id", "That is no gate's id.", remedy="Give it as site.gate_id in that gate's settings."
        )
    private = _read_key(key_file)
    now = datetime.now(UTC).replace(microsecond=0)
    whose = key_id(private.public_key().public_bytes_raw())
    asked = Order(gate, kind, whose, secrets.token_hex(16), now, now + timedelta(seconds=seconds))
    sys.stdout.buffer.write(spelled(asked, private.sign(signed_bytes(asked))))
    sys.stdout.buffer.flush()


@order.command("send")
def send(
    file: Annotated[str, typer.Argument(help="What gate order sign wrote, or - for standard input.")],
    host: Annotated[str, typer.Option(help="The broker.")],
    port: Annotated[int, typer.Option()] = 8883,
    ca_file: Annotated[
        Path | None, typer.Option("--ca", help="The authority that signed its certificate.")
    ] = None,
    username: Annotated[str | None, typer.Option(help="The account that may give orders.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file with its password.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="This account's certificate, where the broker asks for one.")
    ] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="The private key of that certificate.")] = None,
) -> None:
    """Send a signed order to its gate, wait for the answer and say it; ends with 1 where it was not obeyed."""
    from gate.core.orders import SignedOrder, read
    from gate.publish.link import BrokerSettings, TlsSettings  # slow to import: not for --help
    from gate.publish.order_call import send_order

    payload = _content(file)
    password = None if password_file is None else _text(password_file).strip()
    tls = None if ca_file is None else TlsSettings(ca_file, certificate, certificate_key)
    answer = send_order(BrokerSettings(host, port, username, password, tls), payload)
    found = read(payload)
    assert isinstance(found, SignedOrder)
    if answer.reason is None:
        unchanged = answer.result is Result.UNCHANGED
        typer.echo("It was so already." if unchanged else _DONE[found.order.kind])
        return
    typer.echo(f"Not done: {answer.reason.value}. {_WHY[answer.reason]}", err=True)
    raise typer.Exit(1)


def _content(file: str) -> bytes:
    """Read at most one byte more than an order has. Raises RequestError ``order-unreadable``."""
    if file == "-":
        return sys.stdin.buffer.read(ORDER_BYTES + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(ORDER_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error) from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(str(file), error) from error


def _unreadable(file: str, error: Exception) -> RequestError:
    why = error.strerror if isinstance(error, OSError) else "it is no text"
    return RequestError("order-unreadable", f"{file} cannot be read: {why}.", remedy="Name the right file.")


def _write_key(file: Path, private: Ed25519PrivateKey, sealing: KeySerializationEncryption) -> None:
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RequestError(
            "order-key-unwritable",
            f"{file} cannot be made: {error.strerror}.",
            remedy="Name a file that is not there yet, in a folder of yours; --show prints a key that is there.",
        ) from error
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(text)


def _read_key(file: Path) -> Ed25519PrivateKey:
    """Read a key file, asking for its passphrase where it has one. Raises RequestError."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES)
    except OSError as error:
        raise _unreadable(str(file), error) from error
    sealed = b"ENCRYPTED" in text
    try:
        private = load_pem_private_key(text, _passphrase("Passphrase") if sealed else None)
    except ValueError as error:
        what = "The passphrase does not open it." if sealed else f"{file} is no key file."
        raise RequestError("order-key-unfit", what, remedy="Name a file that gate order key made.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise RequestError(
            "order-key-unfit", f"{file} holds another kind of key.", remedy="Make one with gate order key."
        )
    return private


def _passphrase(what: str, *, twice: bool = False) -> bytes:
    """Ask without showing what is typed; standard output is kept for the answer. Raises Abort at the end of input."""
    typed: str = typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return typed.encode()
