"""The shell at work: real store, simulated devices; what a person at the gate gets."""

import sqlite3
from datetime import timedelta

import pytest
import structlog

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.events import Counted, Span
from gate.core.policy import Finding, Hint
from gate.core.types import Method, NoticeVersion, Reason, TemplateId
from gate.errors import RequestError, VaultError
from gate.web.context import Said
from tests.service.world import CARD, OTHER_FACE, with_rules


def test_a_card_opens_the_door_and_leaves_a_record_without_a_person(at_gate):
    async def scenario(gate):
        gate.add_resident()
        gate.reader.present(CARD)
        assert (await gate.result()).granted
        assert not gate.door.locked
        await gate.until(gate.decisions, "the record")
        await gate.until(lambda: gate.decisions()[0][2], "the outcome")
        assert gate.decisions() == [(True, "known-credential", "released")]

    at_gate(scenario)


def test_an_unknown_card_opens_nothing(at_gate):
    async def scenario(gate):
        gate.reader.present(CARD)
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.UNKNOWN_CREDENTIAL)
        assert gate.door.locked

    at_gate(scenario)


def test_unit_and_pin_open_and_a_wrong_pin_or_unknown_unit_look_alike(at_gate):
    async def scenario(gate):
        _, pin = gate.add_resident()
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted
        results = []
        for keys in ("1203#918273#", "7777#918273#"):
            start = len(gate.screen.views)
            gate.reader.press(keys)
            results.append(await gate.result(start))
        assert [(each.granted, each.reason) for each in results] == [(False, Reason.UNKNOWN_CREDENTIAL)] * 2

    at_gate(scenario)


def test_a_flood_of_pins_waits_while_a_card_opens(at_gate):
    async def scenario(gate):
        gate.add_resident()
        for _ in range(12):
            gate.reader.press("1203#918273#")
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)


def test_a_resident_who_agreed_opens_by_face_and_the_frames_are_forgotten(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        attempt = await gate.to_capture()
        gate.finds(attempt, template)
        assert (await gate.result()).reason is Reason.MATCHED
        assert gate.vision.told[-3:] == ["open", "close", "forget"]

    at_gate(scenario)


def test_r02_a_card_during_capture_ends_it_and_opens(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await gate.to_capture()
        gate.reader.present(CARD)
        assert (await gate.result()).reason is Reason.KNOWN_CREDENTIAL
        assert gate.vision.capturing is None
        assert gate.vision.told[-1] == "forget"

    at_gate(scenario)


def test_r24_a_face_that_matched_before_withdrawal_does_not_open_after_it(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        attempt = await gate.to_capture()
        gate.desk.withdraw(person)
        assert gate.vision.gallery == {}
        gate.finds(attempt, template)  # a finding that was already under way
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.NOT_CONSENTED)
        assert gate.door.locked
        await gate.until(lambda: gate.service.face_offered, "rest")
        gate.reader.present(CARD)  # R04: nothing else changed
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)


def test_a_compared_face_that_matches_no_template_refuses(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        attempt = await gate.to_capture()
        gate.finds(attempt, None)
        assert not (await gate.result()).granted

    at_gate(scenario)


def test_a_template_nobody_stored_opens_nothing(at_gate):
    async def scenario(gate):
        attempt = await gate.to_capture()
        gate.finds(attempt, TemplateId("f" * 32))
        assert (await gate.result()).reason is Reason.NOT_CONSENTED
        assert gate.door.locked

    at_gate(scenario)


def test_a_camera_fault_ends_the_attempt_and_card_opens(at_gate):
    async def scenario(gate):
        gate.add_resident()
        attempt = await gate.to_capture()
        gate.inputs.put_nowait(on.CameraFailed(attempt))
        assert (await gate.result()).reason is Reason.FAULT
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)


@pytest.mark.fault("reader-lost")
@pytest.mark.fault("vision-dead")
@pytest.mark.parametrize("loss", ["vision", "screen", "reader"])
def test_r01_r12_face_leaves_the_offer_with_vision_screen_or_reader(at_gate, loss):
    async def scenario(gate):
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        if loss == "vision":
            gate.vision.ready = False
        elif loss == "screen":
            gate.screen.live = False
        else:
            gate.reader.unplug()
        await gate.until(lambda: not gate.service.face_offered, "face to leave")
        gate.vision.ready = gate.screen.live = True
        gate.reader.plug()
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario)


def test_a_site_without_face_offers_card_and_pin(at_gate):
    async def scenario(gate):
        gate.inputs.put_nowait(on.Presence("someone"))
        await gate.until(lambda: isinstance(gate.screen.view, do.OfferMethods), "an offer")
        assert gate.screen.view.methods == (Method.CARD, Method.PIN)

    at_gate(scenario, vision=False)


def test_a_gallery_beyond_what_was_validated_turns_face_off(at_gate):
    async def scenario(gate):
        first, _ = gate.add_resident()
        second, _ = gate.add_resident("1204", CARD + 1)
        gate.consent(first)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.consent(second, OTHER_FACE)
        await gate.until(lambda: not gate.service.face_offered, "face to leave")
        assert gate.service.gate.conditions.obstacles == ("gallery_validated",)
        assert gate.vision.gallery == {}

    at_gate(scenario, templates_most=1)


