"""``gate rights``: what people may ask about their own data. Personal data is asked for, never an argument."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.asking import ask, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config, Unit
from gate.core.consent import Approver, By, Channel
from gate.core.operating import OperatingPoint
from gate.core.rights import NextOfKin, Outcome, RequestKind, last_day
from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action, Actor
from gate.store.consent.consents import MinorOpening
from gate.store.people import Person
from gate.store.requests import Facts

rights = typer.Typer(
    no_args_is_help=True, help="See, copy, correct, restrict, explain; requests and their due dates."
)

_BY = By(Channel.DEVICE, "installer")
RequestId = Annotated[
    str, typer.Argument(metavar="ID", help="The request's id, as gate rights list shows it.")
]


@rights.command("list")
def list_requests(
    config: Config = DEFAULT_CONFIG,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    words: Annotated[
        bool, typer.Option("--words", help="With unit and words: personal data on the screen.")
    ] = False,
) -> None:
    """List the requests, the earliest due first; names nobody unless asked to. Exit 1 if one is overdue."""
    with opened(config) as (_, store):
        now = trusted_now(store)
        found = store.requests.list(closed=everything)
        for each in found:
            typer.echo(f"{each.id}  {each.state(now):<8}{each.kind:<12}due {last_day(each.due_at)}")
            if each.facts is None:
                typer.echo("  altered: what was asked cannot be read any more")
            elif words:
                _tell_words(store, each.facts, now)
    if any(each.state(now) == "overdue" for each in found):
        raise typer.Exit(1)


@rights.command("open")
def open_request(
    kind: Annotated[RequestKind, typer.Argument(help="What is asked for.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Take a request in; asks for unit and words, and for next of kin who they are and how it was checked."""
    unit = ask("Unit (empty: of nobody here)")
    details = ask("What is asked, in the person's words")
    kin = None
    if kind is RequestKind.NEXT_OF_KIN:
        try:
            kin = NextOfKin(ask("Name of who asks"), ask("Relation"), ask("How the relation was checked"))
        except ValueError as error:
            raise RequestError(
                "kin-missing",
                "Next of kin say their name, their relation, and how it was checked.",
                remedy="Ask again and fill in all three; nothing was written.",
            ) from error
    with opened(config) as (_, store):
        person = _find(store, unit).id if unit else None
        now = trusted_now(store)
        request = store.requests.open(
            kind, person, details, channel=Channel.DEVICE, at=now, actor=Actor.INSTALLER, kin=kin
        )
        if kind is RequestKind.OBJECT and person is not None:
            store.consents.restrict(person, at=now, by=_BY)
            typer.echo("The face is left alone from now on.")
        due = store.requests.get(request).due_at
    typer.echo(f"Request {request} is due by {last_day(due)}.")


