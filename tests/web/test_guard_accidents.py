"""An accident among the pages: its kind is logged, what it said and where it happened are not (R43)."""

import asyncio

from structlog.testing import capture_logs

from gate.web.guard import Guard
from gate.web.pages import Pages
from gate.web.transport import Transport


def answered(world, app, pages):
    """Give what the guard sends before an *app*, for a page of the screen, and what it logs."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/notice",
        "scheme": "https",
        "query_string": b"",
        "client": ("192.168.1.7", 1),
        "headers": [(b"host", b"localhost")],
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    with capture_logs() as logs:
        asyncio.run(Guard(app, pages, Transport(), world.clock)(scope, receive, send))
    return sent, [entry["kind"] for entry in logs]


def test_where_the_page_for_an_accident_cannot_be_made_either_a_status_answers_and_no_trace(world):
    class NoFileLeft:
        def refuse(self, *_):
            raise OSError("card 1234 of Li Wen")

    async def app(_scope, _receive, _send):
        raise ValueError("card 1234 of Li Wen")

    (start, body), kinds = answered(world, app, NoFileLeft())
    assert (start["status"], body["body"]) == (500, b"")
    assert kinds == ["ValueError", "OSError"]


def test_an_accident_in_the_middle_of_an_answer_ends_it_and_leaves_no_trace(world):
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("card 1234 of Li Wen")

    sent, kinds = answered(world, app, Pages())
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert kinds == ["ValueError"]
