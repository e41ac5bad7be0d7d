"""``gate sim``: what a hand at the simulated devices does, sent to a running gate on this machine."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from enum import StrEnum
from types import MappingProxyType

from gate.errors import RequestError

PATIENCE_S = 10


class Action(StrEnum):
    """What can be done to a simulated device."""

    CARD = "card"
    KEYS = "keys"
    CODE = "code"
    SCENE = "scene"
    DEED = "deed"


FIELDS = MappingProxyType(
    {
        Action.CARD: "value",
        Action.KEYS: "keys",
        Action.CODE: "text",
        Action.SCENE: "name",
        Action.DEED: "name",
    }
)


def perform(url: str, action: Action, value: str) -> None:
    """Do it. Raises RequestError when nobody answers there, or the gate will not do it."""
    form = urllib.parse.urlencode({FIELDS[action]: value}).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}/sim/{action}", data=form)  # noqa: S310 - http, checked below
    if request.type != "http":
        raise RequestError(
            "sim-url", f"{url} is no http address.", remedy="Give the address gate run printed."
        )
    try:
        urllib.request.urlopen(request, timeout=PATIENCE_S).close()  # noqa: S310 - http, checked above
    except urllib.error.HTTPError as error:
        error.close()
        raise RequestError(
            "sim-refused",
            f"The gate would not do that ({error.code}).",
            remedy="Look at its /sim page for what there is; a gate with real devices has none.",
        ) from error
    except OSError as error:
        raise RequestError(
            "sim-no-answer",
            f"No gate answers at {url}.",
            remedy="Start one with make demo-serve, or give --url.",
        ) from error
