"""How the gate introduces itself to Home Assistant: what there is to see, and nothing to do.

One message of Home Assistant's device-based MQTT discovery (2024.11 and later). It names the topics that the gate's own
messages go to anyway and says how to read them; it holds no state. Nothing in it takes an order, so there is no lock to
open; the door is shown by its mode, never by strike or leaf, which move with each passage (R44). It is not retained (R45):
it goes out after each birth, and when Home Assistant says that it has started.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.core.alarms import Alarm, leaves
from gate.core.door_mode import DoorMode
from gate.core.events import Span
from gate.core.types import Seconds
from gate.errors import ConfigError, RequestError
from gate.publish import messages
from gate.publish.kinds import AccessCountsMessage, DenialsMessage, HealthMessage

PREFIX: Final = "homeassistant"
EXPIRY_S: Final = 10 * 60
REST_S: Seconds = 30.0
"""However often Home Assistant says that it has started, the gate introduces itself once in so long."""
SPREAD_S: Seconds = 5.0
"""A thousand gates that hear Home Assistant start do not all answer in the same instant."""
PAYLOAD_MOST: Final = 15_000
"""Below what deploy/mosquitto lets through."""

_STALE_BEAT_S: Final = 5 * 60
_STALE_S: Final = {Span.HOUR: 75 * 60, Span.BLOCK: 255 * 60, Span.DAY: 25 * 3600}
"""A window is told up to six minutes after its end: what is older than the next one is not known any more."""

Text = Annotated[str, Field(min_length=1, max_length=700)]
UniqueId = Annotated[str, Field(pattern=r"^gate_[a-z0-9-]{1,32}_[a-z_]{1,40}$")]
Topic = Annotated[str, Field(pattern=r"^gate/[a-z0-9-]{1,32}/(\+|[a-z-]+)$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, revalidate_instances="always")


class Device(_Closed):
    """The gate, as Home Assistant lists it."""

    identifiers: tuple[Annotated[str, Field(pattern=r"^gate_[a-z0-9-]{1,32}$")]]
    name: Text
    model: Literal["Gate controller"]
    sw_version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]


class Origin(_Closed):
    """The program that wrote the message."""

    name: Literal["gate"]
    sw_version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]


class Availability(_Closed):
    """Where it is told whether the gate is there."""

    topic: Topic
    value_template: Text
    payload_available: Literal["online"]
    payload_not_available: Literal["offline"]


class _Component(_Closed):
    unique_id: UniqueId
    name: Text
    state_topic: Topic
    value_template: Text
    expire_after: Annotated[int, Field(gt=0)]
    entity_category: Literal["diagnostic"] | None = None


class Sensor(_Component):
    """A number, a moment or one of several words."""

    platform: Literal["sensor"] = "sensor"
    device_class: Literal["enum", "timestamp"] | None = None
    state_class: Literal["measurement"] | None = None
    options: tuple[str, ...] | None = None


class BinarySensor(_Component):
    """Yes, no or unknown. Of the class "lock", on stands for unlocked; of "problem", for a problem."""

    platform: Literal["binary_sensor"] = "binary_sensor"
    device_class: Literal["lock", "problem", "safety", "tamper", "running"]


Component = Annotated[Sensor | BinarySensor, Field(discriminator="platform")]


class DeviceDiscovery(_Closed):
    """All of one gate for Home Assistant."""

    device: Device
    origin: Origin
    availability: tuple[Availability]
    qos: Literal[1]
    components: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")], Component]


def topic(prefix: str, gate_id: str) -> str:
    """Give the topic on which *gate_id* introduces itself. Raises ConfigError if one of them cannot stand in it."""
    return f"{_checked(prefix)}/device/gate/{messages.checked_gate_id(gate_id)}/config"


def status_topic(prefix: str) -> str:
    """Give the topic on which Home Assistant says that it has started."""
    return f"{_checked(prefix)}/status"


def discovery(gate_id: str, version: str) -> DeviceDiscovery:
    """Say what there is to see of *gate_id*. It depends on nothing else, so that its sending tells nothing."""
    messages.checked_gate_id(gate_id)
    health = _topic_of(gate_id, HealthMessage)
    return DeviceDiscovery(
        device=Device(
            identifiers=(f"gate_{gate_id}",),
            name=f"Gate {gate_id}",
            model="Gate controller",
            sw_version=version,
        ),
        origin=Origin(name="gate", sw_version=version),
        availability=(
            Availability(
                topic=health,
                value_template="{{ value_json.state | default('online') }}",
                payload_available="online",
                payload_not_available="offline",
            ),
        ),
        qos=1,
        components=dict(_components(gate_id)),
    )


def encode(message: DeviceDiscovery) -> bytes:
    """Turn the message into the bytes that leave the device.

    Raises RequestError ``payload-refused`` for any other type, a subclass included, and for one that was built round its
    own validation (R42).
    """
    if type(message) is not DeviceDiscovery:
        raise _refused()
    try:
        DeviceDiscovery.model_validate(message.__dict__)
        text = message.model_dump_json(exclude_none=True).encode()
        DeviceDiscovery.model_validate_json(text)
    except ValidationError as error:
        raise _refused() from error
    if len(text) > PAYLOAD_MOST:
        raise _refused()
    return text


class Introduction:
    """When to introduce the gate: after each birth, and when Home Assistant has started. Not thread-safe.

    Raises ConfigError for a prefix or gate id that cannot stand in a topic. Time is monotonic, in seconds.
    """

    def __init__(self, prefix: str, gate_id: str, version: str, *, spread: Seconds) -> None:
        """spread: how long this gate waits after Home Assistant has started, drawn from 0 to ``SPREAD_S``."""
        self.prefix = prefix
        self.status_topic = status_topic(prefix)
        self._message = discovery(gate_id, version)
        self._spread = spread
        self._due: Seconds | None = None
        self._rests_until: Seconds = 0.0

    def begin(self, now: Seconds) -> None:
        """Have the gate introduced at once: a connection is up."""
        self._due = now
        self._rests_until = now

    def heed(self, payload: bytes, now: Seconds) -> None:
        """Take what came on ``status_topic``. Anybody who may write there can only have the gate say the same again."""
        if payload == b"online" and self._due is None:
            self._due = max(now + self._spread, self._rests_until)

    def take_due(self, now: Seconds) -> DeviceDiscovery | None:
        """Give what is to be sent now, once; None while nothing is."""
        if self._due is None or now < self._due:
            return None
        self._due = None
        self._rests_until = now + REST_S
        return self._message


def _components(gate_id: str) -> Iterator[tuple[str, Component]]:
    yield from _of_door(gate_id)
    yield from _of_alarms(gate_id)
    yield from _of_counts(gate_id)
    yield from _of_health(gate_id)


def _of_door(gate_id: str) -> Iterator[tuple[str, Component]]:
    health = _topic_of(gate_id, HealthMessage)
    yield (
        "door_mode",
        Sensor(
            unique_id=f"gate_{gate_id}_door_mode",
            name="Door mode",
            state_topic=health,
            # Presence comes on the same topic and says nothing of the door: unknown, until the next beat.
            value_template="{{ value_json.door_mode | default('None') }}",
            expire_after=_STALE_BEAT_S,
            device_class="enum",
            options=tuple(DoorMode),
        ),
    )
    yield (
        "lock",
        BinarySensor(
            unique_id=f"gate_{gate_id}_lock",
            name="Lock",
            state_topic=health,
            value_template="{{ "
            + str(_LOCK_STATES)
            + ".get(value_json.door_mode | default('lost'), 'None') }}",
            expire_after=_STALE_BEAT_S,
            device_class="lock",
        ),
    )


_LOCK_STATES: Final = {
    DoorMode.CONTROLLED.value: "OFF",
    DoorMode.LOCKDOWN.value: "OFF",
    DoorMode.ALWAYS_LOCKED.value: "OFF",
    DoorMode.STANDING_OPEN.value: "ON",
}

_ALARMS: Final[Mapping[Alarm, tuple[str, Literal["problem", "safety", "tamper"]]]] = {
    Alarm.FORCED: ("Door forced", "safety"),
    Alarm.HELD: ("Door held open", "problem"),
    Alarm.UNLOCKED: ("Door does not lock", "problem"),
    Alarm.FIRE: ("Fire release", "safety"),
    Alarm.TAMPER: ("Case open", "tamper"),
    Alarm.CONTROLLER_LOST: ("Door controller lost", "problem"),
    Alarm.READER_LOST: ("Reader lost", "problem"),
    Alarm.POWER: ("On battery", "problem"),
    Alarm.HELP: ("Call for help", "safety"),
    Alarm.EGRESS: ("Message kept back", "problem"),
}


def _of_alarms(gate_id: str) -> Iterator[tuple[str, Component]]:
    """One for each alarm that leaves: it moves at once with the alarm's own message, and each beat says it again."""
    for alarm in Alarm:
        if not leaves(alarm):
            continue
        name, device_class = _ALARMS[alarm]
        key = f"alarm_{alarm.value.replace('-', '_')}"
        yield (
            key,
            BinarySensor(
                unique_id=f"gate_{gate_id}_{key}",
                name=name,
                state_topic=f"gate/{gate_id}/+",
                value_template=(
                    "{% if value_json.schema_name == 'health' %}"
                    f"{{{{ 'ON' if '{alarm.value}' in value_json.alarms else 'OFF' }}}}"
                    f"{{% elif value_json.schema_name == 'alarm' and value_json.alarm == '{alarm.value}' %}}"
                    "{{ 'ON' if value_json.began else 'OFF' }}"
                    "{% endif %}"
                ),
                expire_after=_STALE_BEAT_S,
                device_class=device_class,
            ),
        )


