"""One's own page on the real store and the real service: see, withdraw, restrict, ask, take along (R24, R70, R71)."""

import asyncio
import json
import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import pytest

from gate.core.rights import Outcome, last_day
from gate.identifying import SIGN_INS_MOST, SIGN_INS_S, PinPages
from gate.office.gatecodes import HOLDS_S, GateCodes
from gate.rights import records_of
from gate.selfservice import SelfService
from gate.service import new_attempt
from gate.store.account.audit import Action, Actor
from gate.store.requests import OPEN_MOST
from gate.store.upkeep.clock import TrustedClock
from gate.vision.manifest import load_operating_point, manifest_for
from gate.web.app import create_app
from gate.web.context import WebContext
from gate.web.gatekeeper import OWN_COOKIE, OWN_SPAN
from gate.web.screen import KioskScreen
from tests.notices import board
from tests.service.world import FACE
from tests.settings_of import settings_of
from tests.web.world import known_office

BASE = "https://127.0.0.1:8443"
SHANGHAI = ZoneInfo("Asia/Shanghai")
ENGLISH = {"lang": "en"}


class Browser:
    """A browser of one resident: keeps cookies, sends forms as the page has them."""

    def __init__(self, app, codes):
        self.codes = codes
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=BASE, follow_redirects=True
        )

    async def sign_in(self, unit, pin, code=None):
        """Sign in with the code that the gate's screen shows now, unless another is given."""
        typed = {"unit": unit, "pin": pin, "code": self.codes.issue() if code is None else code}
        return await self.http.post("/me/sign-in", data=typed, params=ENGLISH)

    async def page(self):
        return " ".join(unescape((await self.http.get("/me", params=ENGLISH)).text).split())

    async def token(self):
        return re.search(r'name="token" value="([^"]+)"', await self.page())[1]

    async def press(self, path, **fields):
        return await self.http.post(
            f"/me/{path}", data={"token": await self.token()} | fields, params=ENGLISH
        )


def cookie_of(answer):
    """Give the cookie of the session, without those that end."""
    return next(each for each in answer.headers.get_list("set-cookie") if OWN_COOKIE in each).lower()


@pytest.fixture
def at_page(at_gate, models_dir):
    """Run a scenario with a gate, a resident with PIN, and a way to open browsers at the gate's own page."""

    def run(scenario):
        async def play(gate):
            clock = TrustedClock(gate.clock, gate.store.clock)
            point = load_operating_point(models_dir, manifest_for(models_dir, "embed"))
            records = records_of(settings_of("north"), gate.store, point)
            codes = GateCodes(clock)
            own = SelfService(
                clock=clock,
                service=gate.service,
                pins=PinPages(clock, gate.service),
                records=records,
                codes=codes,
                zone=SHANGHAI,
            )
            context = WebContext(
                clock=clock,
                post=gate.inputs.put_nowait,
                new_attempt=new_attempt,
                notices=board(gate.store),
                public_url=None,
                notice_minimum_s=2.0,
                status=lambda: None,
                desk=gate.desk,
                own=own,
                office=known_office(),
                contact="010-5555",
                zone=SHANGHAI,
            )
            app = create_app(context, KioskScreen(clock))
            person, pin = gate.add_resident()
            await scenario(gate, lambda: Browser(app, codes), person, pin)

        at_gate(play)

    return run


