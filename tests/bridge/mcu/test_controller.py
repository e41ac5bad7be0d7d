"""The whole firmware around its door: host, noise, faults and resets end in the declared state; exit stays free."""

import random

import pytest

from firmware_bridge.drivers import Declared
from firmware_bridge.mcu import wire
from firmware_bridge.mcu.contacts import at_rest
from firmware_bridge.mcu.controller import ENERGISE, RX_BYTES, Controller
from firmware_bridge.mcu.lamps import BUZZER, GREEN
from firmware_bridge.mcu_sim.virtual import BOOT_MS, WATCHDOG_MS
from tests.bridge.mcu.desk import KEY, Desk, Dice, Host

REACTION_MS = 20
NEW_KEY = bytes(range(32, 64))
HOSTS = ("silent", "beating", "lockdown", "flooding", "mid-frame", "hung after a release")


@pytest.fixture(params=list(Declared))
def declared(request):
    return request.param


@pytest.fixture
def desk():
    desk = Desk().connect()
    yield desk
    desk.close()


def at_rest_as_declared(desk):
    return desk.locked == (desk.box._declared is Declared.FAIL_SECURE)


def put(desk, host):
    """Bring the host into one of HOSTS. Returns what it says in every round from then on."""
    if host == "silent":
        desk.beating = False
        desk.run(6000)
    elif host == "lockdown":
        desk.standing = wire.STAND_LOCKED
        desk.beat()
    elif host == "mid-frame":
        desk.beating = False
        desk.say(desk.host.beat()[:7])
    elif host == "hung after a release":
        desk.say(desk.host.release(100))
        desk.beating = False
        desk.run(200)
    return random.Random(1).randbytes(64) if host == "flooding" else b""


@pytest.mark.fault("fire-while-host-hangs")
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("what", ["fire", "exit_pressed"])
def test_fire_and_exit_free_the_lock_within_twenty_milliseconds_whatever_the_host_does(declared, host, what):
    """R65, R66, R68, without the paths in hardware: the firmware alone."""
    desk = Desk(declared, bypass=False).connect()
    noise = put(desk, host)
    for _ in range(50):
        desk.say(noise)
    setattr(desk.box.world, what, True)
    pressed = desk.now
    while desk.locked:
        desk.say(noise)
        assert desk.now - pressed <= REACTION_MS
    desk.close()


def test_the_lock_stays_free_while_fire_lasts_whatever_the_host_says(declared):
    """R65: software can neither delay nor relock."""
    desk = Desk(declared).connect()
    desk.box.world.fire = True
    desk.run(5)
    for standing in (wire.STAND_LOCKED, wire.STAND_NORMAL, wire.STAND_OPEN):
        desk.standing = standing
        for _ in range(200):
            desk.beat()
            assert not desk.locked
    desk.beating = False
    for _ in range(4000):
        desk.run(5)
        assert not desk.locked
    desk.close()


def test_after_the_fire_the_door_is_as_it_was(desk):
    desk.box.world.fire = True
    desk.run(2000)
    desk.box.world.fire = False
    desk.run(300)
    assert desk.locked


def test_a_release_is_told_when_it_begins_and_when_it_ends(desk):
    desk.say(desk.host.release(3000, number=513))
    assert desk.bodies(wire.RELEASED) == [(513).to_bytes(2, "little")]
    assert not desk.locked
    desk.run(3100)
    assert desk.locked
    assert desk.bodies(wire.LOCKED) == [bytes([wire.WHY_TIME])]


def test_a_host_that_asks_without_end_never_holds_the_strike():
    """R68."""
    desk = Desk(max_ms=2000).connect()
    for _ in range(3000):
        desk.say(desk.host.release(60000))
    assert desk.longest_free <= 2000
    assert bytes([wire.WHY_MAXIMUM]) in desk.bodies(wire.LOCKED)
    desk.close()


def test_lockdown_refuses_a_release_and_says_why(desk):
    desk.standing = wire.STAND_LOCKED
    desk.beat()
    desk.say(desk.host.release(3000, number=9))
    assert desk.bodies(wire.REFUSED) == [bytes([9, 0, wire.WHY_STANDING])]
    assert desk.locked


