"""docs/reliability.md says what was measured, and all of it."""

import json

import pytest

from tests.chaos import invariants, reliability_words, report
from tests.chaos.plays import percentile, read_plays, summary
from tests.chaos.report import DOCUMENT, MEASURED


def test_the_document_is_made_of_what_was_measured():
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == reliability_words.document(measured), "run python -m tests.chaos.report"


def recovery(fault="core killed", card_s=1.5, *, restarted=True):
    return {
        "fault": fault,
        "card_s": card_s,
        "waited_s": 0.1,
        "cpu_s": 1.2,
        "restarted": restarted,
        "face_s": None,
    }


def played(seed, *recoveries, broken=(), **said):
    """Give the line of one play."""
    play = {
        "seed": seed,
        "misfortunes": ["core killed"],
        "together": False,
        "recoveries": list(recoveries),
        "held": {"exit_is_free": 1},
        "counters": {},
        "undisturbed": recovery("", 1.4),
        "broken": list(broken),
    }
    return json.dumps(play | said)


@pytest.fixture
def read(tmp_path):
    """Give what a file of these lines says."""

    def take(*lines, timed=None):
        path = tmp_path / "plays.jsonl"
        path.write_text("\n".join(lines) + "\n")
        return read_plays(path, timed=timed)

    return take


def document_of(plays):
    return reliability_words.document({"seeds": summary(plays)})


def test_every_invariant_is_explained_and_every_failure_is_told(read):
    broken = ["exit_is_free", "the handle inside did not open the leaf"]
    text = document_of(read(played(17, timed=False, broken=broken), played(18, timed=False)))
    assert all(f"`{each.__name__}`" in text for each in invariants.EVERY)
    assert (
        "Seed 17 broke `exit_is_free`: the handle inside did not open the leaf. It was not played again"
        in text
    )
    assert "1 plays held every invariant" in text


def test_a_failure_that_was_played_again_says_how_that_went(read):
    plays = read(played(17, timed=False, broken=["story", "why"]), played(17, timed=True))
    assert "Seed 17 broke `story`: why. In 1 other play it held them all." in document_of(plays)


def test_times_are_those_of_the_plays_for_times_and_verdicts_those_of_all(read):
    added = summary(read(played(1, recovery(), timed=True), played(2, recovery(card_s=60.0), timed=False)))
    assert (added["played_in_all"], added["held"]["exit_is_free"]) == (2, 2)
    assert added["timed"]["recoveries"] == {
        "core killed": {"times": 1, "card_50": 1.5, "card_99": 1.5, "cpu_50": 1.2, "cpu_99": 1.2}
    }
    assert added["timed"]["starts"]["times"] == 1


def test_several_files_are_added_up_each_as_it_was_played(tmp_path):
    kinds = {"new": played(1, recovery(), timed=True), "calm": played(2, recovery()), "busy": played(3)}
    for name, line in kinds.items():
        (tmp_path / name).write_text(f"{line}\n")
    new, calm, busy = (str(tmp_path / name) for name in kinds)
    plays = report.asked_plays(["--seeds", new, "--timed", calm, "--untimed", busy])
    assert [play["timed"] for play in plays] == [True, True, False]


def test_a_line_that_does_not_say_how_it_was_played_is_refused_with_the_way_out(read):
    with pytest.raises(SystemExit, match="--timed or --untimed"):
        read(played(1))


@pytest.mark.parametrize(
    ("card_s", "words"),
    [
        (1.9, "After each of the 1 restarts a card opened within 2 s: the aim is met."),
        (2.1, "After 0 of the 1 restarts a card opened within 2 s"),
    ],
)
def test_whether_cards_opened_soon_is_said_as_it_was_measured(read, card_s, words):
    assert words in document_of(read(played(1, recovery(card_s=card_s), timed=True)))


def test_how_busy_the_computer_was_is_said_where_it_is_known(read):
    busy = read(played(1, timed=True, workers=1, load=0.5), played(2, timed=True, workers=1, load=2.0))
    assert (
        "One gate was played at a time, and the computer's load in the minute before a play was 0.5 to 2."
        in document_of(busy)
    )
    assert "was not written down" in document_of(read(played(1, timed=True)))


@pytest.mark.parametrize(("seeds", "words"), [(999, "is missed by 1."), (1000, "is met.")])
def test_the_aim_of_a_thousand_seeds_is_counted(read, seeds, words):
    assert f"The aim of 1,000 seeds {words}" in document_of(
        read(*(played(each, timed=False) for each in range(seeds)))
    )


def test_a_percentile_is_one_of_the_values():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
