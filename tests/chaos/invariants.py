"""What must hold after every misfortune, each by its name. A claim that fails raises AssertionError in words."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gate.app import open_store
from gate.core.retention import Item, cutoff
from gate.publish.keeping import LONGEST_WAIT_S
from gate.settings import read_settings
from tests.canary_gate import until
from tests.chaos.life import AGAIN_S, PAGE_S, Life

SOON_S: Final = 2.0
_HEARD_S: Final = LONGEST_WAIT_S + 60.0
"""A gate that called in vain for long waits so long before it calls again."""
FORCED_AGAIN_S: Final = 1.0
"""A door that was forced and not heard of is forced again."""


def strangers_stay_out(life: Life) -> None:
    """An unknown card does not open, whatever happened before."""
    life.strangers_stay_out()


def exit_is_free(life: Life) -> None:
    """The handle opens the leaf, the exit button frees the strike, and both end by themselves (R66)."""
    gate = life.gate
    until(lambda: gate.stands()[0], "the strike to hold", every_s=PAGE_S)
    gate.post("/sim/deed", name="shut")
    gate.post("/sim/deed", name="leave")
    assert gate.stands()[1], "the handle inside did not open the leaf"
    gate.post("/sim/deed", name="shut")
    gate.post("/sim/deed", name="exit")
    assert not gate.stands()[0], "the exit button did not free the strike"
    until(lambda: gate.stands() == (True, False), "the door to lock again")


def consent_holds(life: Life) -> None:
    """The face of somebody who withdrew does not open, after no restart, cut, damage or restore (R21, R24)."""
    gate = life.gate
    before = len(gate.answers())
    if not life.look_as("stranger"):
        life.counters["withdrawn face: face was not offered"] += 1
        return
    until(lambda: gate.answers()[before:] or 'action="/kiosk/start"' in gate.view, "the answer", 60)
    assert ("face", True) not in gate.answers()[before:], "the face of somebody who withdrew opened"
    life.counters["withdrawn face: refused"] += 1


def a_face_still_opens(life: Life) -> None:
    """Who agreed and did not withdraw is known: counted, for a starved camera may cost them a second try."""
    gate = life.gate
    before = len(gate.answers())
    if not life.look_as("resident"):
        life.counters["enrolled face: face was not offered"] += 1
        return
    until(lambda: gate.answers()[before:] or 'action="/kiosk/start"' in gate.view, "the answer", 60)
    opened = ("face", True) in gate.answers()[before:]
    life.counters[f"enrolled face: {'opened' if opened else 'not in one try'}"] += 1


def an_alarm_arrives(life: Life) -> None:
    """A door forced now is heard at the other end of the network, begun and over."""
    gate = life.gate
    until(lambda: gate.stands()[0], "the strike to hold", every_s=PAGE_S)
    gate.post("/sim/deed", name="shut")
    before = len(life.receiver.messages)

    again_at = 0.0

    def heard() -> bool:
        nonlocal again_at
        if time.monotonic() >= again_at:
            again_at = time.monotonic() + FORCED_AGAIN_S
            gate.post("/sim/deed", name="force")
            gate.post("/sim/deed", name="shut")
        news = life.receiver.messages[before:]
        return {("forced", True), ("forced", False)} <= {
            (each.get("alarm"), each.get("began")) for each in news if each["stream"] == "alarms"
        }

    until(heard, "the alarm to arrive", _HEARD_S, every_s=PAGE_S)


def no_event_is_lost_or_doubled(life: Life) -> None:
    """Whatever got a number arrived; numbers have no gap, each stands for one message, and repeats say the same (R46)."""
    waits = "SELECT count(*) FROM outbox WHERE sequence IS NOT NULL AND sent_at IS NULL"
    until(lambda: life.rows(waits) == [(0,)], "the outbox to empty", _HEARD_S, every_s=PAGE_S)
    last = dict(life.rows("SELECT stream, last FROM outbox_streams"))
    ((epoch,),) = life.rows("SELECT value FROM meta WHERE name = 'outbox-epoch'")

    def arrived() -> bool:
        news = {
            (each["stream"], each["sequence"]) for each in life.receiver.messages if each["epoch"] == epoch
        }
        return all(
            (stream, number) in news or number <= life.first(stream) for stream, number in last.items()
        )

    until(arrived, "the newest events to arrive", _HEARD_S, every_s=PAGE_S)
    _numbers_hold(life)


def _numbers_hold(life: Life) -> None:
    said: dict[str, dict[str, object]] = {}
    numbers: dict[tuple[object, object], dict[int, object]] = {}
    for message in list(life.receiver.messages):
        assert said.setdefault(message["message_id"], message) == message, "a repeat says something else"
        ids = numbers.setdefault((message["epoch"], message["stream"]), {})
        there = ids.setdefault(message["sequence"], message["message_id"])
        assert there == message["message_id"], "one number stands for two messages"
    for (_, stream), ids in numbers.items():
        assert sorted(ids) == list(range(min(ids), max(ids) + 1)), f"{stream}: a gap in {sorted(ids)}"
        assert min(ids) in {1, life.first(stream) + 1}, f"{stream}: the first is {min(ids)}"


def grants_have_a_cause(life: Life) -> None:
    """No more grants are on record than cards and faces were presented, and no grant that was told is missing (R55)."""
    recorded = dict(life.rows("SELECT method, count(*) FROM decisions WHERE granted GROUP BY method"))
    assert set(recorded) <= {"card", "face"}, f"grants of {set(recorded)}"
    in_all = sum(recorded.values()) - life.ledger.recorded
    assert sum(life.ledger.seen.values()) <= in_all, f"{life.ledger.seen} told, {in_all} on record"
    assert in_all <= sum(life.ledger.held.values()), f"{life.ledger.held} presented, {in_all} on record"


def the_records_hold(life: Life) -> None:
    """Database, audit log and ledger of consents verify, as ``gate audit verify`` and ``gate consent verify`` see them."""
    if life.chance.random() < 0.1:
        life.site.command("audit", "verify")
        life.site.command("consent", "verify")
    with closing(open_store(read_settings(life.site.config))) as store:
        assert store._database.rows("PRAGMA integrity_check") == [("ok",)]
        now = store.clock.trusted(datetime.now(UTC)).at
        broken = store.audit.verify(cutoff(Item.AUDIT, now))
        assert broken is None, f"audit log: line {broken.seq}: {broken.why}"
        broken = store.consents.verify()
        assert broken is None, f"ledger of consents: event {broken.seq}: {broken.why}"
        active = store._database.rows("SELECT count(*) FROM templates")
        assert active == [(1,)], f"{active} templates of one consent"


def cards_open_soon(life: Life) -> None:
    """After a restart a card opens within two seconds, on a computer with nothing else to do.

    On one that is busy: the restart takes at most two seconds of a core, or half as much again as an undisturbed start of the
    same gate there, and stands still, neither using a core nor waiting for one, for no more than two and the time until a card
    that came too early is held to the reader again.
    """
    most = max(SOON_S, 1.5 * life.undisturbed.cpu_s)
    for each in life.recoveries:
        if each.restarted and each.card_s > SOON_S:
            assert each.cpu_s <= most, f"after {each.fault}: {each.cpu_s:.2f} s of a core, {most:.2f} at most"
            still = each.card_s - each.waited_s - each.cpu_s
            assert still <= SOON_S + AGAIN_S, f"after {each.fault}: it stood still for {still:.2f} s"


def nothing_is_left_open(life: Life) -> None:
    """No traceback of the gate stands in what it said."""
    for path in Path(life.site.folder / "said").glob("*-run.err"):
        text = path.read_text(errors="replace")
        assert "Traceback" not in text, f"a trace: {text[text.index('Traceback') :][:1500]}"


AT_WORK = (
    strangers_stay_out,
    exit_is_free,
    an_alarm_arrives,
    no_event_is_lost_or_doubled,
    cards_open_soon,
)
"""Asked of the gate while it serves; ``consent_holds`` too, where the story is about face or its data."""
AT_REST = (grants_have_a_cause, the_records_hold, nothing_is_left_open)
"""Asked of what it kept."""
EVERY = (*AT_WORK, consent_holds, *AT_REST)
