"""The overview's stream: what it sends, when it ends, and how many there may be."""

import asyncio
from dataclasses import replace

import pytest

from gate.core.alarms import Alarm
from gate.core.roles import Role
from gate.core.types import Reason
from gate.web.staff.live import LONGEST_S, PULSE_S, STREAMS_A_SESSION, STREAMS_MOST, Streams, events, look
from tests.web.gate_fakes import SHUT


class Watched:
    """A stream over a gate that a test changes."""

    def __init__(self, house):
        self.house = house
        self.holds = True
        self.drawn = 0

    def begin(self):
        return events(
            lambda: look(self.house.context),
            self.draw,
            holds=lambda: self.holds,
            monotonic=self.house.world.clock.monotonic,
            look_s=0,
        )

    def draw(self, view):
        self.drawn += 1
        return f"<p>{view.door.view}</p>\n<p>{' '.join(each.alarm for each in view.alarms)}</p>"


@pytest.fixture
def watched(house):
    return Watched(house)


def test_the_view_comes_at_once_and_again_only_when_it_changed(watched, runner):
    async def scenario():
        stream = watched.begin()
        first = await anext(stream)
        watched.house.gate.alarms.alarms = [Alarm.HELP]
        second = await anext(stream)
        await stream.aclose()
        return first, second

    first, second = runner.run(scenario())
    assert first == "event: view\ndata: <p>locked</p>\ndata: <p></p>\n\n"
    assert "<p>help</p>" in second
    assert watched.drawn == 2


def test_a_quiet_stream_says_now_and_then_that_it_lives(watched, runner):
    async def scenario():
        stream = watched.begin()
        await anext(stream)
        watched.house.world.clock.seconds += PULSE_S
        return await anext(stream)

    assert runner.run(scenario()) == "event: pulse\ndata: \n\n"
    assert watched.drawn == 1


def test_the_stream_ends_with_the_session(watched, runner):
    async def scenario():
        stream = watched.begin()
        await anext(stream)
        watched.holds = False
        return [event async for event in stream]

    assert runner.run(scenario()) == ["event: over\ndata: \n\n"]


def test_no_stream_lasts_for_ever(watched, runner):
    async def scenario():
        stream = watched.begin()
        await anext(stream)
        watched.house.world.clock.seconds += LONGEST_S
        return [event async for event in stream]

    assert runner.run(scenario())[-1] == "event: over\ndata: \n\n"


def test_so_many_streams_and_no_more_and_each_is_given_back():
    streams = Streams()
    held = [streams.held(f"s{number}") for number in range(STREAMS_MOST)]
    for each in held:
        each.__enter__()
    assert not streams.has_room("another")
    held[0].__exit__(None, None, None)
    assert streams.has_room("another")


def test_one_browser_takes_not_all_of_them():
    streams = Streams()
    held = [streams.held("one") for _ in range(STREAMS_A_SESSION)]
    for each in held:
        each.__enter__()
    assert not streams.has_room("one")
    assert streams.has_room("another")


class Wire:
    """A browser's connection to the real application, which the test can cut."""

    def __init__(self, house, person):
        self.app, self.person = house.app, person
        self.sent = asyncio.Queue()
        self.gone = asyncio.Event()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def ask(self, query=b""):
        headers = [
            (b"host", b"127.0.0.1:8443"),
            (b"cookie", f"__Host-staff={self.person.token}; __Host-language=en; language=en".encode()),
            (b"sec-fetch-site", b"same-origin"),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": "/staff/live",
            "raw_path": b"/staff/live",
            "query_string": query,
            "root_path": "",
            "scheme": "https",
            "headers": headers,
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 8443),
        }
        return asyncio.create_task(self.app(scope, self.receive, self.sent.put))

    async def until(self, text):
        seen = b""
        async with asyncio.timeout(5):
            while text.encode() not in seen:
                message = await self.sent.get()
                seen += message.get("body", b"")
                if message["type"] == "http.response.start":
                    self.start = message
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    break
        return seen.decode()


def test_the_stream_is_the_overview_s_own_part_in_the_browsers_language(house, guard, runner):
    async def scenario():
        wire = Wire(house, guard)
        task = wire.ask()
        seen = await wire.until("Every part")
        wire.gone.set()
        await asyncio.wait([task])
        return wire, seen

    wire, seen = runner.run(scenario())
    headers = dict(wire.start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert "event: view" in seen
    assert "The door now" in seen
    assert guard.session.form in seen


def test_the_doors_page_is_renewed_with_its_own_part_as_the_door_changes(house, guard, runner):
    async def scenario():
        wire = Wire(house, guard)
        task = wire.ask(b"page=door")
        before = await wire.until("Begin the lockdown")
        house.gate.door.now = replace(SHUT, view="lockdown", obstacle=Reason.DOOR_LOCKED, lockdown=True)
        after = await wire.until("End the lockdown")
        house.gate.door.waiting[guard.who.value] = "word"
        asked = await wire.until("event: view")
        wire.gone.set()
        await asyncio.wait([task])
        return before, after, asked

    before, after, asked = runner.run(scenario())
    assert "Release from here" in before
    assert "Lockdown: nobody is let in" in after
    assert "Release from here" not in asked


def test_watching_does_not_keep_a_session_alive_and_signing_out_ends_the_stream(house, guard, runner):
    """The stream asks quietly; R54: a session that was ended sees nothing any more."""

    async def scenario():
        wire = Wire(house, guard)
        seen_before = guard.session.seen
        house.world.clock.seconds += 60
        task = wire.ask()
        await wire.until("Every part")
        assert guard.session.seen == seen_before
        house.keeper.staff.end(guard.token)
        ended = await wire.until("event: over")
        await asyncio.wait([task], timeout=5)
        return ended, task.done()

    ended, is_done = runner.run(scenario())
    assert "event: over" in ended
    assert is_done


def test_a_lost_stream_gives_its_place_back(house, guard, runner):
    async def scenario():
        for _ in range(STREAMS_A_SESSION + 2):
            wire = Wire(house, guard)
            task = wire.ask()
            await wire.until("Every part")
            wire.gone.set()
            await asyncio.wait([task])

    runner.run(scenario())


def test_one_stream_too_many_is_refused_with_words(house, guard, runner):
    async def scenario():
        wires = [Wire(house, guard) for _ in range(STREAMS_A_SESSION)]
        tasks = [wire.ask() for wire in wires]
        for wire in wires:
            await wire.until("Every part")
        last = Wire(house, guard)
        task = last.ask()
        text = await last.until("Too many pages watch")
        for wire in wires:
            wire.gone.set()
        await asyncio.wait([*tasks, task])
        return last.start["status"], text

    status, text = runner.run(scenario())
    assert status == 503
    assert "Too many pages watch this gate at once." in text


def test_r53_without_an_office_nobody_watches(house, runner):
    nobody = house.signed_in()
    assert nobody.get("/staff/live").status_code == 403


def test_the_view_is_the_same_value_while_nothing_changes(house):
    assert look(house.context) == look(house.context)
    before = look(house.context)
    house.gate.door.now = replace(SHUT, view="open")
    assert look(house.context) != before


def test_a_role_taken_away_ends_the_stream(house, runner):
    person = house.signed_in(Role.GUARD)
    house.office.accounts.ended.add(person.who.account)
    assert person.get("/staff/live").status_code == 303
