"""What a program's failing means is known in one place: it is told, and never raised."""

import sys

from gate.programs import run, without_python


def python(code, **others):
    return run([sys.executable, "-c", code], **{"patience_s": 20, **others})


def test_a_program_that_ends_well_tells_what_it_printed():
    told = python("print('  seen  ')")
    assert (told.well, told.text, told.why) == (True, "seen", "")


def test_a_program_that_fails_tells_its_last_words_on_one_line():
    told = python("import sys; print('out'); sys.exit('first\\nsecond\\n\\nthird\\nfourth')")
    assert (told.well, told.code, told.why) == (False, 1, "second / third / fourth")


def test_a_program_that_fails_without_a_word_tells_its_code():
    assert python("raise SystemExit(7)").why == "it ended with 7"


def test_a_program_that_is_not_there_is_told_and_not_raised():
    told = run(["/nowhere/at-all"], patience_s=1)
    assert (told.well, told.code) == (False, None)
    assert "nowhere" in told.why


def test_a_program_that_does_not_end_in_time_is_ended():
    told = python("import time; time.sleep(60)", patience_s=0.2)
    assert (told.well, told.code) == (False, None)
    assert "timed out" in told.why


def test_what_steers_a_python_is_not_handed_on(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/usr/share/gate")
    assert "PYTHONPATH" not in without_python()
    assert without_python(TMPDIR="/here")["TMPDIR"] == "/here"


def test_a_program_reads_what_it_is_given():
    assert python("import sys; print(sys.stdin.read())", given=b"told").text == "told"
