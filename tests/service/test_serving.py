"""``gate run`` with its pages: TLS and the screen's plain HTTP, a restart on the same ports, and pages that fail (R02, R45)."""

import asyncio
import os
import socket
import sqlite3
import ssl
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from gate import serving
from gate.app import open_store
from gate.demo.settings import desk_settings
from gate.office.authority import DEVICE, make_authority, make_pages_certificate
from gate.settings import FaceSettings, WebSettings
from gate.store.account.audit import Actor
from gate.store.certificates import Certificate

PATIENCE_S = 20


@pytest.fixture
def settings(tmp_path):
    def settings(**web):
        bare = desk_settings(tmp_path)
        values = {"port": 0, "screen_port": 0} | web
        return bare.model_copy(update={"face": FaceSettings(), "camera": None, "web": WebSettings(**values)})

    return settings


@asynccontextmanager
async def running(settings, again=None):
    """Run a gate while the block runs; give where its pages are."""
    reached = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serving.run(settings, reached.set_result, again=again))
    await asyncio.wait([task, reached], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            await task
        yield await reached
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def authority_of(settings):
    with closing(open_store(settings)) as store:
        return store.certificates.certificate(Certificate.AUTHORITY)


def client(authority):
    """Give a browser that trusts one authority and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority)
    return httpx.AsyncClient(verify=context, trust_env=False, timeout=PATIENCE_S)


async def until(holds):
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came about")


async def answers(http, url):
    """Ask until the page answers; a gate that opens anew lets nobody's request fall for long."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return (await http.get(url)).status_code
            except httpx.TransportError:
                await asyncio.sleep(0.02)


def test_a_first_start_serves_over_tls_by_an_authority_of_its_own_and_the_screen_in_the_clear_r45(settings):
    async def play():
        async with running(settings()) as reached, client(authority_of(settings())) as http:
            return (await http.get(reached.pages)).status_code, (await http.get(reached.screen)).status_code

    assert asyncio.run(play()) == (200, 200)


def test_a_restart_opens_the_gate_anew_on_the_same_ports_and_authority(settings):
    async def play():
        again = asyncio.Event()
        with capture_logs() as logs:
            async with running(settings(), again) as reached, client(authority_of(settings())) as http:
                before = await answers(http, reached.pages)
                again.set()
                await until(lambda: sum(line["event"] == "face_conditions" for line in logs) == 2)
                after = [await answers(http, url) for url in (reached.pages, reached.screen)]
        return before, after, [line for line in logs if line["event"] == "gate_reopens"]

    before, after, reopened = asyncio.run(play())
    assert (before, after) == (200, [200, 200])
    assert len(reopened) == 1


def test_certificate_files_that_cannot_serve_leave_the_gates_own_screen_r02(settings, tmp_path):
    web = {"certificate_file": tmp_path / "none.crt", "key_file": tmp_path / "none.key"}

    async def play():
        with capture_logs() as logs:
            async with running(settings(**web)) as reached, httpx.AsyncClient(trust_env=False) as http:
                return reached.pages, (await http.get(reached.screen)).status_code, logs

    pages, screen, logs = asyncio.run(play())
    assert (pages, screen) == (None, 200)
    assert [line["code"] for line in logs if line["event"] == "serving_without"] == ["certificate-unreadable"]


def test_a_port_that_is_taken_leaves_the_others_r02(settings):
    async def play(port):
        async with running(settings(port=port)) as reached, httpx.AsyncClient(trust_env=False) as http:
            return reached.pages, (await http.get(reached.screen)).status_code

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert asyncio.run(play(taken.getsockname()[1])) == (None, 200)


def test_an_expired_certificate_is_made_anew_at_the_start(settings):
    """A gate that stood in a cupboard for two years."""
    long_ago = datetime.now(UTC) - timedelta(days=700)
    with closing(open_store(settings())) as store:
        authority = make_authority("demo", DEVICE, long_ago)
        pages = make_pages_certificate(authority, DEVICE, long_ago)
        kept = {Certificate.AUTHORITY: authority, Certificate.PAGES: pages}
        store.certificates.keep(kept, at=long_ago, by=Actor.GATE)

    async def play():
        async with running(settings()) as reached, client(authority.certificate) as http:
            return (await http.get(reached.pages)).status_code

    assert asyncio.run(play()) == 200


def test_the_port_that_only_redirects_serves_no_page_and_no_screen_r45(settings):
    async def play():
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with (
            running(settings(redirect_port=port)) as reached,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            base = f"http://127.0.0.1:{port}"
            led = [await http.get(f"{base}{path}") for path in ("/", "/kiosk", "/me?next=x")]
            foreign = await http.get(base, headers={"host": "evil.example"})
            return httpx.URL(reached.pages).port, led, foreign

    port, led, foreign = asyncio.run(play())
    assert [answer.status_code for answer in led] == [308] * 3
    assert led[2].headers["location"] == f"https://127.0.0.1:{port}/me?next=x"
    assert (foreign.status_code, "location" in foreign.headers) == (403, False)


def test_an_altered_key_leaves_the_gates_own_screen_and_says_how_to_mend_it_r02(settings, tmp_path):
    authority_of(settings())

    async def play():
        async with running(settings()):
            pass
        with closing(sqlite3.connect(tmp_path / "data" / "gate.sqlite3", isolation_level=None)) as database:
            database.execute("UPDATE certificates SET sealed = zeroblob(200) WHERE name = 'pages'")
        with capture_logs() as logs:
            async with running(settings()) as reached, httpx.AsyncClient(trust_env=False) as http:
                return reached.pages, (await http.get(reached.screen)).status_code, logs

    pages, screen, logs = asyncio.run(play())
    assert (pages, screen) == (None, 200)
    assert [line["code"] for line in logs if line["event"] == "serving_without"] == ["record-altered"]


def test_pages_that_fail_altogether_are_said_and_stop_no_door_r02(settings, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(os, "memfd_create", full)

    async def play():
        with capture_logs() as logs:
            task = asyncio.create_task(serving.run(settings(), lambda _: None))
            await until(lambda: [line for line in logs if line["event"] == "pages_failed"])
            serves = not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return serves, logs

    serves, logs = asyncio.run(play())
    assert serves
    assert [line["kind"] for line in logs if line["event"] == "pages_failed"] == ["MemoryError"]


def test_pages_that_fail_are_tried_again_and_then_told_where_they_are_r02(settings, monkeypatch):
    memory, tries = os.memfd_create, []

    def full_at_first(*wanted):
        tries.append(wanted)
        if len(tries) == 1:
            raise MemoryError
        return memory(*wanted)

    monkeypatch.setattr(os, "memfd_create", full_at_first)

    async def play():
        with capture_logs() as logs:
            async with running(settings()) as reached:
                return reached, logs

    reached, logs = asyncio.run(play())
    assert reached.pages
    [failed] = [line for line in logs if line["event"] == "pages_failed"]
    assert (failed["log_level"], failed["failures"], failed["again_s"]) == ("error", 1, 1.0)


def test_the_pause_after_failed_pages_grows_up_to_a_minute():
    assert [serving.pause_s(failures) for failures in (0, 1, 2, 3, 7, 1000)] == [1, 1, 2, 4, 60, 60]
