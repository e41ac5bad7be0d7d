"""The gate's screen read aloud (R15): its own words, on this device, and never what it hides."""

import asyncio
import io
import os
import shutil
import wave

import pytest

from gate.core import effects as do
from gate.core.liveness import Challenge
from gate.core.policy import Hint
from gate.core.types import AttemptId, Method, WithdrawalOutcome
from gate.errors import RequestError
from gate.web.app import create_app
from gate.web.kiosk.parts import KioskParts
from gate.web.kiosk.speech import KEPT_BYTES, EspeakVoice, words_of_view
from tests.notices import FIRST
from tests.web.conftest import Client
from tests.web.world import RECEIPT, REFERENCE, World

ATTEMPT = AttemptId("shown")
ALL = (Method.FACE, Method.CARD, Method.PIN)


class Listening:
    """A voice that remembers what it was asked to say."""

    def __init__(self):
        self.said = []

    async def say(self, text, language):
        self.said.append((language, text))
        return b"RIFF"


@pytest.fixture
def voice():
    return Listening()


@pytest.fixture
def world(clock, voice):
    return World(clock, kiosk=KioskParts(voice=voice))


@pytest.fixture
def aloud(client, world, voice):
    """Give what is read aloud of a view, in a language."""

    def aloud(view, language="en"):
        world.screen.show(view)
        world.screen.speak(language)
        assert client.get("/kiosk/speech").headers["content-type"] == "audio/wav"
        said, text = voice.said[-1]
        assert said == language
        return text

    return aloud


def test_the_whole_notice_is_read_in_both_languages_r15(aloud):
    english, chinese = (aloud(do.ShowNotice(ATTEMPT, FIRST), tag) for tag in ("en", "zh-CN"))
    assert english.startswith("Opening by face is your choice.")
    assert "Your choice follows in" in english
    assert chinese.startswith("刷脸开门由您自愿选择")


def test_the_choice_is_read_with_each_way_and_how_to_take_it(aloud):
    said = aloud(do.OfferMethods(ATTEMPT, ALL))
    assert said.splitlines()[0] == "How would you like to come in?"
    for words in ("Card.", "Hold it to the reader.", "PIN.", "Face.", "Look at the camera."):
        assert words in said.splitlines()


def test_no_button_below_no_receipt_and_no_typed_digit_is_read_aloud(aloud, world, client, voice):
    said = aloud(do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.WITHDRAWN, REFERENCE, RECEIPT))
    assert "Your face was deleted." in said
    assert REFERENCE not in said
    assert "Done" not in said
    world.screen.show(do.ClearScreen())
    world.screen.open_pad()
    for key in "1203":
        world.screen.press(key)
    client.get("/kiosk/speech")
    assert "1203" not in voice.said[-1][1]


def test_neither_the_tools_nor_the_words_kept_for_a_lost_server_are_read_aloud(aloud):
    assert aloud(do.ClearScreen()).splitlines() == [
        "Welcome.",
        "Start.",
        "Type unit and PIN.",
        "Withdraw face.",
        "Card or PIN: use the reader at any moment, without touching this screen.",
        "The camera is off.",
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Turn your head slowly to your left.", "Then look at the camera again."]),
        ("zh-CN", ["请慢慢向您的左侧转头.", "然后请重新看向摄像头。"]),
    ],
)
def test_a_movement_is_read_in_a_breath_r15(aloud, language, words):
    asked = do.Guide(ATTEMPT, Hint.COMPARED, challenge=Challenge.TURN_LEFT)
    assert aloud(asked, language).splitlines() == words


def test_words_are_sentences_and_pictures_are_silent():
    html = "<section><svg><title>no</title><path d='M0'/></svg><div data-unspoken><br/><b>no</b></div><h1>Your  PIN</h1><p>Six digits!</p><p hidden>no</p><template>no</template></section>"
    assert words_of_view(html) == "Your PIN.\nSix digits!"


def test_a_device_without_a_voice_says_so_with_the_remedy(clock, runner):
    world = World(clock)
    answer = Client(create_app(world.context, world.screen), runner).get("/kiosk/speech?lang=en")
    assert answer.status_code == 400
    assert "espeak-ng" in answer.text


@pytest.fixture
def espeak():
    if shutil.which("espeak-ng") is None:
        assert os.environ.get("CI") != "true", "speech must be tested here: install espeak-ng"
        pytest.skip("espeak-ng is not installed")
    return EspeakVoice.found()


@pytest.mark.parametrize(("language", "text"), [("en", "Please come in."), ("zh-CN", "请进。")])
def test_espeak_says_it_in_a_file_that_knows_its_length(espeak, language, text):
    said = asyncio.run(espeak.say(text, language))
    with wave.open(io.BytesIO(said)) as file:
        assert 0.3 < file.getnframes() / file.getframerate() < 5


def made(tmp_path, script, **options):
    program = tmp_path / "espeak-ng"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/runs\n{script}\n")
    program.chmod(0o755)
    return EspeakVoice(str(program), **options), tmp_path / "runs"


@pytest.mark.parametrize("script", ["exit 1", "cat", "kill -9 $$"], ids=["fails", "no sound", "dies"])
def test_a_voice_that_fails_is_told_and_harms_nothing(tmp_path, script):
    voice, _ = made(tmp_path, script)
    with pytest.raises(RequestError) as told:
        asyncio.run(voice.say("Hello.", "en"))
    assert told.value.code == "speech-failed"


def test_a_voice_that_hangs_is_ended_after_its_time(tmp_path):
    voice, _ = made(tmp_path, "exec sleep 60", limit_s=0.2)
    with pytest.raises(RequestError):
        asyncio.run(voice.say("Hello.", "en"))


def test_the_same_words_are_spoken_once_and_what_is_kept_is_bounded(tmp_path):
    size = KEPT_BYTES // 2
    voice, runs = made(tmp_path, f"cat >/dev/null; printf RIFF; head -c {size} /dev/zero")

    async def talk():
        for text in ("one", "one", "two", "one", "three", "two"):
            await voice.say(text, "en")

    asyncio.run(talk())
    # Two do not fit: each new sentence ends the one before it.
    assert runs.read_text().count("x") == 5
