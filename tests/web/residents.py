"""A resident before the page that staff handed over."""

from __future__ import annotations

import asyncio
import re
from html import unescape

from gate.core.roles import Role
from tests.notices import FIRST as NOTICE

EN = {"lang": "en"}
AGREE = {"notice": NOTICE, "language": "en", "agreed": "yes"}


class Resident:
    """A browser that staff handed over, and the resident before it."""

    def __init__(self, client, clock, world, runner):
        self.client, self.clock, self.world, self.runner = client, clock, world, runner

    def sit_down(self, person="p-undecided", role=Role.MANAGER):
        token = self.client.sign_in(role)
        answer = self.client.post("/staff/desk/hand-over", {"token": token, "person": person})
        assert (answer.status_code, answer.headers["location"]) == (303, "/enrol")
        return self

    def page(self, path="/enrol", language="en"):
        return unescape(self.client.get(path, params={"lang": language}).text)

    def hidden(self, name):
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page())
        return found[1] if found else ""

    def form(self, **fields):
        """Give the sheet's form as the page shows it now, filled in."""
        return AGREE | {"token": self.hidden("token"), "shown": self.hidden("shown")} | fields

    def press(self, path, **fields):
        """Press a button without having waited."""
        return self.client.post(f"/enrol/{path}", self.form(**fields), params=EN)

    def decide(self, path, **fields):
        """Read for as long as the notice must stand, then press."""
        form = self.form(**fields)
        self.clock.seconds += self.world.rules.notice_minimum_s
        answer = self.client.post(f"/enrol/{path}", form, params=EN)
        self.settle()
        return answer

    def settle(self):
        async def turns():
            for _ in range(20):
                await asyncio.sleep(0)

        self.runner.run(turns())

    def until(self, claim):
        async def wait():
            async with asyncio.timeout(20):
                while not claim():  # noqa: ASYNC110 - what is waited for runs on the pages' own loop
                    await asyncio.sleep(0.01)

        self.runner.run(wait())
