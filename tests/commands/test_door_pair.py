"""``gate door pair`` as the installer meets it: the key is kept before it is sent, and none is lost."""

import pytest
from typer.testing import CliRunner

from firmware_bridge.drivers import Declared
from firmware_bridge.mcu_sim.pty_device import SimulatedController
from gate.app import open_store
from gate.cli import cli
from gate.commands.asking import trusted_now
from gate.errors import DeviceFault, RequestError
from gate.settings import read_settings

SETTINGS = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "controller"
[door]
driver = "controller"
declared = "fail-safe"
{more}
[controller]
port = "{port}"
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""


class Site:
    """A gate's settings and the controller on its line."""

    def __init__(self, folder, box):
        self.box = box
        self.folder = folder
        self.config = folder / "gate.toml"
        self.door_says("")

    def door_says(self, more):
        port = f"/dev/..{self.box.path}"  # the settings take what is under /dev
        self.config.write_text(SETTINGS.format(folder=self.folder, port=port, more=more))

    def pair(self):
        return CliRunner().invoke(cli, ["door", "pair", "--config", str(self.config)])

    def keys(self, act):
        store = open_store(read_settings(self.config))
        try:
            return act(store)
        finally:
            store.close()

    def kept(self):
        return self.keys(
            lambda store: (store.device_keys.get("controller"), store.device_keys.offered("controller"))
        )


@pytest.fixture
def site(tmp_path):
    box = SimulatedController(None, declared=Declared.FAIL_SAFE)
    box.start()
    yield Site(tmp_path, box)
    box.close()


def test_a_new_controller_holds_the_key_that_the_gate_keeps(site):
    site.box.pair_button()
    ran = site.pair()
    assert (ran.exit_code, "paired, for a door that is fail-safe" in ran.output) == (0, True)
    assert site.kept() == (site.box.key, None)


def test_a_key_is_never_shown(site):
    site.box.pair_button()
    ran = site.pair()
    assert site.box.key.hex() not in ran.output


def test_without_the_button_the_key_in_use_stays_in_use(site):
    site.box.pair_button()
    site.pair()
    before = site.box.key
    ran = site.pair()
    assert isinstance(ran.exception, DeviceFault)
    assert "pairing button" in str(ran.exception)
    assert (site.box.key, site.kept()[0]) == (before, before)


def test_a_pairing_broken_off_after_the_key_was_sent_is_completed_without_the_button(site):
    """The gate lost its power between send and confirm: the controller has the key that was offered."""
    site.box.pair_button()
    site.pair()
    site.keys(lambda store: store.device_keys.forget("controller", at=trusted_now(store)))
    site.keys(lambda store: store.device_keys.offer("controller", site.box.key, at=trusted_now(store)))
    ran = site.pair()
    assert (ran.exit_code, "is complete" in ran.output) == (0, True)
    assert site.kept() == (site.box.key, None)


def test_a_controller_that_is_silent_does_not_cost_the_key_that_was_offered(site):
    """It may hold just that key, and has no power now: silence is not another key."""
    site.box.pair_button()
    site.pair()
    held = site.box.key
    site.keys(lambda store: store.device_keys.forget("controller", at=trusted_now(store)))
    site.keys(lambda store: store.device_keys.offer("controller", held, at=trusted_now(store)))
    site.box.hush(True)
    ran = site.pair()
    assert isinstance(ran.exception, DeviceFault)
    assert "Check its cable" in str(ran.exception)
    assert site.kept() == (None, held)
    site.box.hush(False)
    assert "is complete" in site.pair().output


@pytest.mark.parametrize("may", [False, True])
def test_whether_the_door_may_stand_open_is_told_to_the_controller(site, may):
    """R68: the controller holds the gate to what was said at the button."""
    site.door_says(f"may_stand_open = {str(may).lower()}")
    site.box.pair_button()
    site.pair()
    assert site.box.may_stand_open is may


def test_a_gate_without_a_controller_says_which_section_it_lacks(site):
    text = site.config.read_text()
    site.config.write_text(text.replace("[controller]\n", "[osdp]\n"))
    ran = site.pair()
    assert isinstance(ran.exception, RequestError)
    assert "[controller]" in ran.exception.remedy
