"""Who may do what among the staff: what the table does not grant is denied (R53)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """An office at the site. It is declared until staff have accounts."""

    GUARD = "guard"
    MANAGER = "manager"
    PRIVACY_OFFICER = "privacy-officer"
    INSTALLER = "installer"


class Act(StrEnum):
    """What only some may do."""

    APPROVE_ASSESSMENT = "approve-assessment"  # R80
    OPEN_MINOR = "open-minor"  # R27: the second approval to a child's record


GRANTED: Final[Mapping[Act, frozenset[Role]]] = MappingProxyType(
    {
        Act.APPROVE_ASSESSMENT: frozenset({Role.MANAGER, Role.PRIVACY_OFFICER}),
        Act.OPEN_MINOR: frozenset({Role.MANAGER, Role.PRIVACY_OFFICER}),
    }
)


def may(role: str, act: Act) -> bool:
    """Tell whether who holds *role* may do *act*; a word that names no role may nothing."""
    return role in GRANTED.get(act, frozenset())
