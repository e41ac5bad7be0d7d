"""``gate order``, as somebody at a terminal meets it: a key, an order, and sending it to a gate at a real broker."""

import asyncio
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from gate.check import check_gate
from gate.cli import cli
from gate.commands import order
from gate.core.orders import (
    LIFETIME_MOST,
    ORDER_BYTES,
    OrderKind,
    Refusal,
    SignedOrder,
    key_id,
    read,
    signed_bytes,
)
from gate.settings import read_settings
from gate.store.account.signing import is_signed
from tests.brokers import PASSWORD, USER, mosquitto_broker
from tests.ordering import gate_at, releases
from tests.settings_file import settings_text


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "orders.pem"


def gate(*arguments, said=None):
    return CliRunner().invoke(cli, ["order", *map(str, arguments)], input=said)


def code_of(result):
    return getattr(result.exception, "code", None)


def made(key_file, *more):
    result = gate("key", key_file, *more)
    assert result.exit_code == 0, result.output
    return bytes.fromhex(result.stdout.strip())


def test_a_key_is_made_for_its_owner_alone_and_its_public_half_printed(key_file):
    public = made(key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert len(public) == 32
    assert made(key_file, "--show") == public


def test_a_key_that_is_there_is_never_overwritten(key_file):
    public = made(key_file)
    assert code_of(gate("key", key_file)) == "order-key-unwritable"
    assert made(key_file, "--show") == public


def test_a_sealed_key_opens_with_its_passphrase_alone(key_file):
    sealed = gate("key", key_file, "--seal", said="long words\nlong words\n")
    assert b"ENCRYPTED" in key_file.read_bytes()
    assert code_of(gate("key", key_file, "--show", said="wrong\n")) == "order-key-unfit"
    shown = gate("key", key_file, "--show", said="long words\n")
    assert shown.stdout.strip() == sealed.stdout.strip()


def test_without_a_passphrase_the_command_says_what_that_means(key_file):
    assert "Whoever copies" in gate("key", key_file).stderr


@pytest.mark.parametrize("kind", OrderKind)
def test_an_order_is_signed_as_the_gate_reads_it(key_file, kind):
    public = made(key_file)
    result = gate("sign", kind.value, "--key", key_file, "--gate", "north")
    assert result.exit_code == 0, result.output
    found = read(result.stdout_bytes)
    assert isinstance(found, SignedOrder)
    assert (found.order.gate, found.order.kind, found.order.key) == ("north", kind, key_id(public))
    assert is_signed(signed_bytes(found.order), found.signature, public)


def test_no_two_orders_are_the_same(key_file):
    made(key_file)
    both = [gate("sign", "release", "--key", key_file, "--gate", "north").stdout_bytes for _ in range(2)]
    assert both[0] != both[1]
    assert {len(each) for each in both} == {ORDER_BYTES}


@pytest.mark.parametrize("kind", OrderKind)
def test_an_order_is_never_signed_for_longer_than_a_gate_would_take(key_file, kind):
    made(key_file)
    most = int(LIFETIME_MOST[kind].total_seconds())
    for seconds, taken in ((most, True), (most + 1, False), (0, False)):
        result = gate("sign", kind.value, "--key", key_file, "--gate", "north", "--seconds", seconds)
        assert (result.exit_code == 0) is taken
        assert taken or code_of(result) == "order-lifetime"


@pytest.mark.parametrize("name", ["North", "a b", "n" * 33, "gate/north", ""])
def test_what_is_no_gates_id_is_refused_before_anything_is_signed(key_file, name):
    made(key_file)
    assert code_of(gate("sign", "release", "--key", key_file, "--gate", name)) == "gate-id"


def test_a_file_that_is_no_key_is_named(tmp_path, key_file):
    other = tmp_path / "other.pem"
    other.write_text("hello")
    assert code_of(gate("sign", "release", "--key", other, "--gate", "north")) == "order-key-unfit"
    assert code_of(gate("sign", "release", "--key", key_file, "--gate", "north")) == "order-unreadable"


def test_another_kind_of_key_is_refused(tmp_path):
    other = tmp_path / "ec.pem"
    other.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    assert code_of(gate("sign", "release", "--key", other, "--gate", "north")) == "order-key-unfit"


def test_what_was_altered_since_it_was_signed_is_not_even_sent(tmp_path, key_file):
    made(key_file)
    signed = tmp_path / "order"
    signed.write_bytes(gate("sign", "release", "--key", key_file, "--gate", "north").stdout_bytes + b"\n")
    assert code_of(gate("send", signed, "--host", "127.0.0.1")) == "order-malformed"
    assert code_of(gate("send", tmp_path / "nothing", "--host", "127.0.0.1")) == "order-unreadable"


def test_no_broker_is_called_in_plain_text_but_on_this_machine(tmp_path, key_file):
    made(key_file)
    signed = tmp_path / "order"
    signed.write_bytes(gate("sign", "release", "--key", key_file, "--gate", "north").stdout_bytes)
    assert code_of(gate("send", signed, "--host", "broker.example")) == "broker-plain"


def test_every_reason_has_words():
    assert set(order._WHY) == set(Refusal)


def test_signed_here_and_sent_through_a_real_broker_the_door_opens(tmp_path, key_file):
    public = made(key_file)
    signed, password = tmp_path / "order", tmp_path / "password"
    signed.write_bytes(gate("sign", "release", "--key", key_file, "--gate", "north").stdout_bytes)
    password.write_text(PASSWORD + "\n", encoding="utf-8")

    async def scenario(broker):
        said = ("--host", broker.host, "--port", broker.port, "--username", USER, "--password-file", password)
        async with gate_at(broker, tmp_path / "gate", keys=(public.hex(),)) as here:
            done = await asyncio.to_thread(gate, "send", signed, *said)
            again = await asyncio.to_thread(gate, "send", signed, *said)
            assert releases(here) == ["released"]
        return done, again

    (tmp_path / "gate").mkdir()
    with mosquitto_broker(tmp_path) as broker:
        done, again = asyncio.run(scenario(broker))
    # The gate's own log lines come to the same place here.
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "The door was released once, and locks by itself.",
    )
    assert (again.exit_code, "good once" in again.stderr) == (1, True)


def test_gate_check_says_which_orders_are_taken_and_whose(tmp_path):
    path = tmp_path / "gate.toml"
    text = settings_text(tmp_path)
    path.write_text(text)
    assert "nothing over the broker moves the door" in seen(path)
    public = bytes(range(1, 33))
    path.write_text(
        f'{text}\n[commands]\nenabled = true\nkeys = ["{public.hex()}"]\nallowed = ["lockdown"]\n'
    )
    assert seen(path) == f"lockdown over the broker, signed by key:{key_id(public)}"


def seen(path):
    return next(each.seen for each in check_gate(read_settings(path)) if each.subject == "orders")
