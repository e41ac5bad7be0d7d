"""The contract as files: what is published is what the code says, and a version is raised exactly when it must be (R42)."""

from __future__ import annotations

import dataclasses
import json
from typing import Literal

import jsonschema
import pytest
import yaml
from jsonschema import Draft202012Validator

from gate.core.canonical import canonical
from gate.core.orders import ORDER_BYTES, SignedOrder, read
from gate.errors import ConfigError
from gate.publish import contract
from gate.publish.contract import EXAMPLE_DIR, KINDS, SCHEMA_DIR
from gate.publish.kinds import COMMAND, ROUTES, PresenceMessage
from gate.publish.messages import PAYLOAD_BYTES, decode, encode

EXAMPLES = contract.examples()


def files(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_schema_files_are_what_the_models_say():
    assert files(SCHEMA_DIR) == contract.json_schemas(), "run: make docs"


def test_the_asyncapi_document_is_what_the_models_say():
    assert contract.ASYNCAPI.read_text(encoding="utf-8") == contract.asyncapi_text(), "run: make docs"


@pytest.mark.parametrize(("kind", "route"), KINDS, ids=lambda each: getattr(each, "schema", ""))
def test_every_schema_is_a_schema_with_an_address_of_its_own(kind, route):
    schema = json.loads(files(SCHEMA_DIR)[contract.schema_file(route)])
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:gate:{route.schema}:{route.version}"


def test_every_kind_has_an_example():
    assert {example["schema_name"] for example in EXAMPLES.values()} == {route.schema for _, route in KINDS}
    assert set(files(EXAMPLE_DIR)) == {f"{name}.json" for name in EXAMPLES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_fits_the_schema_that_is_published_for_it(name):
    example = EXAMPLES[name]
    major = example["schema_version"].partition(".")[0]
    schema = json.loads(files(SCHEMA_DIR)[f"{example['schema_name']}-{major}.json"])
    jsonschema.validate(example, schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "command"])
def test_every_example_of_what_a_gate_says_is_what_a_gate_would_say(name):
    message = decode(json.dumps(EXAMPLES[name]).encode())
    assert json.loads(encode(message)) == EXAMPLES[name]


def test_the_example_of_a_command_is_one_that_a_gate_reads():
    assert isinstance(read(canonical(EXAMPLES["command"]).ljust(ORDER_BYTES)), SignedOrder)


# Versions


def test_every_version_stands_for_what_the_table_says():
    known = contract.published()
    for kind, route in KINDS:
        contract.refuse_unversioned(known, kind, route)
        assert known[route.schema][route.version] == contract.digest(kind, route), "run: make docs"


def test_what_is_published_is_what_the_generator_writes_and_an_earlier_version_stays_known(tmp_path):
    known = contract.published() | {"presence": {"1.0.0": "0" * 64}}
    versions, document = tmp_path / "versions.json", tmp_path / "asyncapi.yaml"
    (tmp_path / "schemas").mkdir()
    contract.write(known, schemas=tmp_path / "schemas", versions=versions, document=document)
    assert files(tmp_path / "schemas") == files(SCHEMA_DIR)
    assert document.read_bytes() == contract.ASYNCAPI.read_bytes()
    assert set(contract.published(versions)["presence"]) == {"1.0.0", "2.0.0"}


class _Changed(PresenceMessage):
    since: int


class _Renamed(PresenceMessage):
    schema_version: Literal["2.1.0"]  # type: ignore[assignment]


PRESENCE = ROUTES[PresenceMessage]


def test_r42_a_changed_message_under_its_old_version_is_refused():
    with pytest.raises(ConfigError) as refusal:
        contract.refuse_unversioned(contract.published(), _Changed, PRESENCE)
    assert refusal.value.code == "contract-unversioned"


def test_a_new_version_of_an_unchanged_message_is_refused():
    route = dataclasses.replace(PRESENCE, version="2.1.0")
    with pytest.raises(ConfigError) as refusal:
        contract.refuse_unversioned(contract.published(), _Renamed, route)
    assert refusal.value.code == "contract-unchanged"


def test_a_message_that_moves_to_another_topic_needs_a_new_version():
    with pytest.raises(ConfigError):
        contract.refuse_unversioned(
            contract.published(), PresenceMessage, dataclasses.replace(PRESENCE, leaf="presence")
        )


def test_words_alone_need_no_new_version():
    class Worded(PresenceMessage):
        """Said in other words."""

    contract.refuse_unversioned(contract.published(), Worded, PRESENCE)


# For people


def test_the_guide_for_receivers_names_every_message_as_it_is():
    guide = (contract.ASYNCAPI.parent / "events.md").read_text(encoding="utf-8")
    rows = {
        tuple(cell.strip(" `") for cell in line.split("|")[1:6])
        for line in guide.splitlines()
        if "| `" in line
    }
    told = {(leaf, schema, version, qos) for leaf, schema, version, _, qos in rows}
    assert told == {(route.leaf, route.schema, route.version, str(route.qos)) for _, route in KINDS}
    assert str(PAYLOAD_BYTES) in guide


# AsyncAPI


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(contract.ASYNCAPI.read_text(encoding="utf-8"))


def references(value):
    match value:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def test_the_yaml_says_what_the_document_says(document):
    assert document == contract.asyncapi()


def test_every_reference_of_the_asyncapi_document_leads_somewhere(document):
    for target in references(document):
        if target.startswith("#/"):
            place = document
            for part in target[2:].split("/"):
                place = place[part]
        else:
            assert (contract.ASYNCAPI.parent / target).is_file()


def test_a_gate_sends_every_channel_but_the_commands_and_receives_these_alone(document):
    verbs = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in document["operations"].values()
    }
    assert verbs == {route.leaf: "send" for route in ROUTES.values()} | {COMMAND.leaf: "receive"}
    assert not any(each["bindings"]["mqtt"]["retain"] for each in document["operations"].values())


def test_what_yaml_would_read_as_something_else_is_quoted():
    said = {
        "a": "no",
        "b": "1.0",
        "c": [],
        "d": {},
        "e f": [{"g": None}, [1, True]],
        "on": "a: b # c\n\u00e4",
    }
    assert yaml.safe_load("\n".join(contract._yaml(said))) == said
