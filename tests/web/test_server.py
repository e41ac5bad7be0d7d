import asyncio
import re
import socket

import httpx
import pytest

from gate.errors import ConfigError
from gate.web.app import create_app
from gate.web.server import serve
from tests.notices import FIRST


async def served(world, deed, host="127.0.0.1", port=0):
    """Serve the world's pages, do *deed* with their address, and stop."""
    announced = asyncio.get_running_loop().create_future()
    app = create_app(world.context, world.screen)
    serving = asyncio.create_task(serve(app, host, port, announce=announced.set_result))
    try:
        return await deed(await announced)
    finally:
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


def test_port_zero_is_announced_as_the_port_that_answers(world):
    async def ask(url):
        async with httpx.AsyncClient() as http:
            return url, await http.get(url)

    url, answer = asyncio.run(served(world, ask))
    assert url.startswith("http://127.0.0.1:")
    assert answer.status_code == 200
    assert "server" not in answer.headers


def test_a_header_without_end_is_refused(world):
    async def send(url):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000)
        answer = await reader.readline()
        writer.close()
        return answer

    assert b"400" in asyncio.run(served(world, send))


def test_a_stopped_server_frees_its_port_at_once(world):
    async def port(url):
        return httpx.URL(url).port

    async def twice():
        return await served(world, port, port=await served(world, port))

    assert asyncio.run(twice()) > 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "gate.example"])
def test_pages_without_accounts_are_served_to_this_device_only(world, host):
    with pytest.raises(ConfigError) as refused:
        asyncio.run(serve(create_app(world.context, world.screen), host, 0, announce=print))
    assert refused.value.code == "web-host"
    assert "127.0.0.1" in refused.value.remedy


def test_a_port_in_use_is_named_with_its_remedy(world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            asyncio.run(serve(create_app(world.context, world.screen), "127.0.0.1", port, announce=print))
    assert refused.value.code == "web-port"
    assert str(port) in refused.value.what
    assert "web.port" in refused.value.remedy


CONSENT = {"person": "p-undecided", "notice": FIRST, "language": "en", "agreed": "yes"}


async def consent(http, url, world):
    """Read the sheet for as long as it must stand; give what is sent then (R10)."""
    page = await http.get(f"{url}desk/consent", params={"person": "p-undecided", "lang": "en"})
    world.clock.seconds += world.rules.notice_minimum_s
    return CONSENT | {"shown": re.search(r'name="shown" value="([^"]+)"', page.text)[1]}


def test_an_enrolment_ends_when_its_browser_goes_and_writes_nothing_r26(world):
    async def leave(url):
        world.desk.capture_ends = asyncio.Event()
        async with httpx.AsyncClient() as http:
            asking = asyncio.create_task(
                http.post(f"{url}desk/consent", data=await consent(http, url, world))
            )
            await asyncio.wait_for(world.desk.capturing.wait(), 10)
            asking.cancel()
            await asyncio.wait([asking])
        await asyncio.wait_for(world.desk.given_up.wait(), 10)

    asyncio.run(served(world, leave))
    assert world.desk.agreements == []


def test_an_enrolment_whose_browser_stays_is_written(world):
    async def stay(url):
        world.desk.capture_ends = asyncio.Event()
        async with httpx.AsyncClient() as http:
            asking = asyncio.create_task(
                http.post(f"{url}desk/consent", data=await consent(http, url, world))
            )
            await asyncio.wait_for(world.desk.capturing.wait(), 10)
            world.desk.capture_ends.set()
            return await asking

    assert asyncio.run(served(world, stay)).status_code == 303
    assert world.desk.agreements == [(FIRST, "en")]
