import asyncio
import encodings.aliases
from dataclasses import replace

import httpx
import pytest
from structlog.testing import capture_logs

from gate.core.roles import Role
from gate.web.app import create_app
from gate.web.guard import BODIES_MOST_BYTES, BODY_MOST_BYTES, Guard
from gate.web.limits import EXPENSIVE, PeerLimits
from gate.web.pages import Pages
from gate.web.transport import Transport
from tests.web.conftest import SCREEN, Client

START = "/kiosk/start"
EVERY_ANSWER = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/kiosk", 200),
        ("GET", "/kiosk/view?after=-1&page=a", 200),
        ("GET", "/kiosk/view", 400),
        ("GET", "/notice", 200),
        ("GET", "/me", 200),
        ("GET", "/staff/resume", 303),
        ("GET", "/trust", 200),
        ("GET", "/sim", 200),
        ("GET", "/static/pages.css", 200),
        ("GET", "/static/kiosk.js", 200),
        ("GET", "/static/../app.py", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("DELETE", "/notice", 405),
        ("POST", "/kiosk/cancel", 400),
        ("POST", START, 303),
        ("POST", "/kiosk/hidden", 400),
    ],
)
def test_every_answer_carries_the_strict_headers_r54(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in EVERY_ANSWER} == EVERY_ANSWER


def test_no_page_holds_a_script_or_style_the_policy_would_refuse(client):
    for path in ("/", "/kiosk", "/notice", "/me", "/trust", "/sim", "/nowhere"):
        page = client.get(path).text
        assert "style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
        assert page.count("<script") == (1 if path == "/kiosk" else 0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8443", "127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:8443", "[::1]", "127.0.0.2"]
)
def test_the_device_answers_under_its_own_names(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["gate.example:8443", "localhost.example", "192.0.2.1:8443", "127.0.0.1.example", "", "::x"]
)
def test_a_name_that_was_rebound_to_the_device_is_refused(client, world, host):
    answer = client.post(START, headers={"host": host})
    assert answer.status_code == 403
    assert client.get("/desk", headers={"host": host}).status_code == 403
    assert world.posted == []


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a command line
        {"origin": SCREEN},
        {"sec-fetch-site": "same-origin", "origin": "null"},  # a form under no-referrer
        {"sec-fetch-site": "same-origin", "origin": SCREEN},
        {"sec-fetch-site": "none"},
    ],
)
def test_own_pages_and_programs_may_post(client, world, headers):
    assert client.post(START, headers=headers).status_code == 303
    assert len(world.posted) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8443"},
        {"origin": "https://127.0.0.1:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site", "origin": SCREEN},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
def test_a_foreign_page_may_not_post_and_reads_why(client, world, headers):
    answer = client.post(START, headers=headers | {"cookie": "__Host-language=en"})
    assert answer.status_code == 403
    assert "did not come from a page of this gate" in answer.text
    assert world.posted == []


def test_a_foreign_page_cannot_keep_a_dark_screen_alive_r12(client, world):
    answer = client.get("/kiosk/view?after=-1&page=a", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert not world.screen.live


def test_a_form_may_be_as_large_as_the_limit_and_no_larger(client):
    def post(size):
        body = "keys=".ljust(size, "1")
        return client.request(
            "POST", "/sim/keys", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
        ).status_code

    assert post(BODY_MOST_BYTES) == 400  # taken, and then too long for a keypad
    assert post(BODY_MOST_BYTES + 1) == 413


def test_a_body_that_does_not_say_its_length_is_refused(runner, world):
    async def pieces():
        yield b"keys=1"

    client = Client(create_app(world.context, world.screen), runner)
    assert client.request("POST", "/sim/keys", content=pieces()).status_code == 411
    assert world.simulation.done == []


def test_an_accident_is_a_page_without_a_trace_and_a_log_line_without_its_words(world, runner):
    class Fails:
        def all(self):
            raise RuntimeError("card 1234 of Li Wen")

    client = Client(create_app(replace(world.context, notices=Fails()), world.screen), runner)
    with capture_logs() as logs:
        answer = client.get("/notice")
    assert answer.status_code == 500
    assert "1234" not in answer.text
    assert "Traceback" not in answer.text
    assert logs == [{"event": "page_fault", "path": "/notice", "kind": "RuntimeError", "log_level": "error"}]


def test_telemetry_is_off_r41(world, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    app = create_app(world.context, world.screen)
    assert not app._native_telemetry.enabled()


def test_a_script_is_told_what_is_wrong_as_json(client):
    answer = client.get("/kiosk/view?after=x", headers={"accept": "application/json"})
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "what", "remedy"}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/staff/desk", "/staff/people", "/me/record.json", "/enrol"])
def test_a_foreign_page_cannot_have_the_residents_records_opened(client, world, site, path):
    client.sign_in(Role.MANAGER)
    answer = client.get(path, headers={"sec-fetch-site": site}, follow_redirects=True)
    assert answer.status_code == 403
    assert world.desk.asked == []


SITE = Transport(names=("gate.garden.example", "192.168.1.20", "fd00::7"), port=8443)


@pytest.fixture
def site(world):
    return create_app(replace(world.context, transport=SITE), world.screen)


@pytest.mark.parametrize(
    "host",
    [
        "gate.garden.example",
        "gate.garden.example:8443",
        "Gate.Garden.Example",
        "192.168.1.20",
        "[fd00::7]:8443",
    ],
)
def test_the_site_names_under_which_its_pages_are_opened(site, runner, host):
    assert Client(site, runner).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["garden.example", "a.gate.garden.example", "192.168.1.21", "gate.garden.example."]
)
def test_a_name_the_site_does_not_use_is_refused(site, runner, host):
    assert Client(site, runner).get("/", headers={"host": host}).status_code == 403


