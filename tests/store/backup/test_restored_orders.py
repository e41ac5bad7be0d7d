"""After a restore nobody knows which orders were carried out since the backup: none that may be out holds."""

from datetime import timedelta

from gate.core.orders import KEPT, LIFETIME_MOST, OrderKind, Refusal
from tests.signed_orders import by, order_of
from tests.store.devices import HOUR, NOON

RESTORED = NOON + 24 * HOUR


def test_an_order_carried_out_since_the_backup_does_not_come_back_with_it(replacement, stick):
    device = replacement
    order = order_of(OrderKind.LOCKDOWN, at=RESTORED, seconds=600)
    device.back_up(stick)
    with device.store() as store:
        store.orders.take(order, at=RESTORED, by=by())
    device.restore(stick, at=RESTORED)
    with device.store() as store:
        assert store.orders.take(order, at=RESTORED, by=by()) is Refusal.REPLAYED


def test_orders_signed_once_the_restore_is_past_are_taken_as_ever(replacement, stick):
    device = replacement
    device.back_up(stick)
    device.restore(stick, at=RESTORED)
    later = RESTORED + KEPT
    with device.store() as store:
        assert store.orders.take(order_of(at=later), at=later, by=by()) is None
        assert max(LIFETIME_MOST.values()) <= KEPT < timedelta(hours=1)
