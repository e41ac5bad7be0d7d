"""What stands on the gate's screen: for each view its template with its values, and what a page changes in place."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import assert_never
from urllib.parse import urlencode

from gate.core import effects as do
from gate.core.liveness import Challenge
from gate.core.notices import Form as NoticeForm
from gate.core.policy import FacePlace
from gate.core.types import Method, WithdrawalOutcome
from gate.web.context import WebContext
from gate.web.kiosk.keypad import Pad, PadFault
from gate.web.pages import Pages
from gate.web.qr import qr_svg
from gate.web.screen import KioskScreen, OwnCode, Shown
from gate.web.transport import Transport, site_address
from gate.web.words import (
    CHALLENGES,
    CHECKING,
    CHOSEN,
    HINTS,
    METHODS,
    RESULTS,
    SECOND,
    SHUT,
    STANDSTILLS,
    WITHDRAWALS,
)

IN_ORDER = (Method.CARD, Method.PIN, Method.FACE)
"""The order on the screen: equal in size and weight, and the first focus is never on face (R03)."""

Values = dict[str, object]

_code_of = lru_cache(maxsize=4)(qr_svg)
"""The same address is drawn again and again, on the door's own loop."""


def fragment(context: WebContext, screen: KioskScreen, pages: Pages) -> str:
    """Draw what stands on the screen now."""
    shown, parts = screen.shown, context.kiosk
    template, values = _drawn(context, shown)
    if template in {"rest", "notice"}:
        values |= {"notice_code": _notice_code(context)}
    common: Values = {
        "touch": parts.touch,
        "speaks": parts.voice is not None,
        "helps": parts.help_line is not None,
        "contact": context.contact,
        "left_s": screen.left_s,
        "span_s": shown.span_s,
        "waits_for": shown.attempt if shown.span_s is not None else None,
        "two_factors": context.two_factors,
        "said_aside": aside(context, screen, pages),
    }
    return pages.render(f"kiosk/{template}.html", shown.language, **common | values)


def live(context: WebContext, screen: KioskScreen, pages: Pages) -> Values:
    """Give what a page changes in what it has drawn: nothing of it is a reason to draw anew, or to be read out twice.

    place: of the silhouette, as x, y and height from 0 to 1 as in a mirror. typed: the unit's digits, or a dot for each
    digit of a PIN.
    """
    shown = screen.shown
    place = shown.view.place if isinstance(shown.view, do.Guide) else None
    pad = shown.over if isinstance(shown.over, Pad) else None
    return {
        "aside": aside(context, screen, pages),
        "left_s": screen.left_s,
        "place": _mirrored(place),
        "typed": None if pad is None else _typed(pad),
        "spoken": shown.spoken,
    }


def aside(context: WebContext, screen: KioskScreen, pages: Pages) -> str:
    """Give what is said beside the view: that help was called, that somebody else was refused; empty for neither."""
    shown, line = screen.shown, context.kiosk.help_line
    called = line is not None and line.called
    if not called and shown.refused is None:
        return ""
    return pages.render(
        "kiosk/aside.html",
        shown.language,
        called=called,
        contact=context.contact,
        refused=shown.refused is not None,
    ).strip()


def _notice_code(context: WebContext) -> str:
    """Give the QR code of the notice (R13): at its public address, else where telephones reach this gate, else none."""
    address = notice_address(context)
    return _code_of(address) if context.notice and address else ""


def notice_address(context: WebContext) -> str:
    """Give where a telephone finds the notice, empty where it finds none."""
    site = site_address(context.transport)
    return context.public_url or (f"{site}/notice" if site else "")


def _mirrored(place: FacePlace | None) -> tuple[float, float, float] | None:
    return None if place is None else (1.0 - place.x, place.y, place.height)


def _typed(pad: Pad) -> str:
    return "\u2022" * len(pad.pin) if pad.asks_pin else pad.unit


def _drawn(context: WebContext, shown: Shown) -> tuple[str, Values]:
    """Give the template of what is shown, and its values."""
    match shown.over:
        case Pad() as pad:
            return _pad_model(shown, pad)
        case OwnCode(code):
            return "own_code", _code_model(context, code)
        case None:
            return _view_model(context, shown)


