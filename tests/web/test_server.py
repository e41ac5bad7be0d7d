"""The listeners on real ports: TLS for everybody, plain HTTP for the gate's own screen (R45)."""

import asyncio
import gc
import resource
import socket
import ssl
import threading
import warnings
from dataclasses import replace

import httpx
import pytest

from gate.errors import ConfigError
from gate.web.app import create_app
from gate.web.server import CONNECTIONS_MOST, PAUSE_S, PEER_MOST, Patience, listen
from gate.web.transport import Transport
from tests.served import served, trusting


def app_of(world):
    def make(port):
        return create_app(replace(world.context, transport=Transport(port=port)), world.screen)

    return make


def over(world, deed, **ports):
    """Serve the world's pages, do *deed* with their addresses, and stop."""

    async def play():
        async with served(app_of(world), **ports) as addresses:
            return await deed(addresses)

    return asyncio.run(play())


def client(**options):
    return httpx.AsyncClient(verify=trusting(), trust_env=False, timeout=10, **options)


def test_the_pages_are_served_over_tls_by_a_certificate_that_verifies_r45(world):
    async def ask(addresses):
        async with client() as http:
            return await http.get(addresses.tls)

    answer = over(world, ask)
    assert answer.status_code == 200
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("newest", "speaks"),
    [(ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_older_versions_of_tls_are_refused_r45(world, newest, speaks):
    async def greet(addresses):
        old = trusting()
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = newest
        old.set_ciphers("ALL:@SECLEVEL=0")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(addresses.tls).port, ssl=old)
        except (ssl.SSLError, ConnectionError):
            return False
        writer.close()
        return True

    assert over(world, greet) is speaks


def test_the_gates_own_screen_is_served_over_plain_http_and_all_else_is_led_to_tls_r45(world):
    async def ask(addresses):
        async with client() as http:
            return addresses, [
                await http.get(f"{addresses.plain}{path}")
                for path in ("kiosk", "static/kiosk.js", "sim", "", "me?next=1", "staff", "nowhere")
            ]

    addresses, answers = over(world, ask)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 308, 308, 308, 308]
    assert answers[4].headers["location"] == f"{addresses.tls}me?next=1"


def test_no_pin_is_ever_taken_over_plain_http_r45(world):
    async def ask(addresses):
        async with client() as http:
            return await http.post(f"{addresses.plain}me/sign-in", data={"unit": "1203", "pin": "739154"})

    assert over(world, ask).status_code == 308


def test_a_header_without_end_is_refused(world):
    async def send(addresses):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(addresses.plain).port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000)
        answer = await reader.readline()
        writer.close()
        return answer

    assert b"400" in over(world, send)


@pytest.mark.parametrize("said", [b"", b"GET / HT"])
def test_a_header_that_does_not_come_ends_the_connection(world, said):
    async def wait(addresses):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(addresses.plain).port)
        writer.write(said)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()

    over(world, wait, patience=Patience(header_s=0.05))


def test_nor_does_a_second_one_hold_a_connection_that_had_its_answer(world):
    async def wait(addresses):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(addresses.plain).port)
        writer.write(b"HEAD /static/icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()

    over(world, wait, patience=Patience(header_s=0.05))


def test_a_handshake_that_does_not_come_ends_the_connection(world):
    async def wait(addresses):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(addresses.tls).port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        async with client() as http:  # and nobody else minds
            return await http.get(addresses.tls)

    assert over(world, wait, patience=Patience(handshake_s=0.3)).status_code == 200


def test_one_address_cannot_take_every_connection_and_gets_its_own_back(world):
    async def crowd(addresses):
        port = httpx.URL(addresses.plain).port
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(PEER_MOST)]
        reader, extra = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        extra.close()
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        async with client() as http:
            for _ in range(100):  # the server's side of the closing
                if (answer := await _tried(http, f"{addresses.plain}kiosk")) is not None:
                    return answer
        raise AssertionError("no connection came free")

    assert PEER_MOST < CONNECTIONS_MOST
    assert over(world, crowd).status_code == 200


async def _tried(http, url):
    try:
        return await http.get(url)
    except httpx.TransportError:
        await asyncio.sleep(0.01)
        return None


def test_a_stopped_server_frees_its_port_at_once(world):
    async def port(addresses):
        return httpx.URL(addresses.tls).port

    assert over(world, port, port=over(world, port)) > 0


@pytest.mark.slow
def test_whoever_knocks_while_a_server_stops_is_let_go_of(world):
    """A socket that nobody closes tells of itself once it is collected."""

    async def knock_on(addresses):
        await _answered(addresses)
        port = httpx.URL(addresses.plain).port
        knocking = threading.Thread(target=_knock_until_refused, args=(port,))
        knocking.start()
        return knocking

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(10):
            over(world, knock_on).join(10)
        gc.collect()
    assert [str(each.message) for each in told if each.category is ResourceWarning] == []


async def _answered(addresses):
    """Wait until the server is there, with all the files that its beginning opens."""
    async with client() as http:
        await http.get(f"{addresses.plain}static/icon.svg")


def _knock_until_refused(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            return


def test_a_device_out_of_files_answers_again_once_it_has_some(world):
    """Who knocked meanwhile waits."""

    async def starve(addresses):
        await _answered(addresses)
        port = httpx.URL(addresses.plain).port
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as waits:
            waits.setblocking(False)
            least = waits.fileno() + 1
            resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
            try:
                await asyncio.get_running_loop().sock_connect(waits, ("127.0.0.1", port))
                await asyncio.sleep(3 * PAUSE_S)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            reader, writer = await asyncio.open_connection(sock=waits)
            writer.write(b"HEAD /static/icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return answer

    assert b"200" in over(world, starve)


def test_a_port_in_use_is_named_with_its_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            listen("127.0.0.1", port, "web.screen_port")
    assert refused.value.code == "web-port"
    assert str(port) in refused.value.what
    assert "web.screen_port" in refused.value.remedy
