"""Staff accounts behind the pages: signing in, setting up, managing, and one's own (R52 to R54)."""

from __future__ import annotations

from gate.office.accounts.book import AccountBook
from gate.office.accounts.desk import AccountDesk, Hashing
from gate.office.accounts.joining import Joining
from gate.office.accounts.own import OwnAccounts
from gate.office.accounts.passkeys import Ceremonies
from gate.office.accounts.sign_in import SignIn
from gate.ports import Clock
from gate.store import Store
from gate.web.staff.ports.accounts import AccountsOffice


def open_accounts(
    store: Store, clock: Clock, hashing: Hashing, *, gate_id: str, rp_id: str
) -> AccountsOffice:
    """Give what the pages do about accounts.

    hashing: does one slow hash behind the door's PINs. rp_id: the host name that passkeys are made for.
    """
    ceremonies = Ceremonies(clock, rp_id=rp_id, rp_name=gate_id)
    desk = AccountDesk(store, clock, hashing, gate_id)
    return AccountsOffice(
        sign_in=SignIn(desk, ceremonies),
        joining=Joining(desk),
        book=AccountBook(store, clock),
        own=OwnAccounts(desk, ceremonies),
    )