def test_a_host_hung_mid_unlock_ends_in_the_declared_state(declared):
    """R67."""
    desk = Desk(declared).connect()
    desk.beating = False
    desk.run(4000)
    desk.say(desk.host.release(7000))
    assert desk.until(lambda: at_rest_as_declared(desk) and desk.state() & wire.HOST_SILENT) <= 5000
    desk.run(30000)
    assert at_rest_as_declared(desk)
    desk.close()


def test_a_door_that_was_not_paired_to_stand_open_is_not_held_open_by_a_host(declared):
    """R68: a host that was taken over wants it open once a second; it is heard, and told that the door stands as ever."""
    desk = Desk(declared).connect()
    desk.standing, desk.longest_free = wire.STAND_OPEN, 0
    desk.heard.clear()
    desk.run(60000)
    assert {body[2] for body in desk.bodies(wire.STATE)} == {wire.STAND_NORMAL}
    assert not desk.state() & (wire.HOST_SILENT | wire.STRIKE_FREE)
    assert desk.longest_free == 0
    desk.say(desk.host.release(3000))
    assert not desk.locked
    desk.close()


def test_standing_open_ends_with_its_lease(declared):
    """R67, R68: a door left without its host never stays open by the host's word."""
    desk = Desk(declared, opens=1).connect()
    desk.standing = wire.STAND_OPEN
    desk.beat()
    desk.run(3000)
    assert not desk.locked
    desk.beating = False
    desk.run(5100)
    assert at_rest_as_declared(desk)
    desk.close()


def test_a_reset_mid_unlock_drops_the_lock_s_current_at_once_and_forgets_the_release(declared):
    """R67: not one round passes, and nothing from before the reset counts after it."""
    desk = Desk(declared).connect()
    release = desk.host.release(7000)
    desk.say(release)
    desk.box.reset()
    assert not desk.energised
    desk.run(BOOT_MS + 100, release)
    desk.run(100, release)
    assert at_rest_as_declared(desk)
    desk.connect()
    assert desk.state() & wire.STRIKE_FREE == 0
    desk.close()


@pytest.mark.fault("controller-dead")
def test_a_hung_firmware_is_reset_by_the_watchdog_and_ends_as_declared(declared):
    """R67."""
    desk = Desk(declared).connect()
    desk.say(desk.host.release(7000))
    desk.box.hang()
    desk.beating = False
    desk.run(WATCHDOG_MS + 10)
    assert not desk.energised
    assert at_rest_as_declared(desk)
    desk.run(BOOT_MS + 10)
    desk.connect()
    assert desk.bodies(wire.STATE)[-1][3] == wire.BOOT_WATCHDOG
    desk.close()


def test_with_the_bypass_wired_fire_frees_a_door_whose_firmware_hangs(declared):
    """R65: in hardware."""
    desk = Desk(declared, bypass=True).connect()
    desk.box.hang()
    desk.box.world.fire = True
    assert not desk.locked
    desk.close()


def test_a_card_reaches_the_host_as_the_burst_it_was(desk):
    desk.box.send_bits(0x2A55AA5, 26)
    desk.run(200)
    assert desk.bodies(wire.BURST) == [wire.pack_burst(26, 0x2A55AA5)]


def test_keys_reach_the_host_one_by_one(desk):
    desk.box.press("09#")
    desk.run(400)
    assert desk.bodies(wire.BURST) == [wire.pack_burst(4, key) for key in (0, 9, 11)]


def test_a_card_shown_while_nobody_listened_is_never_told_later():
    desk = Desk()
    desk.box.present(40451)
    desk.run(1000)
    desk.connect()
    desk.run(2000)
    assert desk.bodies(wire.BURST) == []
    desk.close()


def test_noise_on_the_data_lines_is_told_once_a_second(desk):
    for _ in range(100):
        desk.box.send_bits(0, 200)
        desk.run(50)
    desk.run(10000)
    assert 1 <= len(desk.bodies(wire.NONSENSE)) <= desk.now // 1000 + 1
    assert desk.bodies(wire.BURST) == []


def test_one_press_of_exit_is_told_once_and_opens(desk):
    desk.box.press_exit()
    desk.run(1000)
    assert desk.bodies(wire.EXIT) == [b"\x01"]
    assert not desk.locked