def _view_model(context: WebContext, shown: Shown) -> tuple[str, Values]:
    match shown.view:
        case do.ClearScreen(standstill):
            return "rest", _rest_model(context, standstill)
        case do.ShowNotice() as view:
            return "notice", _notice_model(context, view, shown.language)
        case do.OfferMethods() | do.AskSecond() as view:
            return _choice_model(context, view, shown.chosen)
        case do.Guide(attempt, challenge=Challenge() as challenge):
            return "challenge", {
                "attempt": attempt,
                "words": CHALLENGES[challenge],
                "movement": challenge.value,
            }
        case do.Guide(attempt, hint, place):
            words = HINTS[hint]
            return "guide", {"attempt": attempt, "words": words, "hint": hint, "place": _mirrored(place)}
        case do.ShowChecking(_, method):
            return "checking", {"method": method, "title": CHECKING[method]}
        case do.ShowResult(_, granted, reason, lost):
            words = STANDSTILLS[do.Standstill.DOOR_LOST] if lost else RESULTS[reason]
            return "result", {"granted": granted, "words": words, "shut": lost or reason in SHUT}
        case _:
            return _withdrawal_model(shown.view)


def _rest_model(context: WebContext, standstill: do.Standstill | None) -> Values:
    """Give the resting screen: what the gate stands still for, and whether keys on the screen open it all the same."""
    keys_open = standstill is None or (
        standstill is do.Standstill.READER_LOST and context.kiosk.touch and not context.two_factors
    )
    words = STANDSTILLS[standstill] if standstill else None
    heard = standstill is not do.Standstill.READER_LOST
    own = context.offers_own_code
    return {"own_codes": own, "still": words, "keys_open": keys_open, "keys_heard": heard}


def _notice_model(context: WebContext, view: do.ShowNotice, language: str) -> Values:
    published = context.notices.version(view.notice)
    text = published.texts[language, NoticeForm.SHORT] if published else ""
    heading, *lines = text.splitlines() or [""]
    return {
        "attempt": view.attempt,
        "version": view.notice,
        "heading": heading,
        "lines": lines,
        "seconds": math.ceil(context.notice_minimum_s),
        "second": view.second,
    }


def _choice_model(
    context: WebContext, view: do.OfferMethods | do.AskSecond, chosen: Method | None
) -> tuple[str, Values]:
    """Give the ways to begin, or to go on after a first step, as equals; and one alone as if it were chosen."""
    offer = view if isinstance(view, do.OfferMethods) else None
    alone = view.methods[0] if len(view.methods) == 1 else None
    method = chosen or alone
    if method is Method.FACE:
        being: Values = {"attempt": view.attempt, "words": CHOSEN[method], "hint": None, "place": None}
        return "guide", being | {"waits_for": None, "left_s": None}
    if method is not None:
        words = CHOSEN[method] if offer else SECOND[method]
        values: Values = {"attempt": view.attempt, "method": method, "words": words, "back": alone is None}
        return "chosen", values
    return "choices", {
        "attempt": view.attempt,
        "tiles": [(method, METHODS[method]) for method in IN_ORDER if method in view.methods],
        "with_face": Method.FACE in view.methods,
        "second": offer is None,
        "scanner": context.scanner,
    }


def _pad_model(shown: Shown, pad: Pad) -> tuple[str, Values]:
    view = shown.view
    only = isinstance(view, do.AskSecond) and len(view.methods) == 1
    return "pad", {
        "alone": pad.alone,
        "asks_pin": pad.asks_pin,
        "typed": _typed(pad),
        "no_unit": pad.fault is PadFault.NO_UNIT,
        "pin_short": pad.fault is PadFault.PIN_SHORT,
        "withdraws": isinstance(view, do.AskCredential),
        "back": not only,
        "attempt": shown.attempt,
    }


def _code_model(context: WebContext, code: str) -> Values:
    site = own_page(context.transport)
    return {
        "code": code,
        "site": site,
        "here": f"https://localhost:{context.transport.port}/me",
        "address": qr_svg(f"{site}?{urlencode({'code': code})}") if site else "",
    }


def own_page(transport: Transport) -> str | None:
    """Give where people's own telephones find their page, None where they cannot reach this gate."""
    site = site_address(transport)
    return f"{site}/me" if site else None


def _withdrawal_model(
    view: do.AskCredential | do.ConfirmWithdrawal | do.ShowWithdrawn,
) -> tuple[str, Values]:
    match view:
        case do.AskCredential(attempt, opens):
            return "withdraw", {"attempt": attempt, "opens": opens}
        case do.ConfirmWithdrawal(attempt, door):
            return "confirm", {"attempt": attempt, "door": door}
        case do.ShowWithdrawn(attempt, outcome, reference, receipt):
            return "withdrawn", {
                "attempt": attempt,
                "failed": outcome is WithdrawalOutcome.FAILED,
                "words": WITHDRAWALS[outcome],
                "reference": reference,
                "code": qr_svg(receipt) if receipt else "",
            }
        case _:
            assert_never(view)
