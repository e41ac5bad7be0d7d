"""A stand-in for Home Assistant: which fields it documents, and what it does with a message.

DOCUMENTED holds the fields of Home Assistant's own pages on device-based discovery, MQTT sensors and MQTT binary sensors
(2024.11 and later), closed: Home Assistant drops a field it does not know without a word.
"""

from __future__ import annotations

import json

from jinja2.sandbox import ImmutableSandboxedEnvironment

from gate.publish import messages

TEXT = {"type": "string", "minLength": 1}
_TOPIC = {"type": "string", "pattern": "^[^#]+$"}
_ENTITY = {
    "platform": TEXT,
    "unique_id": TEXT,
    "name": TEXT,
    "state_topic": _TOPIC,
    "value_template": TEXT,
    "expire_after": {"type": "integer", "minimum": 1},
    "entity_category": {"const": "diagnostic"},
    "icon": {"type": "string", "pattern": "^mdi:"},
    "enabled_by_default": {"type": "boolean"},
    "force_update": {"type": "boolean"},
    "json_attributes_topic": _TOPIC,
    "json_attributes_template": TEXT,
    "qos": {"enum": [0, 1, 2]},
}
_NEEDED = ["platform", "unique_id", "state_topic"]
SENSOR = {
    "type": "object",
    "additionalProperties": False,
    "required": _NEEDED,
    "properties": {
        **_ENTITY,
        "platform": {"const": "sensor"},
        "device_class": {"enum": ["enum", "timestamp", "date", "duration"]},
        "state_class": {"enum": ["measurement", "total", "total_increasing"]},
        "options": {"type": "array", "items": TEXT, "minItems": 1},
        "unit_of_measurement": TEXT,
        "suggested_display_precision": {"type": "integer"},
    },
    "dependentSchemas": {
        "options": {
            "properties": {"device_class": {"const": "enum"}},
            "required": ["device_class"],
            "not": {"anyOf": [{"required": ["state_class"]}, {"required": ["unit_of_measurement"]}]},
        }
    },
}
BINARY_SENSOR = {
    "type": "object",
    "additionalProperties": False,
    "required": _NEEDED,
    "properties": {
        **_ENTITY,
        "platform": {"const": "binary_sensor"},
        # Of the classes that Home Assistant knows, those that could tell of a door.
        "device_class": {
            "enum": [
                "battery",
                "connectivity",
                "lock",
                "power",
                "problem",
                "running",
                "safety",
                "smoke",
                "tamper",
            ]
        },
        "payload_on": TEXT,
        "payload_off": TEXT,
        "off_delay": {"type": "integer"},
    },
}
DOCUMENTED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["device", "origin", "components"],
    "properties": {
        "device": {
            "type": "object",
            "additionalProperties": False,
            "required": ["identifiers"],
            "properties": {
                "identifiers": {"type": "array", "items": TEXT, "minItems": 1},
                **dict.fromkeys(
                    (
                        "name",
                        "manufacturer",
                        "model",
                        "model_id",
                        "hw_version",
                        "sw_version",
                        "serial_number",
                    ),
                    TEXT,
                ),
            },
        },
        "origin": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {"name": TEXT, "sw_version": TEXT, "support_url": TEXT},
        },
        "availability": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["topic"],
                "properties": {
                    "topic": _TOPIC,
                    "value_template": TEXT,
                    "payload_available": TEXT,
                    "payload_not_available": TEXT,
                },
            },
        },
        "availability_mode": {"enum": ["all", "any", "latest"]},
        "qos": {"enum": [0, 1, 2]},
        "encoding": TEXT,
        "components": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-zA-Z0-9_-]+$"},
            "additionalProperties": {"oneOf": [SENSOR, BINARY_SENSOR]},
        },
    },
}


class Home:
    """What Home Assistant does with a message: it renders the template of each entity that hears its topic.

    "None" makes an entity unknown, and an empty rendering leaves it as it is.
    """

    def __init__(self, told):
        self._told = told
        self._templates = ImmutableSandboxedEnvironment()
        self.states = dict.fromkeys(told["components"], "unknown")
        self.available = False

    def hear(self, message):
        topic = messages.topic("north", message)
        payload = messages.encode(message).decode()
        for place in self._told["availability"]:
            if place["topic"] == topic:
                answer = self._render(place["value_template"], payload)
                assert answer in {place["payload_available"], place["payload_not_available"]}
                self.available = answer == place["payload_available"]
        for key, component in self._told["components"].items():
            if component["state_topic"] in {topic, topic.rpartition("/")[0] + "/+"}:
                self._take(key, component, self._render(component["value_template"], payload))

    def _render(self, template, payload):
        return (
            self._templates.from_string(template)
            .render(value=payload, value_json=json.loads(payload))
            .strip()
        )

    def _take(self, key, component, answer):
        if answer == "None":
            self.states[key] = "unknown"
        elif answer:
            self._refuse_what_home_assistant_warns_of(component, answer)
            self.states[key] = answer
        else:
            # For these, Home Assistant takes an empty rendering for a fault of the device and warns of it.
            assert component.get("device_class") not in {"enum", "timestamp"}

    @staticmethod
    def _refuse_what_home_assistant_warns_of(component, answer):
        if component["platform"] == "binary_sensor":
            assert answer in {"ON", "OFF"}
        elif "options" in component:
            assert answer in component["options"]
        elif component.get("state_class"):
            int(answer)