@pytest.mark.parametrize(
    ("what", "bit"),
    [
        ("leaf_open", wire.LEAF_OPEN),
        ("fire", wire.FIRE_ON),
        ("case_open", wire.CASE_OPEN),
        ("power_failed", wire.POWER_FAILED),
        ("other_open", wire.OTHER_OPEN),
        ("exit_pressed", wire.EXIT_PRESSED),
    ],
)
def test_every_contact_is_told_as_soon_as_it_counts(desk, what, bit):
    desk.run(1000)
    setattr(desk.box.world, what, True)
    assert desk.until(lambda: desk.state() & bit) <= 150
    setattr(desk.box.world, what, False)
    assert desk.until(lambda: not desk.state() & bit) <= 1100


def test_the_state_is_told_every_half_second(desk):
    desk.heard.clear()
    desk.beating = False
    desk.run(4000)
    assert len(desk.bodies(wire.STATE)) == 8


@pytest.mark.fault("noise-flood")
def test_noise_on_the_line_never_moves_the_lock(declared):
    """R68: no byte sequence makes anything happen."""
    desk = Desk(declared).connect()
    desk.beating = False
    desk.run(6000)
    draw = random.Random(7)
    for _ in range(4000):
        desk.say(draw.randbytes(draw.randrange(64)))
        assert at_rest_as_declared(desk)
    desk.close()


@pytest.mark.fault("replayed-frames")
def test_a_replayed_release_moves_nothing(desk):
    """R68."""
    release = desk.host.release(500)
    desk.say(release)
    desk.run(1000)
    for _ in range(100):
        desk.say(release)
        assert desk.locked


def test_a_host_with_another_key_moves_nothing(desk):
    desk.host.key = NEW_KEY
    desk.run(20, desk.host.hello())
    desk.say(desk.host.beat(wire.STAND_OPEN))
    desk.say(desk.host.release(3000))
    assert desk.locked


def test_the_reader_shows_what_the_host_asks(desk):
    desk.run(20, desk.host.show(wire.SHOW_GRANTED))
    assert desk.box.outputs & (GREEN | BUZZER) == GREEN | BUZZER
    desk.run(1000)
    assert desk.box.outputs & (GREEN | BUZZER) == GREEN
    desk.run(3000)
    assert desk.box.outputs & (GREEN | BUZZER) == 0


def test_a_fault_in_the_link_s_half_leaves_exit_and_fire_as_they_are():
    """R68: seeded here with a source of randomness that breaks."""

    def broken(count):
        raise MemoryError

    controller = Controller((KEY, wire.FAIL_SECURE, 7000, 0), broken, lambda _: None)
    hello = Host().hello()
    now = 0
    for _ in range(100):
        now += 5
        assert controller.step(now, at_rest(), [], hello) == (controller.outputs, b"")
    assert controller.faults == 100
    controller.step(now + 5, at_rest() | wire.FIRE_ON, [], hello)
    assert controller.outputs & ENERGISE


def test_a_round_hears_a_bounded_number_of_bytes():
    """R68: a host that floods cannot draw a round out."""
    controller = Controller((KEY, wire.FAIL_SECURE, 7000, 0), Dice(), lambda _: None)
    controller.step(0, at_rest(), [], b"")
    assert controller.step(5, at_rest(), [], bytes(RX_BYTES) + Host().hello())[1] == b""
    assert controller.step(10, at_rest(), [], Host().hello())[1] != b""


def test_fire_and_exit_cannot_be_left_out_of_what_is_fitted():
    controller = Controller((KEY, wire.FAIL_SECURE, 7000, 0), Dice(), lambda _: None, fitted=0)
    controller.guard(0, at_rest() | wire.FIRE_ON | wire.LEAF_OPEN)
    assert controller.door.contacts.seen == wire.FIRE_ON


def test_a_long_day_ends_as_it_began(declared):
    """Twenty minutes of comings, goings and noise, in more than twenty thousand rounds."""
    desk = Desk(declared, max_ms=3000, round_ms=50).connect()
    draw = random.Random(3)
    for _ in range(1000):
        desk.run(draw.randrange(50, 2400), draw.choice((b"", desk.host.release(2000), draw.randbytes(40))))
        world = desk.box.world
        world.leaf_open, world.other_open = draw.random() < 0.3, draw.random() < 0.3
        if draw.random() < 0.1:
            desk.box.present(draw.randrange(1 << 16))
    desk.beating = False
    desk.run(20000)
    assert at_rest_as_declared(desk)
    assert len(desk.trace) > 20000
    desk.close()