@rights.command("close")
def close_request(
    request: RequestId,
    outcome: Annotated[Outcome, typer.Argument(help="How it ended.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the answer to a request, asked for; the person reads it on their own page."""
    answer = ask("Answer (a refusal: why, and where to complain)")
    with opened(config) as (_, store):
        store.requests.close(request, outcome, answer, at=trusted_now(store), actor=Actor.INSTALLER)
    typer.echo(f"Request {request} is closed: {outcome}.")


@rights.command("export")
def export_record(
    unit: Unit,
    out: Annotated[Path, typer.Option("--out", help="A folder that does not exist yet.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write all that is held of a resident, for them to take along: JSON, and a page in each language."""
    from gate.rights import exported, records_of, write_folder

    with opened(config) as (settings, store):
        person, now = _find(store, unit), trusted_now(store)
        _open_minor(store, person)
        files = exported(records_of(settings, store, _point(settings, store)).own_record(person.id, now))
        write_folder(files, out)
        store.audit.write(Actor.INSTALLER, Action.RECORD_EXPORTED, at=now, object=person.id)
    typer.echo(f"Written to {out}: {', '.join(files)}. Hand it over, then delete it here.")


@rights.command("correct")
def correct_record(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Correct unit, name and contact, asked for; an empty answer leaves one as it is, a dash empties the contact."""
    new_unit, name, contact = (
        ask("Unit (empty: as it is)"),
        ask("Name (empty: as it is)"),
        ask("Contact (empty: as it is)"),
    )
    with opened(config) as (_, store):
        person = _find(store, unit)
        _open_minor(store, person)
        corrected = store.residents.correct(
            person.id,
            unit=new_unit or person.unit,
            name=name or person.name,
            contact="" if contact == "-" else contact or person.contact,
            at=trusted_now(store),
            actor=Actor.INSTALLER,
        )
    typer.echo("Corrected." if corrected else "It was so already; nothing was changed.")


@rights.command("birthday")
def correct_birthday(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Correct the day on which a child turns 14, asked for; it takes a second approval."""
    said = ask("Fourteenth birthday as YYYY-MM-DD")
    try:
        birthday = date.fromisoformat(said)
    except ValueError as error:
        raise RequestError(
            "date-unfit", "That is no day.", remedy="Write it as YYYY-MM-DD; nothing was changed."
        ) from error
    with opened(config) as (_, store):
        person, now = _find(store, unit), trusted_now(store)
        opening = _approved(store, person, now)
        store.residents.correct_birthday(person.id, birthday, opening, at=now, actor=Actor.INSTALLER)
    typer.echo("Corrected.")


@rights.command("restrict")
def restrict_face(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Leave a resident's face alone at their wish, without ending the consent; card and PIN go on."""
    with opened(config) as (_, store):
        done = store.consents.restrict(_find(store, unit).id, at=trusted_now(store), by=_BY)
    typer.echo(
        "The face is left alone; a running gate heeds it within 20 seconds."
        if done
        else "Nothing to restrict."
    )


@rights.command("release")
def release_face(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Take a restriction back at the resident's wish."""
    with opened(config) as (_, store):
        done = store.consents.release(_find(store, unit).id, at=trusted_now(store), by=_BY)
    typer.echo("The face is used again." if done else "There is no restriction.")


@rights.command("explain")
def explain(config: Config = DEFAULT_CONFIG) -> None:
    """Explain how a face is decided about, with the figures of the model in use, and the way to a human."""
    from gate.inforce import in_force
    from gate.rights import explanation_of
    from gate.settings import read_settings
    from gate.web.own import percent

    settings = in_force(read_settings(config))
    if Store.exists(settings.storage.data_dir):
        with opened(config) as (_, store):
            found = explanation_of(_point(settings, store))
    else:
        found = explanation_of(_point(settings, None))
    typer.echo(
        "After a person chooses face, the picture is turned into 128 numbers and compared with the stored"
    )
    typer.echo(
        "templates of those who agreed. The gate opens if one is similar enough and clearly more so than any other."
    )
    if found is None:
        typer.echo("No face model is installed: nothing is decided by face here.")
    else:
        typer.echo(f"Similar enough: {found.threshold:.3f} of 1, and {found.margin:.3f} above the next.")
        refused, refused_most = percent(found.owners_refused), percent(found.owners_refused_most)
        confused, confused_most = percent(found.strangers_matched), percent(found.strangers_matched_most)
        sure = f"{100 * found.confidence:g} % confidence"
        typer.echo(
            f"Measured {found.measured_on}: {refused} % of own faces refused (at most {refused_most} %, {sure});"
        )
        typer.echo(
            f"{confused} % of comparisons took one person for another (at most {confused_most} %, {sure})."
        )
    typer.echo(
        "Scores are not kept, so a single past decision cannot be looked up. A refusal has no consequence: card"
    )
    typer.echo(f"and PIN open at once. A human being to talk to: {settings.site.contact}")


def _find(store: Store, unit: str) -> Person:
    person = store.people.find_by_unit(unit)
    if person is None:
        raise RequestError(
            "unit-unknown", "No resident is entered under this unit.", remedy="See gate resident list."
        )
    return person


def _tell_words(store: Store, facts: Facts, now: datetime) -> None:
    """Show who asked what; of a child only the unit, for the rest needs a second approval (R27)."""
    person = _person_of(store, facts.person)
    if person is not None and person.is_child(now):
        typer.echo(
            f"  unit {person.unit}: a child's record; gate rights export shows it, with a second approval"
        )
        return
    gone = "none" if facts.person is None else "of somebody who is no longer here"
    unit = gone if person is None else person.unit
    typer.echo(f"  unit {unit}: {facts.details}" + (f" / {facts.answer}" if facts.answer else ""))
    if facts.kin is not None:
        kin = facts.kin
        typer.echo(f"  by {kin.name}, {kin.relation}; checked: {kin.checked_how}")


def _person_of(store: Store, person: PersonId | None) -> Person | None:
    try:
        return None if person is None else store.people.get(person)
    except GateError:
        return None


def _open_minor(store: Store, person: Person) -> None:
    """Have a second person approve that staff open a child's record (R27)."""
    now = trusted_now(store)
    if not person.is_child(now):
        return
    _approved(store, person, now)


def _approved(store: Store, person: Person, now: datetime) -> MinorOpening:
    """Ask who the second person is, and put that on record."""
    said = ask(f"This is a child's record. Second approval by ({', '.join(Approver)})")
    if said not in set(Approver):
        raise RequestError(
            "minor-approval",
            "A child's record is opened with a second approval only.",
            remedy="Ask the manager or the privacy officer to be there.",
        )
    return store.consents.open_minor(person.id, Approver(said), at=now, by=_BY)


def _point(settings: Settings, store: Store | None) -> OperatingPoint | None:
    from gate.calibrated import point_in_force

    try:
        return point_in_force(settings, store.signer.public_key if store else None)
    except GateError:
        return None
