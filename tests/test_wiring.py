"""From the settings to the devices: what is named is made, and nothing else in its place."""

import pytest

from gate.errors import ConfigError
from gate.settings import ReaderSettings
from gate.settings_devices import HidSettings
from gate.wiring import devices_of, has_scanner
from tests.settings_of import settings_of

SCANNER = HidSettings(device="/dev/input/by-id/scanner", kind="code")
KEYBOARD = HidSettings(device="/dev/input/by-id/keyboard", kind="card")


@pytest.fixture
def wired():
    """Settings with a reader, and whatever else is said."""

    def wired(driver, *also, **sections):
        reader = ReaderSettings(driver=driver, also=also)
        return settings_of("north").model_copy(update={"reader": reader, **sections})

    return wired


def test_a_driver_of_no_release_is_refused_with_those_there_are(wired):
    with pytest.raises(ConfigError, match="Choose one of: simulated, osdp") as refused:
        devices_of(wired("turnstile"), lambda _: None)
    assert refused.value.code == "driver-unknown"


@pytest.mark.parametrize("driver", ["osdp", "controller", "wiegand", "hid", "pcsc"])
def test_a_driver_without_its_section_is_refused_by_the_sections_name(wired, driver):
    with pytest.raises(ConfigError, match=rf"\[{driver}\]") as refused:
        devices_of(wired(driver), lambda _: None)
    assert refused.value.code == "driver-unwired"


@pytest.mark.parametrize(
    ("also", "hid", "scans"),
    [((), None, False), (("hid",), SCANNER, True), (("hid",), KEYBOARD, False), ((), SCANNER, False)],
)
def test_visitors_are_told_of_a_scanner_only_where_one_is_used(wired, also, hid, scans):
    assert has_scanner(wired("osdp", *also, hid=hid)) is scans
