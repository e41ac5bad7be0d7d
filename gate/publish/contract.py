"""The contract as files: JSON Schemas, the table of their versions, and the AsyncAPI document.

``python -m gate.publish.contract`` writes them all. It refuses to write where a message changed and its version did not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from gate.core.canonical import Json, canonical
from gate.errors import ConfigError
from gate.publish.kinds import COMMAND, ROUTES, CommandAnswerMessage, CommandMessage, Route

HERE: Final = Path(__file__).parent
SCHEMA_DIR: Final = HERE / "schemas"
EXAMPLE_DIR: Final = HERE / "examples"
VERSIONS: Final = HERE / "versions.json"
ASYNCAPI: Final = HERE.parent.parent / "docs" / "asyncapi.yaml"
DOCUMENT_VERSION: Final = "2.0.0"
"""Of the contract as a whole: raised like a message's, by the greatest step of any of them."""

KINDS: Final[tuple[tuple[type[BaseModel], Route], ...]] = (*ROUTES.items(), (CommandMessage, COMMAND))

Versions = dict[str, dict[str, str]]
"""Digest of what was published, by schema and version."""

_WORDS: Final = frozenset({"title", "description", "$id"})
# What YAML reads as true, false or null is quoted.
_PLAIN_KEY: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[$A-Za-z][$A-Za-z0-9_-]*", re.IGNORECASE
)


def schema_file(route: Route) -> str:
    """Give the name of the file that holds the schema: one for each major version."""
    return f"{route.schema}-{route.version.partition('.')[0]}.json"


def json_schemas() -> dict[str, str]:
    """Give each schema file's name and text."""
    return {schema_file(route): _text(_schema(kind, route)) for kind, route in KINDS}


def digest(kind: type[BaseModel], route: Route) -> str:
    """Give what a version stands for: fields, values, bounds and topic of a kind, without the words that explain them."""
    shape = {"leaf": route.leaf, "schema": _without_words(_schema(kind, route), route)}
    return hashlib.sha256(canonical(shape)).hexdigest()


def published(path: Path = VERSIONS) -> Versions:
    """Give the table of versions."""
    found: Versions = json.loads(path.read_text(encoding="utf-8"))
    return found


def refuse_unversioned(known: Versions, kind: type[BaseModel], route: Route) -> None:
    """Raise ConfigError where *kind* differs from what its version stood for, or has a new version and does not differ."""
    now = digest(kind, route)
    versions = known.get(route.schema, {})
    if versions.get(route.version, now) != now:
        raise ConfigError(
            "contract-unversioned",
            f"{route.schema} changed, and is called {route.version} as before.",
            remedy="Raise its schema_version in gate/publish/kinds.py by the rules of docs/events.md.",
        )
    if any(each == now for version, each in versions.items() if version != route.version):
        raise ConfigError(
            "contract-unchanged",
            f"{route.schema} is called {route.version}, and says what an earlier version said.",
            remedy="Keep the earlier version.",
        )


