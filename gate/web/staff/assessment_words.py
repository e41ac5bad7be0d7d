"""What the assessed configuration says, in words; its names and values as the seal covers them stand beside."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.web.languages import marked as _
from gate.web.staff.gate_words import SETTING_WORDS
from gate.web.words import CUSTODY

COLUMNS: Final = ("what", "value")
"""The head of the configuration's table, as the gate writes it."""
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {key: words.title for key, words in SETTING_WORDS.items()}
    | {
        "face.notice_minimum_s": SETTING_WORDS["notice.minimum_s"].title,
        "face.zone": _("Part of the picture that is looked at"),
        "site.gate_id": _("Name of the gate"),
        "site.controller": _("Who answers for it"),
        "site.processors": _("Who works on the controller's behalf"),
        "site.complaints": _("Where one complains"),
        "camera.driver": _("Camera"),
        "camera.width_px": _("Width of the picture, in pixels"),
        "camera.height_px": _("Height of the picture, in pixels"),
        "camera.depth": _("Depth camera"),
        "models.sface": _("Model that compares faces"),
        "models.yunet": _("Model that finds faces"),
        "models.minifasnet_v2": _("Optional model against pictures, near"),
        "models.minifasnet_v1se": _("Optional model against pictures, wide"),
        "operating_point.threshold": _("How alike two pictures of one person must be"),
        "operating_point.margin": _("How much more alike than the next person"),
        "operating_point.n_threshold": _("Faces up to which that suffices"),
        "operating_point.rise": _("How much more alike for each time their number grows e-fold"),
        "operating_point.n_max": _("Faces it was tested for, at most"),
        "operating_point.fmr_at_most": _("Strangers taken for one another, at most"),
        "operating_point.fnmr_at_most": _("Refused though it was the right person, at most"),
        "operating_point.dataset": _("Tested with"),
        "notice.version": _("Version of the notice"),
        "deidentified_live_events": SETTING_WORDS["events.deidentified_live"].title,
        "key_custody": _("Key custody"),
        "broker": _("Broker"),
        "recipients": _("Recipients"),
        "processors": _("Processors"),
    }
)
LEVELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "basic": _(
            "that it is no still picture; a film on a screen often passes, and a glossy photograph at times, which asking for a movement each time makes harder; low assurance: masks and injected video are not covered"
        ),
        "challenge": _(
            "a movement that it is asked for each time; a film that happens to show it may pass; low assurance: masks and injected video are not covered"
        ),
        "depth": _("its depth, by a camera of its own"),
    }
)
"""The levels of liveness, and how far each goes."""
_SHARES: Final = frozenset({"operating_point.fmr_at_most", "operating_point.fnmr_at_most"})
_VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {"True": _("on"), "False": _("off"), "": _("none"), "embedded": _("in this device")}
)


def name_of(key: str) -> str | None:
    """Give the words for one entry of the configuration, marked for translation; None where there are none."""
    return NAMES.get(key)


def value_of(key: str, value: str) -> str:
    """Give an entry's value as people read it: in words marked for translation, a share in percent, else as it is."""
    if key in _SHARES:
        return _percent(value)
    if key == "key_custody":
        return CUSTODY.get(value, value)
    if key == "face.liveness":
        return LEVELS.get(value, value)
    return _VALUES.get(value, value)


def _percent(value: str) -> str:
    try:
        return f"{100 * float(value):.2g} %"
    except ValueError:
        return value
