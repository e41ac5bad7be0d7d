"""Settings from the console: what a change does is said before it is saved (R53, R75, R80)."""

from datetime import UTC, datetime

import pytest

from gate.app import open_store
from gate.core.overrides import Unfit
from gate.core.roles import AccountId, Role, Staff
from gate.demo.settings import desk_settings
from gate.errors import RequestError, VaultError
from gate.govern.approval import approve
from gate.inforce import in_force
from gate.notice import load_sources, publish
from gate.office.approvals import ApprovalDesk
from gate.office.overrides import OverridesOffice
from gate.web.staff.ports.approvals import ApprovalState
from gate.web.staff.ports.overrides import Wrong

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
OFFICER = Staff(AccountId("b" * 16), frozenset({Role.PRIVACY_OFFICER}))
INSTALLER = Staff(AccountId("c" * 16), frozenset({Role.INSTALLER}))
SPAN = {"face.retention_days": "90"}


class At:
    """A clock that stands."""

    def now(self):
        return NOON

    def monotonic(self):
        return 0.0


class Site:
    """One site's settings, changed as its pages change them; a restart is counted, and taken."""

    def __init__(self, by_file, store):
        self.by_file = by_file
        self.store = store
        self.approvals = ApprovalDesk(store, At())
        self.restarts = 0
        self.open()

    def open(self):
        self.settings = in_force(self.by_file)
        self.office = OverridesOffice(
            settings=self.settings,
            by_file=self.by_file,
            store=self.store,
            clock=At(),
            approvals=self.approvals,
            restart=self.restarted,
        )

    def restarted(self):
        self.restarts += 1

    def change(self, typed, who=MANAGER):
        number = self.office.change(who, typed, self.office.newest)
        self.open()
        return number

    def refused(self, typed, who=MANAGER, seen=None):
        with pytest.raises(RequestError) as refusal:
            self.office.change(who, typed, self.office.newest if seen is None else seen)
        assert self.restarts == 0
        return refusal.value.code


@pytest.fixture
def site(tmp_path):
    by_file = desk_settings(tmp_path)
    store = open_store(by_file)
    yield Site(by_file, store)
    store.close()


@pytest.fixture
def assessed(site):
    """Give a site with a notice and an approved assessment."""
    publish(site.store.notices, load_sources(site.by_file), NOON)
    approve(site.by_file, site.store, approver="Ms Wang", role="manager", at=NOON)
    return site


def test_a_change_is_in_force_at_the_next_start_which_follows_at_once(site):
    assert site.change({"door.release_s": "6"}) == 1
    assert site.restarts == 1
    assert site.settings.door.release_s == 6.0
    view = next(each for each in site.office.settings() if each.key == "door.release_s")
    assert (view.value, view.is_changed) == (6.0, True)


def test_a_value_back_as_the_file_says_it_needs_no_override(site):
    site.change({"door.release_s": "6"})
    site.change({"door.release_s": str(site.by_file.door.release_s)})
    assert site.store.overrides.history(most=1)[0].values == {}


def test_one_change_leaves_the_others_as_they_are(site):
    site.change({"door.release_s": "6"})
    site.change({"access.passback_minutes": "5"})
    assert (site.settings.door.release_s, site.settings.access.passback_minutes) == (6.0, 5)


@pytest.mark.parametrize(
    ("key", "typed", "why"),
    [
        ("door.release_s", "", Unfit.MISSING),
        ("door.release_s", "long", Unfit.NOT_A_NUMBER),
        ("door.release_s", "7.5", Wrong.OUT_OF_BOUNDS),
        ("face.retention_days", "366", Wrong.OUT_OF_BOUNDS),
        ("access.duress", "maybe", Unfit.NOT_A_SWITCH),
        ("face.liveness", "none", Unfit.NOT_A_CHOICE),
        ("face.liveness", "depth", Wrong.NOT_FITTED),
        ("web.public_url", "notice page", Wrong.NOT_AN_ADDRESS),
    ],
)
def test_a_value_that_cannot_be_is_told_at_its_key_and_nothing_is_changed(site, key, typed, why):
    assert site.office.propose({key: typed, "door.held_after_s": "20"}).wrong == {key: why}
    assert site.refused({key: typed, "door.held_after_s": "20"}) == "settings-unfit"
    assert site.office.newest == 0


def test_what_contradicts_the_file_is_told(site):
    """Without a camera face cannot be switched on."""
    off = site.by_file.face.model_copy(update={"enabled": False})
    site.by_file = site.by_file.model_copy(update={"camera": None, "face": off})
    site.open()
    assert site.office.propose({"face.enabled": "on"}).wrong == {"face.enabled": Wrong.CONTRADICTS}


def test_the_bounds_are_those_of_the_settings_file(site):
    bounds = {each.key: (each.low, each.high) for each in site.office.settings()}
    assert bounds["door.release_s"] == (0.5, 7.0)
    assert bounds["face.under_14.retention_days"] == (1, 180)
    assert bounds["site.contact"] == (None, None)


def test_a_depth_camera_that_the_file_names_may_be_asked_for(site):
    fitted = site.by_file.camera.model_copy(update={"depth": "simulated"})
    site.by_file = site.by_file.model_copy(update={"camera": fitted})
    site.open()
    assert site.office.propose({"face.liveness": "depth"}).values == {"face.liveness": "depth"}


@pytest.mark.parametrize(("approved", "wanted"), [("basic", "challenge"), ("challenge", "basic")])
def test_r80_a_level_of_liveness_that_was_never_assessed_locks_face(site, approved, wanted):
    """Stricter or laxer, it is another gate than the one that was approved."""
    face = site.by_file.face.model_copy(update={"liveness": approved})
    site.by_file = site.by_file.model_copy(update={"face": face})
    site.open()
    publish(site.store.notices, load_sources(site.settings), NOON)
    approve(site.settings, site.store, approver="Ms Wang", role="manager", at=NOON)
    assert site.office.propose({"face.liveness": wanted}).face_locks
    site.change({"face.liveness": wanted})
    assert site.settings.face.liveness == wanted


