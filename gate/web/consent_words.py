"""What the pages say of consents and receipts, in English; the catalogues hold the other languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from gate.core.consent import Relation, RelationProof
from gate.core.consent_record import EventKind, ExpiryReason, InvalidationReason, Reason, Standing
from gate.core.types import Method
from gate.web.context import FaceStanding
from gate.web.languages import marked as _

STANDINGS: Final[Mapping[FaceStanding, str]] = {
    FaceStanding.NONE: _("No face"),
    FaceStanding.GIVEN: _("Face"),
    FaceStanding.RESTRICTED: _("Face rests at their own wish"),
    FaceStanding.OUTDATED: _("Face rests until they agree to the new notice"),
    FaceStanding.DECLINED: _("Declined face; will not be asked again."),
}
"""How somebody stands to face, beside the cards and PIN that ``ways_of`` tells."""


def ways_of(methods: Collection[Method]) -> str:
    """Say which of card and PIN somebody has now."""
    match Method.CARD in methods, Method.PIN in methods:
        case True, True:
            return _("Card and PIN")
        case True, False:
            return _("A card, no PIN")
        case False, True:
            return _("A PIN, no card")
        case _:
            return _("Neither card nor PIN")


RELATIONS: Final[Mapping[Relation, str]] = {
    Relation.PARENT: _("Parent"),
    Relation.LEGAL_GUARDIAN: _("Other legal guardian"),
}

PROOFS: Final[Mapping[RelationProof, str]] = {
    RelationProof.HOUSEHOLD_REGISTER: _("Household register"),
    RelationProof.BIRTH_CERTIFICATE: _("Birth certificate"),
    RelationProof.GUARDIANSHIP_PAPER: _("Guardianship paper"),
}

RECEIPTS: Final[Mapping[EventKind, str]] = {
    EventKind.GIVEN: _("Consent to face was given, and one face template was taken live."),
    EventKind.RECONFIRMED: _(
        "Consent to face was given again under a new notice; the face template lives on."
    ),
    EventKind.REFUSED: _("Face was declined. Nothing was taken, and nobody will ask again."),
    EventKind.WITHDRAWN: _("Consent to face was withdrawn, and the face template was destroyed."),
    EventKind.EXPIRED: _("Consent to face ran out, and the face template was destroyed."),
    EventKind.INVALIDATED: _("Consent to face ended, and it carries no face any more."),
}
"""Card and PIN are unchanged in each of these."""

REASONS: Final[Mapping[Reason, str]] = {
    ExpiryReason.SPAN_OVER: _("Its time was over."),
    ExpiryReason.TURNED_14: _("The child turned 14: from now on they decide themselves."),
    InvalidationReason.SUPERSEDED: _("A newer consent took its place."),
    InvalidationReason.TENANCY_ENDED: _("The tenancy ended."),
    InvalidationReason.PERSON_ERASED: _("The person's record was deleted."),
    InvalidationReason.SERVICE_STOPPED: _("Face was given up at this gate for good."),
    InvalidationReason.UNDER_14_OFF: _("Face was switched off for children under 14."),
    InvalidationReason.UNUSED: _("Face was not used for 180 days."),
    InvalidationReason.TEMPLATE_LOST: _("The face template can no longer be opened."),
    InvalidationReason.ERASED_BEFORE: _(
        "It had ended before; an older copy of the data had brought it back."
    ),
    InvalidationReason.RESTORED_WITHOUT_TOMBSTONES: _(
        "The gate was restored without the list of what had been erased."
    ),
    InvalidationReason.OBJECTED: _("The person objected."),
    InvalidationReason.DECEASED: _("The person died, and the next of kin asked for it."),
}

BEFORE: Final[Mapping[Standing, str]] = {
    Standing.ASKED: _("Asked, not yet answered"),
    Standing.GIVEN: _("Consent given"),
}
"""How a record stood before what a receipt attests."""