def test_browsers_are_told_to_use_tls_alone_under_the_sites_names_and_never_under_localhost_r45(site, runner):
    """Said of localhost it would bind every other program of this device, and the screen's own plain HTTP."""
    client = Client(site, runner)
    told = client.get("/", headers={"host": "gate.garden.example"}).headers
    assert told["strict-transport-security"] == "max-age=31536000"
    for host in ("localhost:8443", "127.0.0.1"):
        assert "strict-transport-security" not in client.get("/", headers={"host": host}).headers


@pytest.mark.parametrize(
    ("host", "path", "leads"),
    [
        ("gate.garden.example:8080", "/me?next=%2Fx", "https://gate.garden.example:8443/me?next=%2Fx"),
        ("[fd00::7]", "/notice", "https://[fd00::7]:8443/notice"),
        ("localhost:8080", "/a%20b", "https://localhost:8443/a%20b"),
    ],
)
def test_plain_http_leads_to_the_same_page_over_tls_r45(site, runner, host, path, leads):
    answer = Client(site, runner, base="http://127.0.0.1:8080").get(path, headers={"host": host})
    assert (answer.status_code, answer.headers["location"]) == (308, leads)


def test_plain_http_leads_nobody_to_a_name_that_is_not_the_sites(site, runner):
    answer = Client(site, runner, base="http://127.0.0.1:8080").get("/me", headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert "location" not in answer.headers


def test_the_gates_screen_is_served_in_the_clear_to_this_device_alone_r45(world, runner):
    app = create_app(world.context, world.screen)
    here = Client(app, runner, base="http://127.0.0.1:8080")
    afar = Client(app, runner, base="http://127.0.0.1:8080", peer=("192.168.1.7", 1))
    for path in ("/kiosk", "/sim", "/static/pages.css"):
        assert here.get(path).status_code == 200
        assert afar.get(path).status_code == 308
    assert here.post(START, headers={"origin": "http://127.0.0.1:8080"}).status_code == 303
    assert Client(app, runner, peer=("192.168.1.7", 1)).get("/kiosk").status_code == 403


THROUGH_A_PROXY = ("forwarded", "via", "x-forwarded-for", "x-real-ip")


@pytest.mark.parametrize("name", THROUGH_A_PROXY)
def test_what_comes_through_a_proxy_on_the_device_is_not_the_gates_screen_r45(world, runner, name):
    app = create_app(world.context, world.screen)
    proxied = {name: "192.168.1.66", "sec-fetch-site": "same-origin"}
    plain = Client(app, runner, base=SCREEN)
    assert plain.get("/kiosk", headers=proxied).status_code == 308
    assert plain.post("/sim/keys", {"keys": "1"}, headers=proxied).status_code == 308
    assert Client(app, runner, base="https://localhost").get("/kiosk", headers=proxied).status_code == 403
    assert [plain.post("/me/sign-in", headers=proxied).status_code for _ in range(3)] == [308] * 3


def test_this_device_finds_the_screen_over_tls_by_being_led_to_loopback_r45(world, runner):
    """A browser over TLS on loopback could be a proxy that says nothing: it is served none of the screen itself."""
    tls = "https://localhost:8443"
    silent = Client(create_app(world.context, world.screen), runner, base=tls)
    assert silent.get("/kiosk").status_code == 403
    context = replace(world.context, transport=Transport(screen_port=8080))
    led = Client(create_app(context, world.screen), runner, base=tls)
    assert led.get("/kiosk").headers["location"] == "http://127.0.0.1:8080/kiosk"
    assert led.post(START, headers={"sec-fetch-site": "same-origin"}).status_code == 403
    assert world.posted == []


def test_a_proxys_addresses_are_counted_as_one_of_the_network(world, runner):
    proxy = Client(create_app(world.context, world.screen), runner)
    said = [
        proxy.post("/me/sign-in", {"unit": "1", "pin": "2"}, headers={"via": "1.1 x"}).status_code
        for _ in range(11)
    ]
    assert said.count(429) == 1


def parts_in(charset, value="-" + "a" * 200):
    return {
        "content": f'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n{value}\r\n--x--\r\n'.encode(),
        "headers": {
            "content-type": f"multipart/form-data; boundary=x; charset={charset}",
            "sec-fetch-site": "same-origin",
        },
    }


OTHER_CODECS = sorted(set(encodings.aliases.aliases.values()) - {"utf_8"})


@pytest.mark.parametrize("path", ["/staff/people/import", "/staff/sign-in", "/me/sign-in"])
def test_no_form_is_read_in_a_codec_that_its_sender_chose_r02(client, path):
    """Punycode takes time in the square of the length: a stranger's form would hold the door's loop for minutes."""
    said = {codec: client.request("POST", path, **parts_in(codec)).status_code for codec in OTHER_CODECS}
    assert set(said.values()) == {415}
    named = ('"punycode"', "PUNYCODE", "unicode_escape", "raw_unicode_escape", "utf-8; charset=punycode")
    assert [client.request("POST", path, **parts_in(each)).status_code for each in named] == [415] * 5


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_a_form_in_utf_8_is_read(client, charset):
    assert client.request("POST", "/me/sign-in", **parts_in(charset)).status_code == 400  # it names no unit


@pytest.mark.parametrize("path", sorted(BODIES_MOST_BYTES))
def test_nothing_large_is_read_of_somebody_without_a_session_r02(world, runner, path):
    app, asked = create_app(world.context, world.screen), []
    size = BODIES_MOST_BYTES[path]
    kind = "application/x-www-form-urlencoded"
    headers = {"host": "127.0.0.1", "content-type": kind, "content-length": str(size)}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "scheme": "https",
        "query_string": b"",
        "client": ("192.168.1.66", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive():
        asked.append(path)
        return {"type": "http.request", "body": b"a" * size}

    said = []

    async def send(message):
        said.append(message.get("status"))

    runner.run(app(scope, receive, send))
    assert (said[0], asked) == (303, [])


def test_one_address_may_send_only_so_many_forms_and_more_as_time_passes(world, clock, runner):
    app = create_app(world.context, world.screen)
    guesser, other = (Client(app, runner, peer=(peer, 1)) for peer in ("192.168.1.7", "192.168.1.8"))

    def guess(who):
        return who.post("/me/sign-in", {"unit": "1203", "pin": "000000"}).status_code

    assert [guess(guesser) for _ in range(11)].count(429) == 1
    assert guess(other) != 429
    clock.seconds += EXPENSIVE["/me/sign-in"]
    assert guess(guesser) != 429
    assert guess(guesser) == 429


def test_addresses_of_one_ipv6_network_count_as_one(clock):
    limits = PeerLimits(clock.monotonic)
    taken = [limits.takes(f"2001:db8::{number:x}", "/kiosk/start") for number in range(61)]
    assert taken.count(False) == 1
    assert limits.takes("2001:db8:0:1::1", "/kiosk/start")


def test_reading_is_not_counted_and_neither_is_this_device_itself(world, runner):
    app = create_app(world.context, world.screen)
    afar, here = Client(app, runner, peer=("192.168.1.7", 1)), Client(app, runner)
    assert {afar.get("/notice").status_code for _ in range(100)} == {200}
    assert {here.post("/kiosk/cancel").status_code for _ in range(100)} == {400}


def test_a_body_that_comes_drop_by_drop_is_given_up(world):
    app = create_app(world.context, world.screen)

    async def play():
        sent = []

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/me/sign-in",
            "scheme": "https",
            "query_string": b"",
            "client": ("192.168.1.7", 1),
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", b"application/x-www-form-urlencoded"),
                (b"content-length", b"9"),
            ],
        }
        await Guard(app, Pages(), Transport(), world.clock, body_s=0.01)(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(play()) == 408
