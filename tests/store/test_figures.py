"""R84 and the counts of governance: what is counted, and when a mark was first reached."""

from datetime import timedelta

import pytest

from gate.store.figures import RetentionRun

INSERT = "INSERT INTO consents VALUES (?, ?, 'open-gate', '1.0', 'en', ?, 9999, ?, ?, NULL, 0)"


@pytest.fixture
def figures(store):
    return store.figures


@pytest.fixture
def consents(intruder, figures):
    """Write consents given and ended at these seconds."""

    def write(*spans):
        with intruder() as connection:
            for number, (given, ended) in enumerate(spans):
                state = "given" if ended is None else "withdrawn"
                connection.execute(INSERT, (f"c{number}", f"s{number}", given, ended, state))

    return write


def test_an_empty_store_has_empty_figures(figures, noon):
    assert figures.consents() == ()
    assert figures.people_with_templates() == 0
    assert figures.requests() == ()
    assert figures.retention_runs() == ()
    assert figures.last_retention_run() is None
    assert figures.tombstones() == {}
    assert figures.first_reached(1) is None


def test_people_with_a_template_are_counted_once(store, enrol, resident):
    enrol(resident)
    assert store.figures.people_with_templates() == 1
    assert [(each.state, each.count) for each in store.figures.consents()] == [("given", 1)]


@pytest.mark.parametrize(
    ("spans", "reached"),
    [
        ([(1, None)], None),
        ([(1, None), (5, None)], 5),
        ([(1, 4), (5, None)], None),
        ([(1, 5), (5, None)], None),  # one ended at the very second the other began
        ([(1, 6), (5, None), (7, None)], 5),
    ],
)
def test_r84_the_day_a_number_was_first_reached_follows_from_the_consents(figures, consents, spans, reached):
    consents(*spans)
    first = figures.first_reached(2)
    assert (first and int(first.timestamp())) == reached


@pytest.mark.parametrize(
    ("failed", "has"), [("", False), ("[]", False), ("{}", False), ('{"person":1}', True)]
)
def test_r76_a_run_that_could_not_delete_is_told(noon, failed, has):
    assert RetentionRun(noon, "{}", failed).has_failed is has


def test_runs_are_given_from_a_time_on(figures, intruder, noon):
    with intruder() as connection:
        for hours in (0, 1):
            at = int((noon + timedelta(hours=hours)).timestamp())
            connection.execute(
                "INSERT INTO retention_runs (at, deleted, failed) VALUES (?, '{}', '{}')", (at,)
            )
    assert len(figures.retention_runs()) == 2
    assert [each.at for each in figures.retention_runs(since=noon + timedelta(hours=1))] == [
        figures.last_retention_run().at
    ]
