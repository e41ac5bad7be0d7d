"""``gate check``: everything the gate needs, looked at one by one. Opens no camera and shows no person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from firmware_bridge.drivers import Profile
from gate.app import open_store
from gate.broker_check import look_at_broker
from gate.calibrated import point_in_force
from gate.core.duties import State
from gate.core.hours import HoursFault
from gate.core.liveness import Assurance, Level
from gate.core.notices import LANGUAGES, Change, Published
from gate.core.operating import effective_threshold
from gate.core.orders import key_id
from gate.core.overrides import SETTINGS
from gate.errors import ConfigError, GateError, VaultError
from gate.govern.facts import present_duties
from gate.inforce import in_force, value_of
from gate.notice import load_sources, propose
from gate.office.trust import look_at_certificate, site_names
from gate.place_check import refuse_absent_backup, refuse_absent_camera, refuse_folders
from gate.publishing import broker_of
from gate.sandbox_check import look_at_sandbox
from gate.settings import Settings
from gate.sight import assurance_of, depth_fitted, level_of, liveness_fitted
from gate.store import Store
from gate.store.keyring.keys import Custody
from gate.upkeep_check import LOOKS
from gate.vision.client import DEPTH_NAMES
from gate.vision.manifest import Task
from gate.wiring import KEYED, devices_of

_PROFILE = {
    Profile.SECURE: "{} driver, cards that prove themselves",
    Profile.UID_ONLY: "{} driver, whose card numbers can be copied",
    Profile.NO_CARDS: "{} driver, without cards",
}
_CUSTODY = {
    Custody.CREDENTIAL: "handed over by systemd",
    Custody.PASSPHRASE: "in a file that only the operator's passphrase opens",
    Custody.TPM: "sealed in this device's TPM: its storage alone opens nothing",
    Custody.FILE: "held in a software file: whoever copies data_dir and keys_dir together can open everything",
}
_ASSURANCE = {
    Assurance.LOW: "low assurance: masks and injected video are not covered",
    Assurance.SUBSTANTIAL: "a flat picture is told by its depth",
}


_FILMS = {
    Level.BASIC: '; films on a screen often pass, glossy photographs at times (docs/liveness.md): face.liveness = "challenge" is the setting against them',
    Level.CHALLENGE: "; a film that happens to show the movement asked for may pass (docs/liveness.md)",
    Level.DEPTH: "",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was seen. error: what speaks against it, with its remedy, where it is not ok."""

    subject: str
    ok: bool
    seen: str
    error: GateError | None = None

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.subject:<9}{self.seen}"


def check_gate(settings: Settings) -> list[Finding]:
    """Look at every part in turn; a fault in one does not hide the next. settings: as the file says them."""
    by_file, settings = settings, in_force(settings)
    parts: dict[str, Callable[[Settings], str]] = {
        "notice": _notice,
        "store": _store,
        "settings": lambda _: _settings(by_file),
        "reader": _reader,
        "door": _door,
        "face": _face,
        "liveness": _liveness,
        "sandbox": look_at_sandbox,
        "broker": _broker,
        "orders": _orders,
        "pages": _pages,
        "backup": _backup,
        "duties": _duties,
        "hours": _hours,
        **{subject: partial(_upkeep, look) for subject, look in LOOKS.items()},
    }
    return _told_once([_finding(subject, look, settings) for subject, look in parts.items()])


def _told_once(findings: list[Finding]) -> list[Finding]:
    """Give the findings with a fault that stops several parts told in full at the first alone."""
    first: dict[str, str] = {}
    return [
        each
        if each.ok or first.setdefault(each.seen, each.subject) == each.subject
        else replace(each, seen=f"the same as {first[each.seen]} above")
        for each in findings
    ]


@contextmanager
def _store_of(settings: Settings) -> Iterator[Store | None]:
    """Give the store for the block, None where no start made one yet; makes none."""
    if not Store.exists(settings.storage.data_dir):
        yield None
        return
    with closing(open_store(settings)) as store:
        yield store


