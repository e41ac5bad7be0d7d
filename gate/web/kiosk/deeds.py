"""What a press on the gate's screen does, and the same by the keypad's keys where the screen cannot be touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.types import AttemptId, Method, NoticeVersion, Seconds, Sign
from gate.web.context import WebContext
from gate.web.languages import LANGUAGES
from gate.web.screen import KioskScreen

READ_FIRST_S: Final[Seconds] = 1.0
"""A key pressed for the view before must not choose on this one: what is chosen was read first (R10)."""


class Deeds:
    """Everything that can be done at one screen. Whatever does not fit what stands there does nothing."""

    def __init__(self, context: WebContext, screen: KioskScreen) -> None:
        self._context = context
        self._screen = screen

    def start(self) -> None:
        """Begin a visit."""
        self._context.post(on.Presence(self._context.new_attempt()))

    def notice_shown(self, attempt: str, notice: str, page: str) -> None:
        """Confirm a notice, if it is the one on the gate's screen, nothing before it, and that can be seen (R10)."""
        shown = self._screen.shown
        view = shown.view
        is_shown = isinstance(view, do.ShowNotice) and (view.attempt, view.notice) == (attempt, notice)
        if is_shown and shown.over is None and self._screen.is_seen_on(page):
            self._context.post(on.NoticeShown(AttemptId(attempt), NoticeVersion(notice)))

    def change_language(self, language: str) -> None:
        """Change the language; a notice begins again, for its minimum time is for reading it.

        One that followed a card begins again with the card: nobody else may go on from there.
        """
        view = self._screen.shown.view
        if isinstance(view, do.ShowNotice):
            self._screen.restart(language)
            self._context.post(on.Cancelled(view.attempt))
            if not view.second:
                self.start()
        else:
            self._screen.speak(language)

    def choose(self, attempt: AttemptId, method: Method | None) -> None:
        """Go on with a method, or back to the choice without one. Only face needs the gate to do anything."""
        if self._screen.choose(attempt, method) and method is Method.FACE:
            self._context.post(on.FaceChosen(attempt))

    def cancel(self, attempt: AttemptId) -> None:
        """Let go of the attempt."""
        self._context.post(on.Cancelled(attempt))

    def read_again(self, attempt: AttemptId) -> None:
        """Show the notice once more."""
        self._context.post(on.ReadAgain(attempt))

    def more_time(self, attempt: AttemptId) -> None:
        """Give the person more time."""
        self._context.post(on.MoreTime(attempt))

    def withdraw(self, attempt: AttemptId | None) -> None:
        """Ask for a card or PIN, from rest or in place of the choice of *attempt* (R24)."""
        if self._screen.shown.over is not None:
            self._screen.uncover()
        self._context.post(on.WithdrawalChosen(attempt or self._context.new_attempt()))

    def confirm_withdrawal(self, attempt: AttemptId) -> None:
        """Delete the face of the person who was asked."""
        self._context.post(on.WithdrawalConfirmed(attempt))

    def call_help(self) -> None:
        """Call somebody to the gate; whatever stands there goes on (R74)."""
        if self._context.kiosk.help_line is not None:
            self._context.kiosk.help_line.call()
            self._screen.tell()

    def show_own_code(self) -> None:
        """Show a code for somebody's own telephone, where nobody is being served."""
        codes = self._context.kiosk.codes
        rests = isinstance(self._screen.shown.view, do.ClearScreen)
        if codes is not None and self._context.offers_own_code and rests:
            self._screen.show_code(codes.issue())

    def open_pad(self) -> None:
        """Put the keys on the screen, at every moment at which a unit and PIN are taken (R02).

        They end a notice that is being read and a face attempt, as the keypad's entry would; after a first factor its
        own second is asked for instead.
        """
        view = self._screen.shown.view
        match view:
            case do.ClearScreen() | do.AskCredential():
                self._screen.open_pad()
            case do.OfferMethods(attempt):
                self._screen.choose(attempt, Method.PIN)
            case do.ShowNotice(attempt, second=False) | do.Guide(attempt) if not self._context.two_factors:
                self._screen.open_pad()
                self._context.post(on.Cancelled(attempt))
            case _:
                pass

    def press(self, key: str) -> None:
        """Press one of the screen's keys; a whole entry goes the way of the keypad's. Who types is not timed out."""
        entry = self._screen.press(key)
        shown = self._screen.shown
        if entry is not None:
            self._context.post(on.CredentialPresented(self._context.new_attempt(), entry))
        elif (
            shown.span_s is not None and shown.attempt is not None and self._screen.stood_s > shown.span_s / 2
        ):
            self._context.post(on.MoreTime(shown.attempt))

    def heed(self, sign: Sign) -> None:
        """Do what the keypad's keys ask for."""
        acts: Mapping[Sign, Callable[[], None]] = {
            Sign.GO: self._go,
            Sign.OTHER: self._other,
            Sign.WITHDRAW: self._withdraw,
            Sign.OWN_CODE: self.show_own_code,
            Sign.SPEAK: self._screen.read_aloud,
            Sign.HELP: self.call_help,
            Sign.MORE_TIME: self._more_time,
        }
        acts[sign]()

    def _go(self) -> None:
        """Begin; choose face where it is offered, or say yes, once that was there to be read."""
        was_read = self._screen.stood_s >= READ_FIRST_S
        match self._screen.shown.view:
            case do.ClearScreen():
                if self._screen.shown.over is not None:
                    self._screen.uncover()
                self.start()
            case do.OfferMethods(attempt) | do.AskSecond(attempt) if was_read:
                self.choose(attempt, Method.FACE)
            case do.ConfirmWithdrawal(attempt) if was_read:
                self.confirm_withdrawal(attempt)
            case _:
                pass

    def _other(self) -> None:
        """Say no where that is asked, else turn to the next language."""
        shown = self._screen.shown
        if isinstance(shown.view, do.ConfirmWithdrawal):
            self.cancel(shown.view.attempt)
            return
        tags = list(LANGUAGES)
        self.change_language(tags[(tags.index(shown.language) + 1) % len(tags)])

    def _withdraw(self) -> None:
        view = self._screen.shown.view
        self.withdraw(view.attempt if isinstance(view, do.OfferMethods) else None)

    def _more_time(self) -> None:
        if (attempt := self._screen.shown.attempt) is not None:
            self.more_time(attempt)