def _of_counts(gate_id: str) -> Iterator[tuple[str, Component]]:
    """Give what was counted, unknown where it is withheld; each ignores the windows that another one shows."""
    counts = _topic_of(gate_id, AccessCountsMessage)
    for span, key, name in (
        (Span.HOUR, "people_hour", "People, last hour"),
        (Span.BLOCK, "people_block", "People of hours withheld, last four hours"),
        (Span.DAY, "people_day", "People of hours withheld, last day"),
    ):
        yield (
            key,
            Sensor(
                unique_id=f"gate_{gate_id}_{key}",
                name=name,
                state_topic=counts,
                value_template=f"{{% if value_json.span == '{span.value}' %}}{{{{ value_json.people }}}}{{% endif %}}",
                expire_after=_STALE_S[span],
                state_class="measurement",
            ),
        )
    yield (
        "counted_until",
        Sensor(
            unique_id=f"gate_{gate_id}_counted_until",
            name="Counted until",
            state_topic=counts,
            value_template="{{ value_json.window_end }}",
            expire_after=_STALE_S[Span.HOUR],
            device_class="timestamp",
            entity_category="diagnostic",
        ),
    )
    yield (
        "refusals_day",
        Sensor(
            unique_id=f"gate_{gate_id}_refusals_day",
            name="Refusals, last day",
            state_topic=_topic_of(gate_id, DenialsMessage),
            value_template="{{ value_json.refused }}",
            expire_after=_STALE_S[Span.DAY],
            state_class="measurement",
        ),
    )


