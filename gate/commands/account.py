"""``gate account``: the way in at the device itself. Whoever works here holds the device and its keys (R52, R54)."""

from __future__ import annotations

from typing import Annotated

import typer

from gate.commands.asking import confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.core.accounts import normal_login, spelled
from gate.errors import RequestError
from gate.store import Store
from gate.store.staff.accounts import Account

account = typer.Typer(no_args_is_help=True, help="Staff accounts: the first way in, and the way back in.")
Login = Annotated[str, typer.Argument(help="The account's login.")]


@account.command("setup-code")
def setup_code(config: Config = DEFAULT_CONFIG) -> None:
    """Print a code with which a manager's account is set up at /setup: the first one, or one for who is locked out.

    It is good once, within an hour; an earlier one is void.
    """
    with opened(config) as (settings, store):
        code, until = store.staff.codes.set_up_code(trusted_now(store))
    typer.echo(f"Set-up code: {spelled(code)}")
    until_local = until.astimezone(settings.site.zone)
    typer.echo(
        f"Type it at /setup on the gate's pages, before {until_local:%H:%M %Z}. It is good once.", err=True
    )


@account.command("list")
def list_accounts(config: Config = DEFAULT_CONFIG) -> None:
    """Print every account: login, offices, how it stands. Names are on the pages."""
    with opened(config) as (_, store):
        accounts = store.staff.accounts.all()
    for each in accounts:
        typer.echo(f"{each.login}  {', '.join(sorted(each.roles))}  {_standing(each)}")
    if not accounts:
        typer.echo("There is no account. Run gate account setup-code.")


@account.command("disable")
def disable(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """End an account: nobody signs in to it, and whoever is signed in is not any more. Asks for the login once more."""
    from gate.office.accounts.book import disable as end  # slow to import: not for --help

    with opened(config) as (_, store):
        found = _found(store, login)
        confirm("Nobody can use this account any more. Type its login again", found.login)
        end(store, found.id, at=trusted_now(store))
    typer.echo("The account is ended, and so are the tokens it made.")


@account.command("reset-second-factor")
def reset_second_factor(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """Take password, second factor and passkeys of an account back and print an invitation that sets them anew.

    The tokens it made end with them. The only manager's account is not reset: set another up by a set-up code, then
    end this one.
    """
    from gate.office.accounts.book import reset  # slow to import: not for --help

    with opened(config) as (_, store):
        found = _found(store, login)
        confirm("Its password and second factor will be gone. Type its login again", found.login)
        code, _ = reset(store, found.id, at=trusted_now(store))
    typer.echo(f"Invitation: {spelled(code)}")
    typer.echo(
        "Its holder types it at /staff/join on the gate's pages, within a week. It is good once.", err=True
    )


def _found(store: Store, login: str) -> Account:
    found = store.staff.accounts.by_login(normal_login(login) or "")
    if found is None:
        raise RequestError(
            "account-unknown", "There is no account with this login.", remedy="See gate account list."
        )
    return found


def _standing(each: Account) -> str:
    if each.disabled_at is not None:
        return "ended"
    return "in use" if each.secrets else "invited, not taken up"
