"""R84 and the counts of governance: what is counted, and when a mark was first reached."""

import pytest

from gate.errors import VaultError

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


def test_an_empty_store_has_empty_figures(figures):
    assert figures.consents() == ()
    assert figures.people_with_templates() == 0
    assert figures.requests() == ()
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


def test_a_time_that_cannot_be_is_told_as_altered(figures, intruder):
    with intruder() as connection:
        row = ("r1", "access", 2**60, 0, b"", b"")
        connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?, NULL, NULL, ?, ?, NULL)", row)
    with pytest.raises(VaultError) as refusal:
        figures.requests()
    assert refusal.value.code == "record-altered"
