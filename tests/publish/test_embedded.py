"""The broker that needs no set-up: loopback only, with a password, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from gate.errors import DeviceFault
from gate.publish.embedded import embedded_broker
from gate.publish.listen import Listener
from tests.brokers import HOST, free_port
from tests.children import child
from tests.publish.world import GATE, until


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def script(body, **options):
    return child([sys.executable, "-c", body], stdout=subprocess.PIPE, **options)


def test_it_listens_on_loopback_alone_and_stops():
    with embedded_broker() as settings:
        held = subprocess.run(
            [sys.executable, "-c", f"import socket; socket.socket().bind(('127.0.0.2', {settings.port}))"],
            check=False,
        )
        assert held.returncode == 0, "another loopback address is free: it did not take every address"
        assert listens(settings.port)
    assert not listens(settings.port)


def test_it_takes_the_port_it_is_given_and_says_so_when_that_is_taken():
    port = free_port()
    with embedded_broker(port) as settings:
        assert settings.port == port
        with pytest.raises(DeviceFault) as fault, embedded_broker(port):
            pass
    assert fault.value.code == "broker-start"
    assert str(port) in fault.value.what


def test_each_run_has_its_own_password():
    with embedded_broker() as one, embedded_broker() as two:
        assert one.password != two.password


def test_a_platform_without_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "iotcore", None)
    with pytest.raises(DeviceFault, match="Install mosquitto") as fault, embedded_broker():
        pass
    assert fault.value.code == "broker-missing"


def test_it_ends_with_a_parent_that_is_killed_and_leaves_no_password_behind(tmp_path):
    body = (
        "from gate.publish.embedded import embedded_broker\n"
        "with embedded_broker() as settings:\n"
        "    print(settings.port, flush=True)\n"
        "    input()\n"
    )
    with script(body, stdin=subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path)}) as parent:
        port = int(parent.stdout.readline())
        assert listens(port)
        parent.kill()
    asyncio.run(until(lambda: not listens(port)))
    assert list(tmp_path.iterdir()) == []


def test_it_outlives_ctrl_c_so_that_the_gate_can_say_goodbye():
    body = (
        "from gate.publish.embedded import embedded_broker\n"
        "from tests.publish.test_embedded import listens\n"
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # it is ignored where we were started with &
        "with embedded_broker() as settings:\n"
        "    try:\n"
        "        print('up', flush=True)\n"
        "        signal.pause()\n"
        "    except KeyboardInterrupt:\n"
        "        print(listens(settings.port), flush=True)\n"
    )
    with script(body, start_new_session=True) as parent:
        assert parent.stdout.readline() == "up\n"
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stdout.readline() == "True\n"
        assert parent.wait(timeout=30) == 0


def test_nobody_listens_without_a_broker_or_without_the_password():
    async def refused(settings):
        with pytest.raises(DeviceFault) as fault:
            async with Listener(settings, GATE):
                pass
        return fault.value.code

    with embedded_broker() as settings:
        assert asyncio.run(refused(type(settings)(HOST, settings.port))) == "broker-unheard"
    assert asyncio.run(refused(settings)) == "broker-unheard"