def _of_health(gate_id: str) -> Iterator[tuple[str, Component]]:
    health = _topic_of(gate_id, HealthMessage)
    for field, name, device_class, states in _HEALTH:
        yield (
            field,
            BinarySensor(
                unique_id=f"gate_{gate_id}_{field}",
                name=name,
                state_topic=health,
                value_template=(
                    f"{{{{ 'None' if value_json.{field} is not defined else "
                    f"'{states[0]}' if value_json.{field} else '{states[1]}' }}}}"
                ),
                expire_after=_STALE_BEAT_S,
                device_class=device_class,
                entity_category="diagnostic",
            ),
        )


_WELL: Final = ("OFF", "ON")
"""Of the class "problem": the field says that all is well, and Home Assistant asks for the contrary."""
_RUNS: Final = ("ON", "OFF")
_HEALTH: Final[tuple[tuple[str, str, Literal["problem", "running"], tuple[str, str]], ...]] = (
    ("reader_healthy", "Reader", "problem", _WELL),
    ("door_healthy", "Door", "problem", _WELL),
    ("storage_healthy", "Storage", "problem", _WELL),
    ("clock_trusted", "Clock", "problem", _WELL),
    ("face_offered", "Face offered", "running", _RUNS),
    ("deidentified_live", "De-identified live events", "running", _RUNS),
)


def _topic_of(gate_id: str, kind: type[AccessCountsMessage | DenialsMessage | HealthMessage]) -> str:
    return messages.topic_of(gate_id, messages.ROUTES[kind])


def _checked(prefix: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,3}", prefix):
        raise ConfigError(
            "home-assistant-prefix",
            "broker.home_assistant_prefix cannot stand in a topic.",
            remedy="Give Home Assistant's own discovery prefix; it is homeassistant unless it was changed there.",
        )
    return prefix


def _refused() -> RequestError:
    return RequestError(
        "payload-refused",
        "Refused a message to Home Assistant that fits no schema.",
        remedy="Compare it with gate/publish/homeassistant.py; this is a fault in the program that made it.",
    )
