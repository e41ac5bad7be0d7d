"""De-identified live events: off, and on only by the privacy officer, with all that follows from it (R22, R44, R80)."""

from __future__ import annotations

import json

import pytest

from gate.app import open_store
from gate.core.notices import LIVE_EVENTS
from gate.core.overrides import DEIDENTIFIED_LIVE, SETTINGS
from gate.core.roles import GRANTED, AccountId, Act, Role, Staff
from gate.demo.settings import desk_settings
from gate.errors import RequestError
from gate.govern.approval import approve, face_approved
from gate.govern.config import configuration
from gate.govern.evidence import site as evidence
from gate.govern.facts import processing_of
from gate.inforce import in_force
from gate.notice import load_sources, propose, publish
from tests.office.test_overrides import INSTALLER, MANAGER, NOON, OFFICER, Site

ON, OFF = {DEIDENTIFIED_LIVE: "on"}, {DEIDENTIFIED_LIVE: "off"}


@pytest.fixture
def site(tmp_path):
    by_file = desk_settings(tmp_path)
    store = open_store(by_file)
    yield Site(by_file, store)
    store.close()


@pytest.fixture
def assessed(site):
    publish(site.store.notices, load_sources(site.by_file), NOON)
    approve(site.by_file, site.store, approver="Ms Wang", role="manager", at=NOON)
    return site


def test_r44_they_are_off_and_no_settings_file_in_the_release_says_otherwise(site):
    assert not site.settings.events.deidentified_live
    assert not site.by_file.events.deidentified_live


def test_r44_the_privacy_officer_alone_may(site):
    assert GRANTED[SETTINGS[DEIDENTIFIED_LIVE].act] == {Role.PRIVACY_OFFICER}
    guard = Staff(AccountId("d" * 16), frozenset({Role.GUARD}))
    for who in (MANAGER, INSTALLER, guard):
        assert site.refused(ON, who=who) == "role-missing"
    assert site.change(ON, who=OFFICER) == 1
    assert site.restarts == 1
    assert site.settings.events.deidentified_live


def test_r44_a_manager_cannot_slip_it_in_beside_a_change_of_their_own(site):
    assert site.refused({"door.release_s": "6"} | ON, who=MANAGER) == "role-missing"
    assert in_force(site.by_file) == site.by_file


def test_r53_the_officer_changes_no_other_setting_by_it(site):
    assert site.refused({"door.release_s": "6"} | ON, who=OFFICER) == "role-missing"


def test_once_on_another_change_leaves_it_on_and_the_officer_can_end_it(site):
    site.change(ON, who=OFFICER)
    site.change({"door.release_s": "6"}, who=MANAGER)
    assert site.settings.events.deidentified_live
    site.change(OFF, who=OFFICER)
    assert not site.settings.events.deidentified_live


def test_r44_who_writes_to_the_database_switches_nothing_on(site):
    """The device did not sign it: the file alone holds, and the file cannot say it."""
    site.change(ON, who=OFFICER)
    site.change(OFF, who=OFFICER)
    forged = json.dumps({DEIDENTIFIED_LIVE: True})
    database = site.store.overrides._database
    database.write(
        lambda connection: connection.execute(
            "INSERT INTO overrides SELECT version + 1, at, by, ?, signature FROM overrides WHERE version = 2",
            (forged,),
        )
    )
    assert site.store.overrides.altered


def test_r22_r80_switching_it_on_locks_face_and_asks_everybody_anew_and_says_so_before(assessed):
    proposal = assessed.office.propose(ON)
    assert (proposal.face_locks, proposal.notice_moves, proposal.asks_anew) == (True, True, True)
    assert face_approved(assessed.settings, assessed.store)
    assessed.change(ON, who=OFFICER)
    assert not face_approved(assessed.settings, assessed.store)
    assert configuration(assessed.settings, assessed.store)["deidentified_live_events"] is True


def live(site):
    events = site.by_file.events.model_copy(update={"deidentified_live": True})
    return site.by_file.model_copy(update={"events": events})


def test_r22_the_notice_names_them_in_both_languages_and_they_are_a_kind_of_data(site):
    sources = load_sources(live(site))
    assert LIVE_EVENTS in sources.terms.data_types
    texts = propose(site.store.notices, sources, NOON).draft.texts
    full = {language: text for (language, form), text in texts.items() if form == "full"}
    assert "de-identified live events" in full["en"]
    assert "去标识化的实时通行事件" in full["zh-CN"]
    publish(site.store.notices, sources, NOON)  # and the lint takes it


def test_a_notice_of_a_site_without_them_does_not_speak_of_them(site):
    texts = propose(site.store.notices, load_sources(site.by_file), NOON).draft.texts
    assert not any(word in text for text in texts.values() for word in ("live event", "实时", "live_events"))
    assert all(line == line.rstrip() for text in texts.values() for line in text.splitlines())


def test_r44_a_site_with_texts_of_its_own_publishes_none_that_keeps_them_quiet(site):
    own = {key: text.replace("{live_events}", "") for key, text in load_sources(site.by_file).texts.items()}
    with pytest.raises(RequestError, match="live") as refusal:
        publish(site.store.notices, load_sources(live(site), own), NOON)
    assert refusal.value.code == "notice-lint"


def test_the_evidence_and_the_record_of_processing_call_them_by_their_name(site):
    for settings, on in ((site.by_file, False), (live(site), True)):
        said = json.dumps([evidence.how_it_works(settings).as_json(), evidence.limits(settings).as_json()])
        assert ("De-identified live events are on" in said) is on
        assert ("De-identified live events are off" in said) is not on
        assert ("de-identified live events" in processing_of(settings).recipients) is on


def test_r44_no_one_but_the_officer_is_granted_it_by_any_other_act():
    assert [act for act in Act if GRANTED[act] == {Role.PRIVACY_OFFICER} and "live" in act] == [
        Act.SWITCH_LIVE_EVENTS
    ]
