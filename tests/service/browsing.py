"""A browser of one resident at the gate's own page."""

from __future__ import annotations

import re
from html import unescape
from zoneinfo import ZoneInfo

import httpx

BASE = "https://127.0.0.1:8443"
SHANGHAI = ZoneInfo("Asia/Shanghai")
ENGLISH = {"lang": "en"}


class Browser:
    """A browser of one resident: keeps cookies, sends forms as the page has them."""

    def __init__(self, app, codes):
        self.codes = codes
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=BASE, follow_redirects=True
        )

    async def sign_in(self, unit, pin, code=None):
        """Sign in with the code that the gate's screen shows now, unless another is given."""
        typed = {"unit": unit, "pin": pin, "code": self.codes.issue() if code is None else code}
        return await self.http.post("/me/sign-in", data=typed, params=ENGLISH)

    async def page(self):
        return " ".join(unescape((await self.http.get("/me", params=ENGLISH)).text).split())

    async def token(self):
        return re.search(r'name="token" value="([^"]+)"', await self.page())[1]

    async def press(self, path, **fields):
        return await self.http.post(
            f"/me/{path}", data={"token": await self.token()} | fields, params=ENGLISH
        )
