"""A code for one's own telephone, and where it leads."""

import pytest

from gate.web.app import create_app
from gate.web.screen import CODE_S
from gate.web.transport import Transport
from tests.web.conftest import Client
from tests.web.kiosk.screen import see, to_the_choice
from tests.web.world import World


def test_a_code_for_ones_telephone_stands_for_a_minute_and_no_longer(client, world, parts):
    client.post("/kiosk/code")
    html = see(client)
    assert "4820 1937" in html
    assert parts.issued == 1
    world.clock.seconds += CODE_S
    assert "4820" not in see(client)


def test_a_code_goes_when_somebody_comes(client, world):
    client.post("/kiosk/code")
    world.present("known")
    assert "4820" not in see(client)


def test_nobody_takes_a_code_while_another_is_served(client, world, parts):
    to_the_choice(client, world)
    client.post("/kiosk/code")
    assert parts.issued == 0


@pytest.mark.parametrize(
    ("transport", "address"),
    [
        (Transport(names=("gate.example",), port=8443), "https://gate.example:8443/me"),
        (Transport(names=("gate.example",), port=443), "https://gate.example/me"),
        (Transport(names=("fd00::1",), port=8443), "https://[fd00::1]:8443/me"),
    ],
)
def test_a_code_comes_with_the_address_it_is_for(clock, runner, kiosk, transport, address):
    world = World(clock, kiosk=kiosk)
    object.__setattr__(world.context, "transport", transport)
    client = Client(create_app(world.context, world.screen), runner)
    client.post("/kiosk/code")
    html = see(client)
    assert f" {address} " in html
    assert 'class="qr"' in html
