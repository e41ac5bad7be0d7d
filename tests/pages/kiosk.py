"""The gate's screen as a visitor uses it: by what is shown and pressed, whatever its words are."""

from __future__ import annotations

from contextlib import contextmanager

from playwright.sync_api import expect

from tests.pages.browsing import PANEL


class Kiosk:
    """One open screen."""

    def __init__(self, page, language) -> None:
        self.page = page
        self._language = language

    def rests(self, patience_ms=20_000) -> None:
        """Wait until nobody is served."""
        self.page.locator(".stage.rest").wait_for(timeout=patience_ms)

    def greet(self) -> None:
        """Wait until nobody is served, and take one's language: each visitor finds the gate's own first."""
        self.rests()
        if self.page.locator("html").get_attribute("lang") != self._language:
            self.page.locator(f'button[name="language"][value="{self._language}"]').click()
        expect(self.page.locator("html")).to_have_attribute("lang", self._language)

    def begin(self) -> None:
        """Touch Start."""
        self.greet()
        self.page.locator('form[action="/kiosk/start"] button').click()

    def begin_with_face(self, tries=40) -> None:
        """Touch Start until face is on offer.

        A page that is slow to show its notice is offered card and PIN alone, and after a withdrawal the change of the
        templates' key takes the camera for some seconds.
        """
        for _ in range(tries):
            self.begin()
            self.page.locator("#notice, .tile").first.wait_for()
            if self.page.locator("#notice").count():
                return
            self.done()
        raise AssertionError("face was never offered")

    def notice(self) -> None:
        """Wait for the notice."""
        self.page.locator("#notice").wait_for()

    def choose(self, method: str) -> None:
        """Wait for the choice and touch one."""
        self.page.locator(f'.tile[value="{method}"]').click()

    def granted(self) -> None:
        """Wait until it says that the door is open."""
        self.page.locator(".stage.granted").wait_for()

    def refused(self) -> None:
        """Wait until it says that the door stays shut."""
        self.page.locator(".stage.refused").wait_for()

    def withdraw(self) -> None:
        """Touch "withdraw face"."""
        self.greet()
        self.page.locator('form[action="/kiosk/withdraw"] button').click()

    def confirm(self) -> None:
        """Say yes to the one question."""
        self.page.locator('form[action="/kiosk/withdraw/confirm"] button').click()

    def done(self) -> None:
        """Touch what leads back."""
        self.page.locator('form[action="/kiosk/cancel"] button').first.click()


@contextmanager
def at_the_gate(browsing, language, *, size=PANEL, faults=False):
    """Stand before the gate's screen, in a language."""
    with browsing.opened(language=language, size=size, faults=faults) as page:
        page.goto(f"{browsing.house.screen_url}/kiosk")
        kiosk = Kiosk(page, language)
        kiosk.greet()
        yield kiosk
