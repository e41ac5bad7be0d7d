"""The impact assessment of the present configuration, filled so far as the gate itself can know it (PIPL 55, 56)."""

from __future__ import annotations

from datetime import datetime

from gate.calibrated import point_in_force
from gate.core.canonical import Json, parsed
from gate.core.operating import OperatingPoint
from gate.core.retention import DATA_TABLE
from gate.errors import GateError, RequestError
from gate.govern.accuracy import error_rates
from gate.govern.config import config_sha256, configuration
from gate.govern.report import Section, Table, as_markdown, flat, when
from gate.govern.risks import RISKS
from gate.settings import Settings
from gate.store import Store

TITLE = "Personal information protection impact assessment"
SCHEMA = "gate-assessment-1"


def assessment(settings: Settings, store: Store, at: datetime) -> dict[str, Json]:
    """Give the assessment as JSON. Whoever approves may add to it; configuration and hash must stay."""
    config = configuration(settings, store)
    sections = _sections(settings, store, config)
    return {
        "schema": SCHEMA,
        "title": TITLE,
        "written_at": when(at),
        "config_sha256": config_sha256(config),
        "configuration": config,
        "sections": [section.as_json() for section in sections],
    }


def assessment_markdown(settings: Settings, store: Store, at: datetime) -> str:
    """Give the same to be read and printed."""
    config = configuration(settings, store)
    head = Section(
        "configuration",
        "What was assessed",
        "评估对象",
        (
            (
                f"Written on {when(at)} for the configuration {config_sha256(config)}. It speaks of no other: when one of "
                "these values changes, face is locked until a new assessment is approved."
            ),
        ),
        (Table(("what", "value"), tuple(flat(config))),),
    )
    return as_markdown(TITLE, (head, *_sections(settings, store, config)))


def sections_of(settings: Settings, store: Store) -> tuple[Section, ...]:
    """Give its sections, the first of them the configuration that is assessed."""
    config = configuration(settings, store)
    assessed = Section(
        "configuration",
        "What was assessed",
        "评估对象",
        tables=(Table(("what", "value"), tuple(flat(config))),),
    )
    return (assessed, *_sections(settings, store, config))


def read_assessment(text: str, present_sha256: str) -> str:
    """Give back an assessment's text if it speaks of the present configuration.

    Raises RequestError: ``assessment-malformed``; ``assessment-outdated`` for another configuration than the present
    one, or where configuration and hash in it differ.
    """
    try:
        document = parsed(text)
        if not isinstance(document, dict):
            raise _malformed()
        complete = document["schema"] == SCHEMA and bool(document["sections"])
        said, config = document["config_sha256"], document["configuration"]
        itself = config_sha256(config)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _malformed() from error
    if not complete:
        raise _malformed()
    if said != present_sha256 or itself != present_sha256:
        raise RequestError(
            "assessment-outdated",
            "This assessment was written for another configuration than the present one.",
            remedy="Run gate govern assess again and read what it says now.",
        )
    return text


def point_of(settings: Settings, store: Store) -> OperatingPoint | None:
    """Give the operating point in force, None where the models cannot be read."""
    try:
        return point_in_force(settings, store.signer.public_key)
    except GateError:
        return None


def _malformed() -> RequestError:
    return RequestError(
        "assessment-malformed",
        "This file is no assessment of a gate.",
        remedy="Name the JSON file that gate govern assess wrote.",
    )


def _sections(settings: Settings, store: Store, config: dict[str, Json]) -> tuple[Section, ...]:
    point = point_of(settings, store)
    return (
        _purpose(settings),
        _data(settings),
        Section(
            "risks",
            "Risks to people, and what is built against them",
            "对个人权益的影响、安全风险与保护措施",
            ("Each measure is a behaviour of the gate with a test under the requirement named.",),
            (
                Table(
                    ("risk", "harm", "measures", "what remains"),
                    tuple((each.risk, each.harm, each.measures, each.remains) for each in RISKS),
                ),
            ),
        ),
        Section(
            "accuracy",
            "How often it errs",
            "误识率与拒识率",
            error_rates(point)
            if point
            else ("The models cannot be read: face cannot run and nothing is claimed.",),
        ),
        _children(settings),
        _recipients(config),
        Section(
            "residual",
            "What remains, and whether it is worth it",
            "剩余风险与结论",
            (
                (
                    "Whoever approves weighs this: a convenience for those who want it, against a face template of each of "
                    "them on this device. Card and PIN reach the purpose without face, so face must stay a choice."
                ),
                (
                    "The risks that remain are named in the table above; the largest are a mask, an injected video or a good "
                    "imitation that passes for its subject and, where the key is held in software, the theft of the whole device."
                ),
                "Remarks of those who assess (add here; name the people consulted and the date of the next review):",
            ),
        ),
    )


def _purpose(settings: Settings) -> Section:
    face = "on" if settings.face.enabled else "off"
    return Section(
        "purpose",
        "Purpose, necessity and alternatives",
        "处理目的、必要性与替代方式",
        (
            f"Controller: {settings.site.controller}. Gate: {settings.site.gate_id}. Face is switched {face}.",
            "Purpose: to open this gate for a resident who asks for it with the face, and nothing else.",
            "Legal basis: separate consent (PIPL 14, 29), given live at the desk, withdrawn in no more steps.",
            (
                "Necessity: face is not necessary to open the gate. It serves residents who want their hands free or carry "
                "no card; it is offered beside, never in place of, the other ways (FRM 10; SPC 10)."
            ),
            "Alternatives: card and PIN, at the same doors, hours and speed, for everybody and at every moment.",
            (
                "Method: after the notice stood and face was chosen, the camera opens; a network on the device turns the "
                "face into 128 numbers; they are compared with the templates of those who agreed, on the device."
            ),
        ),
    )


def _data(settings: Settings) -> Section:
    rows = tuple((row.what, row.data_class.value, row.where, row.kept, row.ends) for row in DATA_TABLE)
    return Section(
        "data",
        "Data, where they are and how long",
        "处理的数据、存储与保存期限",
        (
            (
                f"A face template is kept for at most {settings.face.retention_days} days of consent, less if it is not "
                "used, and ends with withdrawal or the tenancy."
            ),
        ),
        (Table(("what", "class", "where", "kept", "what ends it"), rows),),
    )


def _children(settings: Settings) -> Section:
    under_14 = settings.face.under_14
    here = (
        f"This site offers face to children under 14, with a guardian, for at most {under_14.retention_days} days: say "
        "in the remarks why."
        if under_14.enabled
        else "This site does not offer face to children under 14."
    )
    text = (
        here,
        (
            "Age is told by the person or the guardian and never estimated from a face (R27). A guardian's consent, the "
            "relation and how it was checked are recorded; the span is shorter; on the 14th birthday it ends."
        ),
    )
    return Section("children", "Children under 14", "不满十四周岁的未成年人", text)


def _recipients(config: dict[str, Json]) -> Section:
    counts = {
        name: len(value) for name in ("recipients", "processors") if isinstance(value := config[name], list)
    }
    return Section(
        "recipients",
        "Recipients, processors, transfer",
        "接收方、受托方与出境",
        (
            (
                f"Registered: {counts['recipients']} recipients, {counts['processors']} processors (gate govern register "
                "list). Face data is passed to none of them: it does not leave the device (R40)."
            ),
            (
                "What leaves is how many different people came in, of closed windows and only where they are enough, the "
                "gate's alarms and its own health (R41 to R44)."
            ),
            "Nothing goes across the border unless the broker named in the configuration stands there.",
        ),
    )
