import httpx
import pytest
from structlog.testing import capture_logs

from gate.web.app import create_app
from gate.web.guard import BODY_MOST_BYTES
from tests.web.conftest import BASE, Client

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
        ("GET", "/desk", 200),
        ("GET", "/sim", 200),
        ("GET", "/static/gate.css", 200),
        ("GET", "/static/kiosk.js", 200),
        ("GET", "/static/../app.py", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("DELETE", "/desk", 405),
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
    for path in ("/", "/kiosk", "/notice", "/desk", "/sim", "/nowhere"):
        page = client.get(path).text
        assert "style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
        assert page.count("<script") == (1 if path == "/kiosk" else 0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:8080", "[::1]", "127.0.0.2"]
)
def test_the_device_answers_under_its_own_names(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["gate.example:8080", "localhost.example", "192.0.2.1:8080", "127.0.0.1.example", "", "::x"]
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
        {"origin": BASE},
        {"sec-fetch-site": "same-origin", "origin": "null"},  # a form under no-referrer
        {"sec-fetch-site": "same-origin", "origin": BASE},
        {"sec-fetch-site": "none"},
    ],
)
def test_own_pages_and_programs_may_post(client, world, headers):
    assert client.post(START, headers=headers).status_code == 303
    assert len(world.posted) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site", "origin": BASE},
        {"sec-fetch-site": "same-origin", "origin": "http://evil.example"},
    ],
)
def test_a_foreign_page_may_not_post_and_reads_why(client, world, headers):
    answer = client.post(START, headers=headers | {"cookie": "language=en"})
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


def test_an_accident_is_a_page_without_a_trace_and_a_log_line_without_its_words(client, world):
    world.desk.fault = RuntimeError("card 1234 of Li Wen")
    with capture_logs() as logs:
        answer = client.post("/desk/withdraw", {"person": "p-agreed"})
    assert answer.status_code == 500
    assert "1234" not in answer.text
    assert "Traceback" not in answer.text
    assert logs == [
        {"event": "page_fault", "path": "/desk/withdraw", "kind": "RuntimeError", "log_level": "error"}
    ]


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
@pytest.mark.parametrize("path", ["/desk", "/desk/"])
def test_a_foreign_page_cannot_have_the_residents_records_opened(client, world, site, path):
    answer = client.get(path, headers={"sec-fetch-site": site}, follow_redirects=True)
    assert answer.status_code == 403
    assert world.desk.asked == []


def test_the_desk_opens_from_the_address_bar_and_from_our_own_pages(client):
    for site in ("none", "same-origin"):
        assert client.get("/desk", headers={"sec-fetch-site": site}).status_code == 200
