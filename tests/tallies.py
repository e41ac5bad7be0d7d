"""What a store has counted and not told, as it stands on disk: for tests alone, no page and no message has it."""

from datetime import timedelta
from fractions import Fraction

from gate.core.anonymity import Counting
from gate.store.tally import Tally

PLAIN = Counting(Fraction(0))
"""Counts without noise, so that a test can say what comes out."""


def counted(store):
    """Give the people and refusals of each hour that is not closed: {start: (people, refused)}."""
    tally = store.tally
    on_disk = Tally(store._database, tally._vault, store.outbox, PLAIN)
    return {start: (hour.people.least, hour.refused) for start, hour in on_disk._state.hours.items()}


def sums(store):
    """Give all of it together: (people, refused)."""
    hours = counted(store).values()
    return sum(people for people, _ in hours), sum(refused for _, refused in hours)


def told(store, at):
    """Have one hour, in which nobody came, counted from *at* on, told and acknowledged: one row of the outbox."""
    store.tally.close(at)
    store.tally.close(at + timedelta(hours=1))
    (queued,) = store.outbox.pending(at + timedelta(hours=2))
    store.outbox.mark_sent(queued.message_id, at=at + timedelta(hours=2))
