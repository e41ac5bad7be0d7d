"""What a made-up site fixes for every consent, and what its residents answer."""

from datetime import date, timedelta

from gate.core.consent import (
    AgeBand,
    Agreement,
    By,
    Channel,
    ConsentTerms,
    Guardian,
    Indication,
    Relation,
    RelationProof,
)
from gate.core.notices import Form

TERMS = ConsentTerms("Garden Compound Ltd", "+86 10 5555 0100", timedelta(days=365))
WITH_CHILDREN = ConsentTerms(
    "Garden Compound Ltd", "+86 10 5555 0100", timedelta(days=365), under_14_retention=timedelta(days=180)
)
AT_DESK = By(Channel.DESK, "resident")
BY_GATE = By(Channel.DEVICE, "gate")
GUARDIAN = Guardian("0f" * 16, Relation.PARENT, RelationProof.HOUSEHOLD_REGISTER)


def agreement(store, language="zh-CN", **changed):
    """Give what a resident says at the desk to the full notice in force; *changed* says otherwise."""
    current = store.notices.current
    said = {
        "notice": current.version if current else "1.0",
        "language": language,
        "by": AT_DESK,
        "indication": Indication.TICKED_AND_PRESSED,
        "age_band": AgeBand.FROM_14,
        "notice_sha256": current.sha256[language, Form.FULL] if current else "",
    }
    return Agreement(**(said | changed))


def childs_agreement(store, turns_14_on=date(2030, 1, 1), **changed):
    """Give what a parent says for a child at the desk."""
    said = {
        "by": By(Channel.DESK, "guardian"),
        "age_band": AgeBand.UNDER_14,
        "guardian": GUARDIAN,
        "turns_14_on": turns_14_on,
    }
    return agreement(store, **(said | changed))


def give(store, person, *, at, template=bytes(512), lookalike=False, **changed):
    """Enrol *person* as the desk would."""
    epoch = store.epochs.current.number
    return store.consents.enrol(
        person, agreement(store, **changed), at=at, epoch=epoch, template=template, lookalike=lookalike
    )
