"""What the gate's screen is given beside the gate itself, as the settings say."""

from __future__ import annotations

from gate.alarms import AlarmBoard
from gate.office.gatecodes import GateCodes
from gate.office.helpline import GateHelpLine
from gate.ports import Clock
from gate.settings import ScreenSettings
from gate.web.kiosk.parts import KioskParts
from gate.web.kiosk.speech import EspeakVoice


def kiosk_parts(screen: ScreenSettings, alarms: AlarmBoard, clock: Clock, codes: GateCodes) -> KioskParts:
    """Give the parts of one screen; it reads aloud where espeak-ng is installed."""
    return KioskParts(
        touch=screen.touch,
        sound=screen.sound,
        help_line=GateHelpLine(alarms, clock),
        codes=codes,
        voice=EspeakVoice.found() if screen.speech else None,
    )