def _finding(subject: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(subject, ok=True, seen=look(settings))
    except GateError as error:
        return Finding(subject, ok=False, seen=f"{error} [{error.code}]", error=error)


def _notice(settings: Settings) -> str:
    current, change = _published(settings)
    if current is None or change is not Change.NONE:
        what = (
            "no notice is published"
            if current is None
            else f"notice {current.version} is published, but settings and texts now say something else ({change})"
        )
        if not settings.face.enabled:
            return f"{what}; face is off, so nobody misses it"
        raise ConfigError(
            "notice-not-published", f"{what[0].upper()}{what[1:]}.", remedy="Run gate notice publish."
        )
    names = site_names(settings.web)
    reached = (
        f"QR codes lead to {settings.web.public_url}"
        if settings.web.public_url
        else f"QR codes lead to this gate's own page at {names[0]}"
        if names
        else "neither web.public_url nor web.names is set, so the gate's screen shows no QR code: no telephone can open this device"
    )
    return (
        f"version {current.version} in {' and '.join(LANGUAGES)}, shown for at least {settings.notice.minimum_s:g} s; "
        f"{reached}"
    )


def _published(settings: Settings) -> tuple[Published | None, Change]:
    """Give what is published, and what settings and texts would change; makes no store."""
    with _store_of(settings) as store:
        sources = load_sources(
            settings,
            None if store is None else store.notice_texts.site,
            public_key=None if store is None else store.signer.public_key,
        )
        if store is None:
            return None, Change.MAJOR
        proposal = propose(store.notices, sources, datetime.now(UTC))
        return proposal.current, proposal.change


def _store(settings: Settings) -> str:
    with _store_of(settings) as store:
        if store is None:
            refuse_folders(settings.storage)
            return "not made yet: the first start makes it, with its key"
        counts = f"residents: {len(store.people.list())}, templates: {store.templates.count()}"
        store.epochs.current  # noqa: B018 - a lost epoch is a finding, with its remedy
        return f"{counts}; the master key is {_CUSTODY[store.custody]}"


def _settings(by_file: Settings) -> str:
    """Say which settings were changed from the console, and whether the device signed that."""
    with _store_of(by_file) as store:
        if store is not None and store.overrides.altered:
            raise ConfigError(
                "overrides-altered",
                "The settings changed from the console are not as the device signed them; the file alone holds.",
                remedy="Find out who wrote to the database, then change the settings anew.",
            )
    now = in_force(by_file)
    differing = [key for key in SETTINGS if value_of(now, key) != value_of(by_file, key)]
    return f"changed from the console: {', '.join(differing) or 'none'}"


def _duties(settings: Settings) -> str:
    """Say whether something is overdue (``gate govern duties`` lists it all)."""
    with _store_of(settings) as store:
        if store is None:
            return "none yet"
        found = present_duties(settings, store, store.clock.trusted(datetime.now(UTC)).at)
    overdue = [duty for duty in found if duty.state is State.OVERDUE]
    if overdue:
        raise ConfigError(
            "duty-overdue",
            f"{len(overdue)} overdue, the first: {overdue[0].what}",
            remedy="Run gate govern duties.",
        )
    return f"none overdue, {sum(duty.state is State.NEAR for duty in found)} near"


def _hours(settings: Settings) -> str:
    """Say in which zone hours are meant, and whether any were altered: whoever has those is refused."""
    zone = f"meant in {settings.site.time_zone}"
    with _store_of(settings) as store:
        if store is None:
            return f"{zone}; none yet"
        named, unreadable = store.permits.list(), store.permits.unreadable()
    if unreadable:
        raise VaultError(
            "hours-unreadable",
            f"These hours are gone or altered, and open nothing: {', '.join(unreadable)}.",
            remedy=HoursFault.UNREADABLE.remedy,
        )
    return (
        f"{zone}; {', '.join(each.name for each in named) or 'none'}; who has none may come in at all times"
    )


def _backup(settings: Settings) -> str:
    """Look at the folder as the running gate does; nothing is written."""
    backup, data_dir = settings.backup, settings.storage.data_dir
    if backup is None:
        return (
            "off by settings: without a backup a broken disk costs every resident's entry (gate backup make)"
        )
    with _store_of(settings) as store:
        if store is None:
            refuse_absent_backup(backup)
            return f"to {backup.folder}, once there is something to back up"
        newest = store.backups.newest(backup.folder)
    if newest is None:
        return f"{backup.folder} is there, and holds none yet"
    age = datetime.now(UTC) - newest.created
    if age > 2 * timedelta(hours=backup.every_hours):
        raise VaultError(
            "backup-old",
            f"The newest backup in {backup.folder} is {age.days * 24 + age.seconds // 3600} hours old.",
            remedy="Look at the log for backup_failed, or run gate backup make.",
        )
    beside = backup.folder.stat().st_dev == data_dir.stat().st_dev
    where = "; on the same disk as the data, so it does not outlive that disk" if beside else ""
    return f"newest of {newest.created:%Y-%m-%d %H:%M} UTC in {backup.folder}{where}"


def _upkeep(look: Callable[[Store, datetime], str], settings: Settings) -> str:
    with _store_of(settings) as store:
        if store is None:
            return "none yet"
        return look(store, datetime.now(UTC))


def _reader(settings: Settings) -> str:
    """Say which readers there are and what a card is worth there; opens none of them."""
    readers, _ = devices_of(settings, _key_of(settings))
    names = (settings.reader.driver, *settings.reader.also)
    kinds = ", ".join(
        _PROFILE[reader.profile].format(name) for name, reader in zip(names, readers, strict=True)
    )
    blind = (
        "" if readers[0].supervised else "; a cut cable goes unseen, so face waits until it read something"
    )
    return f"{kinds}{blind}{_asks(settings)}"


def _door(settings: Settings) -> str:
    """Say which door there is and what it does without power or host; opens nothing."""
    devices_of(settings, _key_of(settings))
    lockdown = "; LOCKED DOWN: nobody is let in (gate lockdown end)" if _is_locked_down(settings) else ""
    return f"{settings.door.driver} driver, {settings.door.declared}, {settings.door.release_s:g} s{lockdown}"


def _is_locked_down(settings: Settings) -> bool:
    with _store_of(settings) as store:
        return store is not None and store.lockdown.is_on


def _asks(settings: Settings) -> str:
    return "; a card alone does not open" if settings.access.two_factors else ""


def _key_of(settings: Settings) -> Callable[[str], bytes | None]:
    """Look whether each device that is used and needs pairing is paired. Raises ConfigError where it is not."""
    used = {settings.reader.driver, *settings.reader.also, settings.door.driver}
    keys: dict[str, bytes | None] = {}
    with _store_of(settings) as store:
        if store is not None:
            keys = {name: store.device_keys.get(name) for name in KEYED}
    for name in KEYED:
        if name in used and keys.get(name) is None:
            pairs = "reader" if name == "osdp" else "door"
            raise ConfigError(
                "device-unpaired",
                f"The {name} device has no key yet: it is refused until it has.",
                remedy=f"Run gate {pairs} pair, with the gate stopped.",
            )
    return keys.get


def _face(settings: Settings) -> str:
    """Load both networks as the vision process would, and say what really runs them."""
    if not settings.face.enabled or settings.camera is None:
        return "off by settings"
    stopped = _stopped_on(settings)
    if stopped is not None:
        return f"stopped on {stopped:%Y-%m-%d} for good (UTC); cards and PINs go on"
    from gate.vision.camera import known_driver
    from gate.vision.sessions import open_chosen

    known_driver(settings.camera.driver)
    refuse_absent_camera(settings.camera)
    running = {}
    notes = []
    tasks: tuple[Task, ...] = ("detect", "embed")
    for task in tasks:
        session, choice = open_chosen(
            settings.models_dir, task, providers=settings.face.providers, threads=settings.face.threads
        )
        form = f"{choice.manifest.name} ({choice.variant}, {choice.threads} threads, {choice.source})"
        running[form] = session.get_providers()[0]
        notes += [choice.note] if choice.note else []
    with _store_of(settings) as store:
        point = point_in_force(settings, None if store is None else store.signer.public_key)
    threshold = effective_threshold(point, settings.face.threshold_at_least)
    networks = "; ".join([", ".join(f"{name} on {provider}" for name, provider in running.items()), *notes])
    return (
        f"{networks}; {settings.camera.driver} camera, closed; threshold {threshold:g} for {point.n_threshold} templates, "
        f"rising to {threshold + point.raised_by(point.n_max):.2f} for the {point.n_max} it allows at most"
    )


def _liveness(settings: Settings) -> str:
    """Say by what a face is seen to live here, and how far that goes. Raises ConfigError where the level lacks its camera."""
    if not settings.face.enabled or settings.camera is None:
        return "off by settings, as face is"
    level = level_of(settings)
    if not liveness_fitted(settings):
        raise ConfigError(
            "liveness-unfitted",
            f'face.liveness is "depth", and camera.depth names no depth camera that can stand beside a '
            f"{settings.camera.driver} camera: face stays off.",
            remedy=f"Name one of {', '.join(DEPTH_NAMES)} as camera.depth, or set face.liveness to another level.",
        )
    from gate.vision.liveness.passive import load_passive

    passive = load_passive(settings.models_dir, settings.face.providers, settings.face.threads)
    networks = "without the passive networks, which are optional" if passive is None else "passive networks"
    depth = f"{settings.camera.depth} depth camera" if depth_fitted(settings) else "no depth camera"
    return f"{level}: motion and shape of the head, {networks}, {depth}; {_ASSURANCE[assurance_of(settings)]}{_FILMS[level]}"


def _stopped_on(settings: Settings) -> datetime | None:
    """Give when face was ended for good, None while it was not; makes no store (R87)."""
    with _store_of(settings) as store:
        if store is None:
            return None
        return store.assessments.stopped_at


def _broker(settings: Settings) -> str:
    """Call the broker as the gate would, and say what it answered; nothing is sent to anybody."""
    return look_at_broker(broker_of(settings), settings.site.gate_id, datetime.now(UTC))


def _orders(settings: Settings) -> str:
    """Say whether the gate takes orders over the broker, which, and whose."""
    commands = settings.commands
    if not commands.enabled:
        return "off by settings: nothing over the broker moves the door"
    keys = ", ".join(f"key:{key_id(bytes.fromhex(key))}" for key in commands.keys)
    return f"{', '.join(commands.allowed)} over the broker, signed by {keys}"


def _pages(settings: Settings) -> str:
    """Say where the pages are served and with what; an own certificate is looked at as it stands, and not renewed."""
    web = settings.web
    where = f"{web.host}, port {web.port}"
    with _store_of(settings) as store:
        kept = None if store is None else store.certificates
        now = datetime.now(UTC) if store is None else store.clock.trusted(datetime.now(UTC)).at
        return f"on {where}; {look_at_certificate(web, kept, now)}"
