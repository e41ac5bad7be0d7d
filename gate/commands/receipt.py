"""``gate receipt``: what a receipt attests, checked anywhere, without the gate that issued it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.core.consent_record import EventKind, Standing
from gate.core.receipt import ReceiptFacts
from gate.errors import RequestError

receipt = typer.Typer(no_args_is_help=True, help="Receipts of consents, checked offline.")

_MOST_BYTES = 64 * 1024
_FINGERPRINT_DIGITS = 32
_WHAT = {
    EventKind.GIVEN: "Consent to face was given, and one face template was taken live.",
    EventKind.RECONFIRMED: "Consent to face was given again under a new notice; the face template lives on.",
    EventKind.REFUSED: "Face was declined; nothing was taken.",
    EventKind.WITHDRAWN: "Consent to face was withdrawn, and the face template was destroyed.",
    EventKind.EXPIRED: "Consent to face ran out, and the face template was destroyed.",
    EventKind.INVALIDATED: "Consent to face ended, not by withdrawal; it carries no face any more.",
}
_BEFORE = {Standing.ASKED: "asked, not yet answered", Standing.GIVEN: "consent given"}


@receipt.callback()
def group() -> None:
    """Receipts of consents, checked offline."""


@receipt.command("verify")
def verify_receipt(
    file: Annotated[
        str, typer.Argument(help="The receipt's file, or - for standard input: JSON or QR text.")
    ],
    fingerprint: Annotated[
        str | None, typer.Option(help="Accept only the device with this fingerprint (gate key status).")
    ] = None,
) -> None:
    """Check a receipt and say in plain words what it attests. Needs no gate, no settings and no network."""
    from gate.store.consent.receipts import read

    wanted = None if fingerprint is None else _digits(fingerprint)
    facts = read(_content(file))
    if wanted is not None and _digits(facts.fingerprint) != wanted:
        raise RequestError(
            "signer-unknown",
            f"The receipt is whole, but the device with the fingerprint {facts.fingerprint} signed it.",
            remedy="Compare with the fingerprint that gate key status shows on the gate in question.",
        )
    typer.echo("The receipt is whole: not a word was changed since it was signed. It attests:")
    for name, value in _lines(facts):
        typer.echo(f"  {name:<11}{value}")
    if wanted is None:
        typer.echo(
            "Whose device that is, the receipt cannot tell: compare the fingerprint with the gate's own."
        )


def _lines(facts: ReceiptFacts) -> list[tuple[str, str]]:
    """Give what the receipt says, line by line."""
    lines = [
        ("what", _WHAT[facts.what]),
        ("when", f"{facts.at:%Y-%m-%d %H:%M:%S} UTC"),
        ("before", _BEFORE[facts.previous]),
    ]
    if facts.reason is not None:
        lines.append(("why", facts.reason.value.replace("-", " ")))
    if facts.erased:
        lines.append(("destroyed", f"{facts.erased} face template, with its key"))
    if facts.terms is not None:
        terms = facts.terms
        lines += [
            ("purpose", "opening this gate, and nothing else"),
            ("controller", terms.controller),
            ("kept", f"at most {terms.retention.days} days"),
            ("notice", f"version {terms.notice}, SHA-256 {terms.notice_sha256}"),
        ]
    return [
        *lines,
        ("record", facts.record),
        ("person", f"{facts.subject} (a random word; only the gate can tell whose)"),
        ("reference", facts.reference),
        ("signed by", f"the device with the fingerprint {facts.fingerprint}"),
    ]


def _content(file: str) -> bytes:
    """Read at most one byte more than a receipt can have. Raises RequestError ``receipt-unreadable``."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(_MOST_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RequestError(
            "receipt-unreadable",
            f"{file} cannot be read: {error.strerror}.",
            remedy="Name the receipt's file, or - and give it on standard input.",
        ) from error


def _digits(fingerprint: str) -> str:
    """Give a fingerprint without spaces and in lower case. Raises RequestError ``fingerprint-unfit``."""
    digits = "".join(fingerprint.split()).replace(":", "").lower()
    if len(digits) != _FINGERPRINT_DIGITS or set(digits) - set("0123456789abcdef"):
        raise RequestError(
            "fingerprint-unfit",
            "A fingerprint is 32 hexadecimal digits, in groups of four.",
            remedy="Copy it from gate key status.",
        )
    return digits
