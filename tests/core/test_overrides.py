import pytest

from gate.core.overrides import (
    SETTINGS,
    TEXT_MOST,
    Area,
    Kind,
    Setting,
    Unfit,
    changed,
    needs_two,
    read,
    steps_of,
    subject_of,
    typed_of,
    written,
)

NUMBER = Setting(Area.DOOR, Kind.NUMBER)
WHOLE = Setting(Area.DOOR, Kind.WHOLE)
SWITCH = Setting(Area.ACCESS, Kind.SWITCH)
TEXT = Setting(Area.SITE, Kind.TEXT)
MAYBE = Setting(Area.SITE, Kind.TEXT, optional=True)
CHOICE = Setting(Area.FACE, Kind.CHOICE, choices=("basic", "depth"))


@pytest.mark.parametrize(
    ("setting", "typed", "value"),
    [
        (NUMBER, " 2.5 ", 2.5),
        (NUMBER, "5", 5.0),
        (NUMBER, "-1", -1.0),
        (NUMBER, "\uff15", 5.0),
        (WHOLE, "90", 90),
        (WHOLE, "\uff10", 0),
        (SWITCH, "on", True),
        (SWITCH, "off", False),
        (TEXT, " 王女士 010-5555 0100 ", "王女士 010-5555 0100"),
        (TEXT, "x" * TEXT_MOST, "x" * TEXT_MOST),
        (MAYBE, "  ", None),
        (CHOICE, " depth ", "depth"),
    ],
)
def test_what_somebody_types_is_read(setting, typed, value):
    assert read(setting, typed) == value


@pytest.mark.parametrize(
    ("setting", "typed", "why"),
    [
        (NUMBER, "", Unfit.MISSING),
        (TEXT, " ", Unfit.MISSING),
        (NUMBER, "five", Unfit.NOT_A_NUMBER),
        (NUMBER, "nan", Unfit.NOT_A_NUMBER),
        (NUMBER, "inf", Unfit.NOT_A_NUMBER),
        (NUMBER, "1e9", Unfit.NOT_A_NUMBER),
        (NUMBER, "9" * 400, Unfit.NOT_A_NUMBER),
        (WHOLE, "2.5", Unfit.NOT_WHOLE),
        (WHOLE, "many", Unfit.NOT_A_NUMBER),
        (SWITCH, "yes", Unfit.NOT_A_SWITCH),
        (CHOICE, "", Unfit.MISSING),
        (CHOICE, "off", Unfit.NOT_A_CHOICE),
        (CHOICE, "Basic", Unfit.NOT_A_CHOICE),
        (TEXT, "x" * (TEXT_MOST + 1), Unfit.TOO_LONG),
        (TEXT, "two\nlines", Unfit.NOT_A_LINE),
        (TEXT, "nul\0", Unfit.NOT_A_LINE),
    ],
)
def test_what_is_no_value_says_why(setting, typed, why):
    assert read(setting, typed) is why


@pytest.mark.parametrize("value", [None, True, False, 5.0, 2.5, 90, "010-5555"])
def test_a_value_is_written_as_somebody_would_type_it(value):
    setting = {bool: SWITCH, float: NUMBER, int: WHOLE}.get(type(value), MAYBE)
    assert read(setting, written(value)) == value


def test_a_change_is_what_differs_and_none_is_another_thing_than_nothing():
    before = {"door.release_s": 5.0, "site.officer": None}
    after = {"door.release_s": 6.0, "web.public_url": None}
    assert changed(before, after) == ("door.release_s", "site.officer", "web.public_url")
    assert changed(before, dict(before)) == ()


def test_r53_nobody_may_choose_that_a_face_shows_nothing_beside_its_likeness():
    """There is no weaker level than the weakest that liveness knows."""
    assert SETTINGS["face.liveness"].choices == ("basic", "challenge", "depth")


def test_r53_only_how_long_faces_are_kept_needs_a_second_person():
    assert {key for key in SETTINGS if needs_two((key,))} == {
        "face.retention_days",
        "face.under_14.retention_days",
    }
    assert needs_two(("door.release_s", "face.retention_days"))
    assert not needs_two(())


def test_the_subject_of_an_approval_names_exactly_the_values_and_is_read_back():
    in_force = {"face.retention_days": 180, "face.under_14.retention_days": None}
    subject = subject_of({"face.under_14.retention_days": 60, "face.retention_days": 90}, in_force)
    assert subject == "rules face.retention_days=180>90 face.under_14.retention_days=>60"
    assert typed_of(subject) == {"face.retention_days": "90", "face.under_14.retention_days": "60"}
    assert steps_of(subject) == {
        "face.retention_days": ("180", "90"),
        "face.under_14.retention_days": ("", "60"),
    }


def test_r53_leave_to_lengthen_a_span_is_another_than_leave_to_shorten_it():
    values = {"face.retention_days": 90}
    assert subject_of(values, {"face.retention_days": 180}) != subject_of(values, {"face.retention_days": 30})


@pytest.mark.parametrize(
    "subject",
    ["person 0123", "rules storage.custody=file", "rules face.retention_days=90", "rulesx", "evidence"],
)
def test_the_subject_of_something_else_says_nothing(subject):
    assert typed_of(subject) == {}


def test_r80_what_fixes_camera_model_door_and_place_is_not_changed_from_a_page():
    """Only whoever installs the device decides what it is made of, and what its lock does without power (R67)."""
    sections = {key.split(".")[0] for key in SETTINGS}
    assert sections.isdisjoint({"camera", "storage", "models_dir", "broker", "reader", "osdp", "controller"})
    assert "door.declared" not in SETTINGS
