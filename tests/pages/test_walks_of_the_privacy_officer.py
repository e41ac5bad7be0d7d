"""Walks of who answers for privacy: a request answered in time, and evidence that takes two persons."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.browsing import PHONE
from tests.pages.languages import both
from tests.pages.settled import KIM, LIN, OFFICER, SECOND
from tests.pages.signing_in import sign_in_resident, signed_in

pytestmark = [pytest.mark.models, pytest.mark.portraits]

MAKING_MS = 60_000


@both()
def test_a_request_is_answered_in_time_and_the_answer_stands_on_the_phone(house, browsing, language):
    """R70: the oldest waits on top with its last day; the record is put right from there."""
    signed_in(browsing, OFFICER)
    answer = "已更正。感谢告知。"
    asker = LIN if language == "zh-CN" else KIM
    with browsing.opened(language=language, who=OFFICER) as page:
        page.goto("/staff/requests")
        browsing.shoot(page, f"requests {language}")
        page.locator(f'a[href="/staff/requests/{house.settled.requests[asker]}"]').first.click()
        page.locator('form[action$="/correct"] input[name="name"]').fill("林若曦")
        page.locator('form[action$="/correct"] button').click()
        expect(page.locator("dl.facts").first).to_contain_text("林若曦")
        page.locator('form[action$="/answer"] button').click()  # without an answer: said beside the field
        expect(page.locator('select[name="outcome"]')).to_have_value("")
        page.locator('select[name="outcome"]').select_option(index=1)
        page.locator('textarea[name="answer"]').fill(answer)
        browsing.shoot(page, f"request one {language}")
        page.locator('form[action$="/answer"] button').click()
        expect(page.locator("dl.facts").first).to_contain_text(answer)
        browsing.look_at(page, "request answered")
    with browsing.opened(language=language, size=PHONE) as page:
        sign_in_resident(browsing, page, house.settled[asker])
        expect(page.locator("main")).to_contain_text(answer)
        expect(page.locator("main")).to_contain_text("林若曦")


@both()
def test_evidence_leaves_once_after_a_second_person_agreed(house, browsing, language, tmp_path):
    """R87: asked for by one, allowed by another, made beside the door, checked on any machine."""
    signed_in(browsing, OFFICER)
    signed_in(browsing, SECOND)
    with browsing.opened(language=language, who=OFFICER) as page:
        page.goto("/staff/evidence")
        page.locator('input[name="reason"]').fill("Audit of the third quarter")
        page.locator('form[action="/staff/evidence/ask"] button').click()
        browsing.look_at(page, "evidence asked")
        expect(page.locator('form[action="/staff/evidence/make"]')).to_have_count(0)
        with browsing.opened(language=language, who=SECOND) as other:
            other.goto("/staff/approvals")
            browsing.look_at(other, "approvals waiting")
            other.locator('form[action="/staff/approvals/allow"] button').click()
            browsing.look_at(other, "approvals given")
        page.goto("/staff/evidence")
        browsing.look_at(page, "evidence allowed")
        page.locator('form[action="/staff/evidence/make"] button').click()
        page.locator('form[action="/staff/evidence/take"]').wait_for(timeout=MAKING_MS)
        browsing.look_at(page, "evidence ready")
        with page.expect_download() as taken:
            page.locator('form[action="/staff/evidence/take"] button').click()
        archive = tmp_path / "evidence.zip"
        taken.value.save_as(archive)
        house.command("evidence", "verify", str(archive), configured=False)
        page.goto("/staff/evidence")
        expect(page.locator('form[action="/staff/evidence/take"]')).to_have_count(0)