def examples() -> dict[str, Json]:
    """Give the examples by the names of their files, without the suffix."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLE_DIR.glob("*.json"))
    }


def asyncapi() -> dict[str, Json]:
    """Give the AsyncAPI 3 document: what a gate sends and takes, and where."""
    shown = examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of a gate",
            "version": DOCUMENT_VERSION,
            "description": "What leaves a gate: counts of closed windows, alarms, and its own health; never a person. "
            "docs/events.md tells a receiver how to read it. Nothing is retained. Payloads are padded with spaces.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": "broker.site.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5",
                "description": "The site's own broker; deploy/mosquitto sets one up.",
                "security": [{"$ref": "#/components/securitySchemes/password"}],
            }
        },
        "channels": {route.leaf: _channel(route.leaf) for _, route in KINDS},
        "operations": {
            **{f"send-{route.schema}": _operation("send", route) for route in ROUTES.values()},
            f"receive-{COMMAND.schema}": _operation("receive", COMMAND),
        },
        "components": {
            "messages": {route.schema: _message(route, shown) for _, route in KINDS},
            "securitySchemes": {
                "password": {
                    "type": "userPassword",
                    "description": "One user for each gate and each receiver; a certificate instead, where the broker asks.",
                }
            },
        },
    }


def write(known: Versions, *, schemas: Path, versions: Path, document: Path) -> None:
    """Write schemas, versions and the AsyncAPI document. Raises ConfigError as ``refuse_unversioned`` does."""
    for kind, route in KINDS:
        refuse_unversioned(known, kind, route)
        known.setdefault(route.schema, {})[route.version] = digest(kind, route)
    for name, text in json_schemas().items():
        (schemas / name).write_text(text, encoding="utf-8")
    versions.write_text(_text(known), encoding="utf-8")
    document.write_text(asyncapi_text(), encoding="utf-8")


def asyncapi_text() -> str:
    """Give the AsyncAPI document as YAML."""
    head = "# Made of gate/publish/kinds.py by `make docs`: change it there.\n"
    return head + "".join(f"{line}\n" for line in _yaml(asyncapi()))


def _schema(kind: type[BaseModel], route: Route) -> dict[str, Json]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:gate:{route.schema}:{route.version}",
        **kind.model_json_schema(),
    }


def _without_words(value: Json, route: Route) -> Json:
    match value:
        case dict() if value.get("const") == route.version:
            return {}
        case dict():
            # A field may be called as a keyword is: only a keyword's value is text.
            return {
                key: _without_words(each, route)
                for key, each in value.items()
                if not (key in _WORDS and isinstance(each, str))
            }
        case list():
            return [_without_words(each, route) for each in value]
        case _:
            return value


def _channel(leaf: str) -> dict[str, Json]:
    return {
        "address": f"gate/{{gate_id}}/{leaf}",
        "parameters": {"gate_id": {"description": "1 to 32 lower-case letters, digits and hyphens."}},
        "messages": {
            route.schema: {"$ref": f"#/components/messages/{route.schema}"}
            for _, route in KINDS
            if route.leaf == leaf
        },
    }


def _operation(verb: str, route: Route) -> dict[str, Json]:
    channel = f"#/channels/{route.leaf}"
    operation: dict[str, Json] = {
        "action": verb,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{route.schema}"}],
        "bindings": {"mqtt": {"qos": route.qos, "retain": False, "messageExpiryInterval": route.expiry_s}},
    }
    if route is COMMAND:
        operation["reply"] = {"channel": {"$ref": f"#/channels/{ROUTES[CommandAnswerMessage].leaf}"}}
    return operation


def _message(route: Route, shown: Mapping[str, Json]) -> dict[str, Json]:
    (kind,) = (kind for kind, each in KINDS if each is route)
    ours = [
        value for value in shown.values() if isinstance(value, dict) and value["schema_name"] == route.schema
    ]
    return {
        "name": route.schema,
        "summary": (kind.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"../gate/publish/schemas/{schema_file(route)}"},
        },
        "examples": [{"payload": each} for each in ours],
    }


def _text(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _yaml(value: Json) -> Iterator[str]:
    """Give *value* as lines of YAML: block style, every text in quotes."""
    match value:
        case dict() if value:
            for key, each in value.items():
                yield from _under(f"{key if _PLAIN_KEY.fullmatch(key) else json.dumps(key)}:", each)
        case list() if value:
            for each in value:
                first, *rest = _yaml(each)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
        case _:
            yield json.dumps(value, ensure_ascii=False)


def _under(head: str, value: Json) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from (f"  {line}" for line in _yaml(value))
    else:
        yield f"{head} {next(_yaml(value))}"


if __name__ == "__main__":
    write(published(), schemas=SCHEMA_DIR, versions=VERSIONS, document=ASYNCAPI)
