"""A form of one's own page that is sent twice counts once (R72)."""

import re

from tests.service.browsing import ENGLISH


def test_r72_every_form_carries_a_word_of_its_own_so_that_it_counts_once(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for path in ("/me", "/me/pin", "/me/visitors", "/me/receipt"):
            page = (await browser.http.get(path, params=ENGLISH)).text
            forms = re.findall(r'<form method="post".*?</form>', page, re.DOTALL)
            words = [re.search(r'name="once" value="([^"]+)"', form) for form in forms]
            assert forms, path
            assert None not in words, path
            assert len({word[1] for word in words}) == len(words), path

    at_page(scenario)


def test_r72_the_same_request_sent_again_from_a_page_gone_back_to_is_one(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for once in ("first", "first", "another"):
            answer = await browser.press("request", kind="correct", details="My name is Chen.", once=once)
            assert "Received; you get an answer by" in answer.text
        assert len(gate.store.requests.of(person)) == 1
        await browser.press("request", kind="correct", details="My unit is 1204.")
        assert len(gate.store.requests.of(person)) == 2

    at_page(scenario)
