"""The step from the end of a notice to the choice, as ``gate bench`` measures it. How fast it is, only the bench says."""

import asyncio

import httpx

from gate.bench.kiosk import choice_steps


def test_the_step_is_measured_on_a_served_screen_and_begins_where_the_minimum_time_ends_r10(sites):
    site = sites(notice_minimum_s=0.2)

    async def measured():
        async with httpx.AsyncClient(base_url=site.url) as http:

            async def ask(method, path, form):
                return (await http.request(method, path, data=form)).content

            return await choice_steps(ask, minimum_s=0.2, rounds=3)

    steps = asyncio.run(measured())
    assert len(steps) == 3
    assert all(0 <= step < 8 for step in steps)
