"""The composed gate at a site's own broker, as ``deploy/mosquitto`` sets it up, with Home Assistant and Prometheus beside it."""

import asyncio
import json
import urllib.request

from gate.demo.settings import desk_settings
from gate.publish import homeassistant
from gate.settings import BrokerSettings, MetricsSettings
from tests.brokers import free_port
from tests.e2e.test_gate import CARD, visiting
from tests.publish.accounts import Ear
from tests.publish.sites import login, made, served


def asked(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


def untimely(ear):
    """Give what was said but for counts, which come when the clock says so."""
    return [
        each.topic for each in list(ear.messages) if not each.topic.endswith(("access-counts", "denials"))
    ]


def test_a_gate_appears_in_home_assistant_and_tells_its_figures_and_no_passage_r41_r44(tmp_path, monkeypatch):
    site = made(tmp_path / "site", accounts=("gate demo", "home-assistant"))
    own, port = login(site, "demo"), free_port()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(site / "accounts" / "demo"))
    settings = desk_settings(tmp_path / "gate").model_copy(
        update={
            "broker": BrokerSettings(
                host=own.host, port=own.port, username="demo", ca_file=own.tls.ca_file, home_assistant=True
            ),
            "metrics": MetricsSettings(enabled=True, port=port),
        }
    )

    async def scenario(ear):
        async with visiting(settings) as visitor:
            topic = homeassistant.topic("homeassistant", "demo")
            await visitor.until(lambda: ear.count(topic) == 1, "the gate to introduce itself")
            await visitor.until(lambda: ear.count("gate/demo/health") > 1, "a birth and a beat")
            before = await asyncio.to_thread(asked, port)
            told = untimely(ear)
            for _ in range(2):
                assert (await visitor.by_card(CARD)).granted
            assert await asyncio.to_thread(asked, port) == before
            assert untimely(ear) == told
            return before

    with served(site):
        with Ear(login(site, "home-assistant"), "#") as ear:
            figures = asyncio.run(scenario(ear))
            introduced = next(
                each for each in ear.heard_so_far() if each.topic.startswith("homeassistant/device")
            )
        with Ear(login(site, "home-assistant"), "#") as late:
            assert late.heard_so_far() == []
    assert 'gate_info{gate="demo"' in figures
    assert json.loads(introduced.payload)["device"]["identifiers"] == ["gate_demo"]