def test_r70_a_resident_sees_what_is_held_and_nothing_of_anybody_else(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        gate.store.people.add("87651204", "Bo Wang", "bo@example.org")
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        for mine in ("1203", "Ada Chen", "ada@example.org", "A face template exists since", "Card: valid"):
            assert mine in page
        for others in ("Bo Wang", "bo@example.org", "87651204"):
            assert others not in page

    at_page(scenario)


def test_r24_one_press_withdraws_gives_a_receipt_and_empties_the_gallery(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("withdraw")
        assert answer.status_code == 200
        assert "/me/receipt?reference=" in str(answer.url)
        assert "Consent to face was withdrawn" in answer.text
        assert gate.vision.gallery == {}
        assert gate.store.templates.count() == 0
        assert "No face template of you exists here." in await browser.page()
        gate.reader.present(40451)
        assert (await gate.result()).granted

    at_page(scenario)


def test_r24_a_withdrawal_here_outlives_an_enrolment_that_began_before_it(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        gate.consent(person)
        enrolling = asyncio.create_task(gate.enrol(person))
        await gate.until(lambda: gate.vision.enrolling, "the camera to open")
        await browser.press("withdraw")
        gate.capture.take(gate.vision.capturing, gate.store.epochs.current.number, FACE)
        with pytest.raises(Exception, match="withdrawn meanwhile"):
            await enrolling
        assert gate.store.templates.count() == 0

    at_page(scenario)


def test_r71_a_face_left_alone_is_not_matched_until_it_is_released(at_page):
    async def scenario(gate, open_browser, person, pin):
        template = gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("restrict")
        assert gate.vision.gallery == {}
        assert "Your face is left alone" in await browser.page()
        await browser.press("release")
        assert list(gate.vision.gallery) == [template]

    at_page(scenario)


def test_r71_an_objection_leaves_the_face_alone_at_once_and_waits_for_an_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("request", kind="object", details="Not while I am ill.")
        assert gate.vision.gallery == {}
        (request,) = gate.store.requests.of(person)
        assert request.facts.details == "Not while I am ill."

    at_page(scenario)


def test_r72_a_request_stands_on_the_page_with_its_due_date_and_then_its_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("request", kind="correct", details="My name is Ada <Chen-Li>.")
        page = await browser.page()
        (request,) = gate.store.requests.of(person)
        assert "My name is Ada <Chen-Li>." in page
        assert f"due on {last_day(request.due_at)} at the latest." in page
        now = gate.clock.now()
        gate.store.requests.close(request.id, Outcome.DONE, "Corrected.", at=now, actor=Actor.INSTALLER)
        assert "Answer: Corrected." in await browser.page()

    at_page(scenario)


@pytest.mark.parametrize("kind", ["correct", "explain"])
def test_r71_a_request_that_does_not_say_what_is_meant_is_refused_with_words(at_page, kind):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        refused = await browser.press("request", kind=kind, details=" \n ")
        assert refused.status_code == 422
        assert "Say it in your own words, then send it again." in refused.text
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


def test_r72_who_sent_a_request_is_told_the_last_day_of_its_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        sent = await browser.press("request", kind="delete")
        (request,) = gate.store.requests.of(person)
        assert sent.url.params["received"] == request.id
        page = (await browser.http.get("/me", params=ENGLISH | {"received": request.id})).text
        assert f"you get an answer by {last_day(request.due_at)}." in page

    at_page(scenario)


def test_r71_the_own_page_tells_what_was_measured_apart_from_its_bound(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        assert "3 % of people's own faces were refused (at most 14 %, with 95 % confidence)" in page

    at_page(scenario)


def test_r70_the_copy_to_take_along_is_json_without_any_template_and_is_on_record(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.http.get("/me/record.json")
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.text)["name"] == "Ada Chen"
        assert gate.store.audit.entries()[-1].action == Action.RECORD_EXPORTED

    at_page(scenario)


def test_r71_the_decision_is_explained_with_its_figures_and_the_way_to_a_human(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        assert "Similar enough means 0." in page
        assert "A human being looks at any decision you question: +86 10 5555 0100" in page
        assert "不利后果" in (await browser.http.get("/me", params={"lang": "zh-CN"})).text

    at_page(scenario)


def test_a_wrong_pin_and_an_unknown_unit_get_the_same_words(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        wrong = "000111" if pin != "000111" else "111000"
        answers = [
            await open_browser().sign_in(*typed) for typed in (("1203", wrong), ("9999", pin), ("x", pin))
        ]
        assert {answer.status_code for answer in answers} == {422}
        typed_again = re.compile(r'name="unit" type="text" value="\w+"')
        assert len({typed_again.sub("", answer.text) for answer in answers}) == 1
        assert "Unit and PIN do not belong together." in answers[0].text

    at_page(scenario)


def test_r03_wrong_pins_here_wait_and_the_pin_at_the_keypad_does_not(at_page):
    async def scenario(gate, open_browser, _person, pin):
        for unit in ("1203",) * 4:
            await open_browser().sign_in(unit, "000111")
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted

    at_page(scenario)


def test_r03_a_flood_of_sign_ins_leaves_the_keypad_its_turn(at_page):
    async def scenario(gate, open_browser, _person, pin):
        flood = [asyncio.create_task(open_browser().sign_in("1203", pin)) for _ in range(8)]
        await asyncio.sleep(0)
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted
        answers = [await each for each in flood]
        assert sum("Too many tries just now" in each.text for each in answers) == len(flood) - 1

    at_page(scenario)


def test_r54_so_many_right_pins_of_one_unit_wait_a_minute(at_page):
    async def scenario(gate, open_browser, _person, pin):
        for _ in range(SIGN_INS_MOST):
            assert "Ada Chen" in (await open_browser().sign_in("1203", pin)).text
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text
        gate.clock.leap(SIGN_INS_S)
        assert "Ada Chen" in (await open_browser().sign_in("1203", pin)).text

    at_page(scenario)


def test_r54_a_new_pin_ends_what_was_signed_in_to_with_the_old_one(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        token = await browser.token()
        gate.store.residents.new_pin("1203", gate.clock.now())
        assert "Ada Chen" not in await browser.page()
        await browser.http.post("/me/withdraw", data={"token": token})
        assert "Ada Chen" not in (await browser.http.get("/me/record.json")).text
        assert gate.store.templates.count() == 1

    at_page(scenario)


def test_r54_nothing_is_done_for_a_session_whose_tenancy_is_over(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        token = await browser.token()
        now = gate.clock.now()
        gate.store.residents.set_end("1203", now - timedelta(seconds=2), now)
        await browser.http.post("/me/request", data={"token": token, "kind": "delete"})
        assert "Ada Chen" not in (await browser.http.get("/me/record.json")).text
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


def test_r72_the_page_takes_five_open_requests_and_an_objection_still_leaves_the_face_alone(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for _ in range(OPEN_MOST):
            assert (await browser.press("request", kind="correct", details="My name.")).status_code == 200
        refused = await browser.press("request", kind="object", details="Not while I am ill.")
        assert "Five of your requests wait for an answer already." in refused.text
        assert len(gate.store.requests.of(person)) == OPEN_MOST
        assert gate.vision.gallery == {}

    at_page(scenario)


def test_signing_in_opens_no_door_and_leaves_no_passage(at_page):
    async def scenario(gate, open_browser, _person, pin):
        await open_browser().sign_in("1203", pin)
        assert gate.door.locked
        assert gate.decisions() == []

    at_page(scenario)


def test_without_signing_in_nothing_is_shown_and_nothing_done(at_page):
    async def scenario(gate, open_browser, person, _pin):
        gate.consent(person)
        stranger = open_browser()
        for path in ("/me", "/me/record.json", "/me/receipt", "/me/receipt.json", "/me/pin", "/me/visitors"):
            answer = await stranger.http.get(path, params=ENGLISH | {"reference": "x"})
            assert 'action="/me/sign-in"' in answer.text
            assert "Ada" not in answer.text
        for path in ("withdraw", "restrict", "release", "request", "sign-out"):
            await stranger.http.post(f"/me/{path}", data={"token": "x", "kind": "delete"})
        assert gate.store.templates.count() == 1
        assert gate.store.requests.list() == ()

    at_page(scenario)


def test_r54_a_form_without_the_sessions_own_token_is_refused(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser, other = open_browser(), open_browser()
        for each in (browser, other):
            await each.sign_in("1203", pin)
        for token in ("", "guess", await other.token()):
            answer = await browser.http.post("/me/withdraw", data={"token": token})
            assert answer.status_code in {400, 403}
        assert gate.store.templates.count() == 1

    at_page(scenario)


def test_r54_no_foreign_page_may_ask_for_the_copy(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        before = len(gate.store.audit.entries())
        answer = await browser.http.get("/me/record.json", headers={"sec-fetch-site": "same-site"})
        assert answer.status_code == 403
        assert len(gate.store.audit.entries()) == before

    at_page(scenario)


def test_r54_the_cookie_is_strict_secure_and_unreadable_for_scripts(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        browser.http.follow_redirects = False
        cookie = cookie_of(await browser.sign_in("1203", pin))
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= {
            part.strip() for part in cookie.split(";")
        }

    at_page(scenario)


def test_a_session_ends_after_ten_idle_minutes_and_by_signing_out(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        gate.clock.leap(OWN_SPAN.idle_s - 1)
        assert "Ada Chen" in await browser.page()
        gate.clock.leap(OWN_SPAN.idle_s)
        assert "Ada Chen" not in await browser.page()
        await browser.sign_in("1203", pin)
        await browser.press("sign-out")
        assert "Ada Chen" not in await browser.page()

    at_page(scenario)


def test_r75_a_session_does_not_outlive_the_tenancy(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        now = gate.clock.now()
        gate.store.residents.set_end("1203", now - timedelta(seconds=2), now)
        assert "Ada Chen" not in await browser.page()
        assert "Sign in" in await browser.page()

    at_page(scenario)


def test_what_only_the_page_or_the_desk_does_is_no_request(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for kind in ("next-of-kin", "withdraw", "nonsense"):
            assert (await browser.press("request", kind=kind)).status_code in {400, 422}
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


# --- the code from the gate's screen ---


def test_r54_without_a_code_from_the_gate_no_right_pin_signs_in(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        for code in ("", "00000000", "x" * 16):
            answer = await open_browser().sign_in("1203", pin, code)
            assert (answer.status_code, "Ada Chen" in answer.text) == (422, False)

    at_page(scenario)


def test_r54_a_wrong_code_costs_what_a_wrong_pin_does(at_page):
    """Guessing codes is as slow as guessing PINs."""

    async def scenario(_gate, open_browser, _person, pin):
        for _ in range(4):
            await open_browser().sign_in("1203", pin, "00000000")
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text

    at_page(scenario)


def test_r54_a_code_is_good_once(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        code = browser.codes.issue()
        assert "Ada Chen" in (await browser.sign_in("1203", pin, code)).text
        assert "Ada Chen" not in (await open_browser().sign_in("1203", pin, code)).text

    at_page(scenario)


def test_a_code_is_over_after_five_minutes(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        code = browser.codes.issue()
        gate.clock.leap(HOLDS_S)
        assert "Ada Chen" not in (await browser.sign_in("1203", pin, code)).text

    at_page(scenario)


def test_whoever_brought_a_code_may_mistype_the_pin_without_going_back_to_the_gate(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        wrong = await browser.sign_in("1203", "000111")
        assert "The code from the gate was right." in wrong.text
        assert 'name="code"' not in wrong.text
        assert "Ada Chen" in (await browser.sign_in("1203", pin, "")).text
        other = open_browser()
        await other.sign_in("1203", "000111")
        gate.clock.leap(HOLDS_S)
        assert "Ada Chen" not in (await other.sign_in("1203", pin, "")).text

    at_page(scenario)


def test_the_gates_qr_code_fills_the_code_in_and_nothing_else(at_page):
    async def scenario(_gate, open_browser, _person, _pin):
        http = open_browser().http
        assert 'value="12345678"' in (await http.get("/me", params=ENGLISH | {"code": "12345678"})).text
        page = (await http.get("/me", params=ENGLISH | {"code": '"><b>1'})).text
        assert "<b>1" not in page

    at_page(scenario)


# --- another PIN ---


def new_pin_on(answer):
    return re.search(r'<p class="value">(\d+)</p>', answer.text)[1]


def test_r52_a_drawn_pin_takes_the_place_of_the_old_one_and_is_shown_once(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser, other = open_browser(), open_browser()
        for each in (browser, other):
            await each.sign_in("1203", pin)
        answer = await browser.press("pin", present=pin)
        fresh = new_pin_on(answer)
        assert fresh not in (await browser.http.get(answer.url)).text
        assert "Ada Chen" in await browser.page(), "this browser stays signed in"
        assert "Ada Chen" not in await other.page(), "every other one does not"
        gate.reader.press(f"1203#{fresh}#")
        assert (await gate.result()).granted
        assert gate.store.audit.entries()[-1].actor == Actor.RESIDENT

    at_page(scenario)


def test_r52_a_chosen_pin_opens(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("pin", present=pin, chosen="739154", again="739154")
        assert new_pin_on(answer) == "739154"
        gate.reader.press("1203#739154#")
        assert (await gate.result()).granted

    at_page(scenario)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"present": "000111"}, "present", "This is not your present PIN"),
        ({"chosen": "123456", "again": "123456"}, "chosen", "too easy to guess"),
        ({"chosen": "12345", "again": "12345"}, "chosen", "too easy to guess"),
        ({"chosen": "7391 54", "again": "7391 54"}, "chosen", "too easy to guess"),
        ({"chosen": "739154", "again": "739145"}, "again", "The two new PINs differ"),
        ({"chosen": "", "again": "739154"}, "again", "The two new PINs differ"),
    ],
)
def test_r52_a_pin_that_will_not_do_is_refused_beside_its_field_and_the_old_one_stays(
    at_page, typed, field, words
):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("pin", **{"present": pin} | typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'href="#field-{field}"' in answer.text
        assert not any(each and each in answer.text for each in typed.values())
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted

    at_page(scenario)


def test_guessing_the_present_pin_waits_like_any_guessing(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for _ in range(4):
            await browser.press("pin", present="000111")
        assert "Too many tries just now" in (await browser.press("pin", present=pin)).text

    at_page(scenario)


# --- visitors ---


def typed_time(gate, **ahead):
    return f"{(gate.clock.now() + timedelta(**ahead)).astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def test_a_code_for_a_visitor_is_shown_once_and_opens_once(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("visitors", begins="", until=typed_time(gate, hours=3))
        code = re.search(r"GV1\.[A-Z2-7]+", answer.text)[0]
        assert 'class="qr"' in answer.text
        assert code not in (await browser.http.get(answer.url)).text
        (open_one,) = gate.store.visits.of(person, gate.clock.now())
        assert open_one.id not in answer.text.split("Codes nobody used yet")[0]
        assert gate.store.visits.check(code, gate.clock.now(), clock_trusted=True).person == person
        assert gate.store.visits.of(person, gate.clock.now()) == ()

    at_page(scenario)


def test_times_of_visits_are_typed_and_told_in_the_sites_own_time(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        begins, until = typed_time(gate, hours=1), typed_time(gate, hours=4)
        await browser.press("visitors", begins=begins, until=until)
        (visit,) = gate.store.visits.of(person, gate.clock.now())
        assert f"{visit.valid_from.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" == begins
        page = (await browser.http.get("/me/visitors", params=ENGLISH)).text
        assert f"until {until.replace('T', ' ')} UTC+08:00" in page

    at_page(scenario)


@pytest.mark.parametrize(
    ("begins", "until"), [("", "tomorrow"), ("", "2020-01-01T10:00"), ("", "9999-12-31"), ("x", "2030-01-01")]
)
def test_a_visit_at_no_possible_time_is_refused_with_what_was_typed(at_page, begins, until):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("visitors", begins=begins, until=until)
        assert answer.status_code == 422
        assert f'value="{until}"' in answer.text
        assert gate.store.visits.of(person, gate.clock.now()) == ()

    at_page(scenario)


def test_a_resident_takes_back_their_own_codes_and_nobody_elses(at_page):
    async def scenario(gate, open_browser, person, pin):
        now = gate.clock.now()
        other = gate.store.people.add("1204", "Bo Wang", "")
        until = now + timedelta(hours=2)
        theirs = gate.store.visits.issue(other, now, until, at=now).visit
        mine = gate.store.visits.issue(person, now, until, at=now).visit
        browser = open_browser()
        await browser.sign_in("1203", pin)
        refused = await browser.press("visitors/revoke", visit=theirs.id)
        assert (refused.status_code, len(gate.store.visits.of(other, now))) == (422, 1)
        await browser.press("visitors/revoke", visit=mine.id)
        assert gate.store.visits.of(person, now) == ()

    at_page(scenario)


# --- what was typed is not lost ---


def test_a_request_that_is_refused_keeps_what_was_typed(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("request", kind="explain", details="x" * 2001)
        assert answer.status_code == 422
        assert "x" * 2001 in answer.text
        assert '<option value="explain" selected>' in answer.text

    at_page(scenario)


def test_moments_on_the_own_page_are_the_sites(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        assert "UTC+08:00" in await browser.page()

    at_page(scenario)
