"""One Chromium that trusts one gate's own authority, and holds every page it shows to what all pages promise."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Response

from gate.web.pages import COOKIE, TLS_COOKIE
from tests.pages import examine
from tests.pages.houses import House

CHROMIUM: Final = Path("/usr/bin/chromium")
CERTUTIL: Final = Path("/usr/bin/certutil")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
DESK: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 844}
PANEL: Final = {"width": 800, "height": 480}
PATIENCE_MS: Final = 10_000
NOTICE_S: Final = 2.0
"""``notice.minimum_s`` of every house."""
SERVER_FAULT: Final = 500


def trust(authority: bytes, home: Path) -> None:
    """Put the gate's own authority among those that a browser with this *home* trusts, as a person would."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    file = home / "authority.crt"
    file.write_bytes(authority)
    for arguments in (["-N", "--empty-password"], ["-A", "-n", "gate", "-t", "C,,", "-i", str(file)]):
        subprocess.run([CERTUTIL, *arguments, "-d", f"sql:{database}"], check=True, timeout=60)


def launch(playwright: Playwright, home: Path) -> Browser:
    """Start Debian's Chromium with a home of its own."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=list(FLAGS), env={**os.environ, "HOME": str(home)}
    )


def read_notice(page: Page) -> None:
    """Stay for as long as a notice must stand (R10), counted from the gate's answer: the gate counts from just before."""
    page.evaluate(
        """least => new Promise(read => {
          const [{ responseStart }] = performance.getEntriesByType("navigation");
          setTimeout(read, responseStart + 1000 * least + 100 - performance.now());
        })""",
        NOTICE_S,
    )


@dataclass(slots=True)
class Complaints:
    """What a page did that no page may: errors, requests elsewhere, broken rules of its content, faults of the server."""

    own: frozenset[str]
    heard: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Hear everything that the pages of *context* do."""
        context.on("page", lambda page: self._listen_to(page))  # noqa: PLW0108 - Playwright writes on what it calls
        context.on("request", lambda request: self._same_site(request.url))
        context.on("response", lambda response: self._answered(response))  # noqa: PLW0108

    def _listen_to(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                self.heard.append(f"{page.url}: {said.text}") if "Content Security" in said.text else None
            ),
        )

    def _same_site(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.netloc not in self.own:
            self.heard.append(f"a request to another host: {url}")

    def _answered(self, response: Response) -> None:
        if response.status >= SERVER_FAULT:
            self.heard.append(f"{response.status} from {response.url}")


@dataclass(slots=True)
class Browsing:
    """Opens pages of one house, as somebody, in a language."""

    browser: Browser
    house: House
    shots: Path
    _signed_in: dict[str, list] = field(default_factory=dict, repr=False)

    @contextmanager
    def opened(
        self,
        *,
        language: str = "zh-CN",
        who: str | None = None,
        size: dict[str, int] = DESK,
        faults: bool = False,
        **options: object,
    ) -> Iterator[Page]:
        """Open one page of a fresh profile. who: whose kept cookies it has. faults: the server is expected to fail."""
        context = self.browser.new_context(
            viewport=size, locale=language, base_url=self.house.url, reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        addresses = [self.house.url, self.house.screen_url]
        complaints = Complaints(frozenset(urlsplit(each).netloc for each in addresses))
        complaints.listen(context)
        for name, url in zip((TLS_COOKIE, COOKIE), addresses, strict=True):
            context.add_cookies([{"name": name, "value": language, "url": url}])
        context.add_cookies(self._signed_in.get(who or "", []))
        try:
            yield context.new_page()
        except Exception:
            for number, page in enumerate(context.pages):
                self.shoot(page, f"failed {number} {language} {page.url.removeprefix(self.house.url)}")
            raise
        finally:
            context.close()
        assert faults or not complaints.heard, complaints.heard

    def keep(self, who: str, page: Page) -> None:
        """Keep the cookies of a sign-in, for other profiles to have."""
        self._signed_in[who] = [
            each for each in page.context.cookies() if each["name"] not in {TLS_COOKIE, COOKIE}
        ]

    def knows(self, who: str) -> bool:
        """Tell whether somebody's sign-in is kept."""
        return who in self._signed_in

    def cookies(self, who: str | None) -> dict[str, str]:
        """Give the kept cookies of somebody, for a client that is no browser."""
        return {each["name"]: each["value"] for each in self._signed_in.get(who or "", [])}

    def look_at(self, page: Page, name: str) -> None:
        """Hold a page that only a walk leads to against what every page promises, and leave a picture of it."""
        page.wait_for_load_state()
        language = page.locator("html").get_attribute("lang") or ""
        self.shoot(page, f"{name} {language}")
        wrong = examine.faults_of(page, language)
        assert not wrong, examine.report(wrong)

    def shoot(self, page: Page, name: str, *, whole: bool = True, dark: bool = False) -> None:
        """Leave a picture of a page for a person to look at. whole: also of what lies below the edge."""
        if dark:
            page.emulate_media(color_scheme="dark")
        self.shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(
            path=self.shots / f"{re.sub('[^a-zA-Z0-9]+', '-', name).strip('-')}.png", full_page=whole
        )
        if dark:
            page.emulate_media(color_scheme="light")
