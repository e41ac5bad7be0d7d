"""What the health page says of the broker: what is wrong, the remedy, and that nothing is lost (R46)."""

from __future__ import annotations

import html

import pytest

from gate.core.broker import COUNSEL, UP, BrokerState
from gate.web.staff.broker_words import BROKER, WAITS


def test_the_console_says_what_gate_check_says():
    said = {state: (words.title, words.next) for state, words in BROKER.items()}
    assert said == {state: (counsel.what, counsel.remedy) for state, counsel in COUNSEL.items()}


@pytest.mark.parametrize("state", BrokerState)
def test_the_health_page_says_how_the_broker_stands_and_what_to_do(house, guard, state):
    house.world.broker = state
    page = html.unescape(guard.get("/staff/health").text)
    assert COUNSEL[state].what in page
    assert (COUNSEL[state].remedy in page) is (state is not BrokerState.CONNECTED)
    assert (WAITS in page) is (state not in UP)


def test_it_says_so_in_chinese_too(house, guard):
    house.world.broker = BrokerState.EXPIRED
    page = guard.get("/staff/health", params={"lang": "zh-CN"}).text
    assert "消息服务器的证书已过期" in page
    assert COUNSEL[BrokerState.EXPIRED].what not in page
