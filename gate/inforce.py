"""The settings in force: what the file says, with what was changed from the console on top (R80: one place for all)."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from pydantic import BaseModel, ValidationError

from gate.core.overrides import SETTINGS, Value, Values
from gate.errors import ConfigError, GateError
from gate.settings import Settings
from gate.settings_rules import refuse_contradictions
from gate.store import Store
from gate.store.backup.staging import hold_settled
from gate.store.overrides import NONE, read_overrides

log = structlog.get_logger()


def with_overrides(settings: Settings, values: Values) -> Settings:
    """Give *settings* with *values* on top, held against the same model and the same rules as the file.

    Raises ConfigError ``override-unfit`` that names the first key that is out of bounds, and what the rules of
    ``settings_rules`` raise.
    """
    sections: dict[str, BaseModel] = {}
    for key, value in values.items():
        name, *path = key.split(".")
        section = sections.get(name, getattr(settings, name))
        if section is None:
            raise _unfit(key, "its section is not in the settings file")
        sections[name] = _put(section, path, value, key)
    changed = settings.model_copy(update=sections)
    refuse_contradictions(changed)
    return changed


def value_of(settings: Settings, key: str) -> Value:
    """Give what *settings* say of one of SETTINGS; None also where its section is left out."""
    found: object = settings
    for part in key.split("."):
        found = None if found is None else getattr(found, part)
    assert found is None or isinstance(found, bool | int | float | str)
    return found


def changeable(settings: Settings) -> tuple[str, ...]:
    """Name the keys that may be changed at this site."""
    return tuple(key for key in SETTINGS if getattr(settings, key.split(".")[0]) is not None)


def in_force(settings: Settings) -> Settings:
    """Give the settings in force: *settings*, as the file says them, with what the console changed. Never raises.

    What no longer fits the file is left out altogether, and said in the log: the file alone then holds (ADR 0007). Of what a
    later gate changed, all that this one knows holds on.
    """
    here, kept = changeable(settings), _kept(settings)
    if not set(kept) <= set(SETTINGS):
        log.error(
            "overrides_unknown",
            remedy="A later gate made them: install it again, or change the settings anew.",
        )
    values = {key: value for key, value in kept.items() if key in here}
    if not values:
        return settings
    try:
        return with_overrides(settings, values)
    except ConfigError as error:
        log.error("overrides_unfit", code=error.code, what=error.what, remedy=error.remedy)  # noqa: TRY400 - said so
        return settings


def open_in_force(settings: Settings, open_store: Callable[[Settings], Store]) -> tuple[Settings, Store]:
    """Open the store by the settings in force; give both.

    Where the device did not sign what the database says was changed, the file alone holds. Raises what *open_store*
    raises.
    """
    present = in_force(settings)
    store = open_store(present)
    if present is settings:
        return settings, store
    try:
        altered = store.overrides.altered
    except GateError:
        store.close()
        raise
    if not altered:
        return present, store
    store.close()
    log.error("overrides_altered", remedy="Find out who wrote to the database; change the settings anew.")
    return settings, open_store(settings)


def _kept(settings: Settings) -> Values:
    place = settings.storage
    try:
        # A restore that was cut short is finished first: its settings count, not those of before.
        if Store.exists(place.data_dir):
            hold_settled(place.data_dir, place.keys_dir).close()
    except GateError:
        return NONE  # whoever opens the store next says it
    return read_overrides(place.data_dir)


def _put(section: BaseModel, path: list[str], value: Value, key: str) -> BaseModel:
    document = section.model_dump(mode="json")
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    try:
        # As the file is read: strict JSON mode takes a list for a tuple and text for a path.
        return type(section).model_validate_json(json.dumps(document))
    except ValidationError as error:
        said = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise _unfit(key, f"{said[0].lower()}{said[1:]}") from None


def _unfit(key: str, why: str) -> ConfigError:
    return ConfigError(
        "override-unfit", f"{key} cannot be changed so: {why}.", remedy="Give another value, or none."
    )