def test_r80_a_change_of_face_says_that_face_locks_before_it_is_saved(assessed):
    assert assessed.office.propose({"face.threshold_at_least": "0.5"}).face_locks
    assert not assessed.office.propose({"door.release_s": "6"}).face_locks


def test_r80_back_to_what_was_assessed_locks_nothing(assessed):
    assessed.change({"face.threshold_at_least": "0.5"})
    assert not assessed.office.propose({"face.threshold_at_least": "0"}).face_locks


def test_r22_a_contact_moves_the_notice_and_a_longer_span_asks_everybody_anew(assessed):
    contact = assessed.office.propose({"site.contact": "Ms Wang, room 2"})
    assert (contact.notice_moves, contact.asks_anew) == (True, False)
    assessed.by_file = assessed.by_file.model_copy(
        update={"face": assessed.by_file.face.model_copy(update={"retention_days": 30})}
    )
    publish(assessed.store.notices, load_sources(assessed.by_file), NOON.replace(day=23))
    assessed.open()
    longer = assessed.office.propose(SPAN)
    assert (longer.notice_moves, longer.asks_anew, longer.two_persons) == (True, True, True)


def test_r53_a_span_changes_only_when_a_second_person_agreed_and_once(site):
    assert site.refused(SPAN) == "approval-missing"
    site.office.ask(MANAGER, SPAN, "The committee asked for it.")
    assert site.office.approval(MANAGER, SPAN).state is ApprovalState.PENDING
    assert site.refused(SPAN) == "approval-missing"
    site.approvals.allow(site.office.approval(MANAGER, SPAN).id, OFFICER)
    assert site.change(SPAN) == 1
    assert site.settings.face.retention_days == 90
    site.restarts = 0
    assert site.office.approval(MANAGER, SPAN) is None or site.refused(SPAN) == "settings-same"


def test_r53_what_was_agreed_to_is_these_values_and_no_others(site):
    site.office.ask(MANAGER, SPAN, "The committee asked for it.")
    site.approvals.allow(site.office.approval(MANAGER, SPAN).id, OFFICER)
    assert site.refused({"face.retention_days": "91"}) == "approval-missing"
    assert site.refused(SPAN, who=OFFICER) == "approval-missing"


def test_r53_who_changes_settings_at_the_device_changes_no_span(site):
    assert site.refused(SPAN, who=INSTALLER) == "role-missing"
    assert site.refused({"door.release_s": "6"}, who=OFFICER) == "role-missing"
    with pytest.raises(RequestError):
        site.office.ask(INSTALLER, SPAN, "Please.")


def test_of_two_managers_the_second_is_told_and_changes_nothing(site):
    site.change({"door.release_s": "6"})
    site.restarts = 0
    assert site.refused({"door.release_s": "4"}, seen=0) == "settings-moved"
    assert site.settings.door.release_s == 6.0


def test_an_approval_is_not_used_up_by_a_change_that_came_too_late(site):
    site.office.ask(MANAGER, SPAN, "The committee asked for it.")
    site.approvals.allow(site.office.approval(MANAGER, SPAN).id, OFFICER)
    assert site.refused(SPAN, seen=7) == "settings-moved"
    assert site.office.approval(MANAGER, SPAN).state is ApprovalState.ALLOWED


def test_a_form_that_changes_nothing_is_told_so(site):
    assert site.refused({"door.release_s": str(site.by_file.door.release_s)}) == "settings-same"
    assert site.refused({}) == "settings-same"


def test_a_key_that_is_not_on_the_list_is_not_read(site):
    assert site.office.propose({"storage.custody": "file", "door.declared": "fail-safe"}).values == {}


def test_a_site_that_never_changed_anything_has_an_empty_history(site):
    assert site.office.history() == ()


def test_the_history_says_each_value_as_it_was_and_became(site):
    site.change({"site.officer": "Ms Wang"})
    site.change({"site.officer": ""} if site.by_file.site.officer else {"door.release_s": "6"})
    newest, first = site.office.history()
    assert first.changes[0].before is None
    assert first.changes[0].after == "Ms Wang"
    assert (newest.number, newest.by, newest.whole) == (2, MANAGER.value, True)
    assert [each.number for each in site.office.history(before=2)] == [1]


def test_r53_leave_to_change_a_span_lapses_once_the_span_moved(site):
    """What was a shortening may be a lengthening by then."""
    site.office.ask(MANAGER, SPAN, "The committee asked for it.")
    site.approvals.allow(site.office.approval(MANAGER, SPAN).id, OFFICER)
    site.by_file = site.by_file.model_copy(
        update={"face": site.by_file.face.model_copy(update={"retention_days": 30})}
    )
    site.open()
    assert site.refused(SPAN) == "approval-missing"


def test_r53_a_change_that_could_not_be_written_uses_no_approval_up(site):
    site.office.ask(MANAGER, SPAN, "The committee asked for it.")
    site.approvals.allow(site.office.approval(MANAGER, SPAN).id, OFFICER)
    full = "CREATE TRIGGER full BEFORE INSERT ON overrides BEGIN SELECT RAISE(ABORT, 'full'); END"
    site.store.staff.write(lambda c: c.execute(full))
    with pytest.raises(VaultError):
        site.change(SPAN)
    assert site.restarts == 0
    assert site.office.approval(MANAGER, SPAN).state is ApprovalState.ALLOWED