def test_an_altered_template_is_left_out_and_named_while_others_go_on(at_gate):
    async def scenario(gate):
        first, _ = gate.add_resident()
        second, _ = gate.add_resident("1204", CARD + 1)
        altered, whole = gate.consent(first), gate.consent(second, OTHER_FACE)
        gate.store.decisions._database.write(
            lambda connection: connection.execute(
                "UPDATE templates SET sealed = (SELECT sealed FROM templates WHERE id = ?) WHERE id = ?",
                (whole, altered),
            )
        )
        with structlog.testing.capture_logs() as logs:
            gate.service.reload_gallery()
        assert list(gate.vision.gallery) == [whole]
        assert [entry["template"] for entry in logs if entry["event"] == "template_faulty"] == [altered]

    at_gate(scenario)


@pytest.mark.fault("controller-lost")
def test_a_door_that_does_not_answer_is_a_recorded_fault(at_gate):
    async def scenario(gate):
        gate.add_resident()
        gate.door.unplug()
        gate.reader.present(CARD)
        await gate.until(
            lambda: isinstance(gate.screen.view, do.ShowResult) and gate.screen.view.reason is Reason.FAULT,
            "the fault",
        )
        assert gate.decisions() == [(False, "fault", None)]

    at_gate(scenario, rules=with_rules(show_result_s=0.5))


def test_counting_begins_before_anybody_comes(at_gate):
    async def scenario(gate):
        later = gate.clock.now() + timedelta(hours=1)
        await gate.until(
            lambda: gate.store._database.rows("SELECT * FROM tally"), "the first look at the clock"
        )
        gate.store.tally.close(later)
        told = gate.store.outbox.published(later - timedelta(hours=2), later)
        assert [each.people for each in told if isinstance(each, Counted) and each.span is Span.HOUR] == [
            None
        ]

    at_gate(scenario)


def test_no_log_line_names_a_person_a_card_or_a_pin(at_gate):
    async def scenario(gate):
        person, pin = gate.add_resident()
        with structlog.testing.capture_logs() as logs:
            template = gate.consent(person)
            gate.finds(await gate.to_capture(), template)
            await gate.result()
            for act in (lambda: gate.reader.present(CARD), lambda: gate.reader.press(f"1203#{pin}#")):
                start = len(gate.screen.views)
                act()
                await gate.result(start)
        said = repr(logs)
        assert "attempt" in said
        for secret in ("Ada", "ada@", str(CARD), pin, "1203", person, template):
            assert secret not in said

    at_gate(scenario)


def test_a_database_that_fails_grants_nothing_and_the_gate_goes_on(at_gate):
    async def scenario(gate):
        gate.add_resident()
        database = gate.store.decisions._database
        database.write(lambda connection: connection.execute("ALTER TABLE decisions RENAME TO gone"))
        gate.reader.present(CARD)
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.FAULT)
        assert gate.door.locked
        database.write(lambda connection: connection.execute("ALTER TABLE gone RENAME TO decisions"))
        start = len(gate.screen.views)
        gate.reader.present(CARD)
        assert (await gate.result(start)).granted

    at_gate(scenario)


def test_hints_reach_the_person(at_gate):
    async def scenario(gate):
        attempt = await gate.to_capture()
        gate.inputs.put_nowait(on.FaceFound(attempt, Finding(Hint.COME_CLOSER)))
        await gate.until(lambda: gate.screen.view == do.Guide(attempt, Hint.COME_CLOSER), "the hint")

    at_gate(scenario)


def test_a_second_gate_on_the_same_data_needs_the_same_key(tmp_path, at_gate):
    async def scenario(gate):
        gate.add_resident()

    at_gate(scenario)
    for key in (tmp_path / "keys").iterdir():
        key.write_bytes(bytes(32))
    with pytest.raises(VaultError):
        at_gate(scenario)


def test_r44_health_does_not_tell_that_somebody_was_refused_or_enrols(at_gate):
    async def scenario(gate):
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        for _ in range(5):
            attempt = await gate.to_capture()
            start = len(gate.screen.views)
            gate.inputs.put_nowait(on.FaceFound(attempt, Finding(Hint.COMPARED)))
            await gate.result(start)
        assert not gate.service.face_offered
        assert gate.beat.health().face_offered
        await gate.until(lambda: gate.service.face_offered, "face to have rested")
        async with gate.service.lend_camera():
            assert not gate.service.face_offered
            assert gate.beat.health().face_offered

    at_gate(scenario)


def test_r11_without_a_published_notice_there_is_neither_face_nor_enrolment(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        service = gate.service
        await gate.until(lambda: service.gate.conditions.obstacles == ("notice_published",), "the rest")
        with pytest.raises(RequestError):
            await gate.desk.enrol(person, Said(NoticeVersion("1.0"), "0" * 64, "en"))
        gate.reader.present(CARD)
        assert (await gate.result()).granted

    at_gate(scenario, notice_published=False)


def test_r75_an_expired_consent_ends_with_its_template_and_no_clock_brings_it_back(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        gate.clock.move(timedelta(days=366))
        gate.service._keep_house()
        assert gate.store.templates.count() == 0
        assert gate.vision.gallery == {}
        gate.clock.move(timedelta(days=-366))
        gate.service._keep_house()
        assert gate.vision.gallery == {}
        assert not gate.desk.residents()[0].has_consented

    at_gate(scenario)


def test_r24_a_resident_removed_by_another_process_leaves_the_gallery(at_gate, tmp_path):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        other = sqlite3.connect(tmp_path / "data" / "gate.sqlite3")
        with other:
            other.execute("DELETE FROM templates")
        other.close()
        gate.service._keep_house()
        assert gate.vision.gallery == {}

    at_gate(scenario)
