"""The risks to people that a face gate brings, and what is built against each (PIPL 56; FRM 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk. measures: each with the requirement it is tested under. remains: said plainly."""

    risk: str
    harm: str
    measures: str
    remains: str


RISKS: Final = (
    Risk(
        "People feel forced to give their face.",
        "Consent that is none; the way home as the price.",
        "Face is off without a healthy reader (R01); card and PIN are accepted at every moment, at the same speed "
        "(R02, R03); refusing changes nothing (R04), and nobody who declined is asked again (R05).",
        "Pressure by people, outside the device: train the staff, and take complaints seriously.",
    ),
    Risk(
        "A template leaks.",
        "A face cannot be changed: tracking, impersonation elsewhere.",
        "Each template is sealed under a key of its own, bound to its place (R50); it is kept as a renewable "
        "identifier (R35) and apart from names; nothing of it leaves the device (R40); erasing destroys the key (R51).",
        "Whoever takes database and keys together, while the key is held in software, can open the templates.",
    ),
    Risk(
        "A stranger is let in.",
        "Harm to people and property inside.",
        "A threshold nobody can lower, a margin to the second best, a limit on the number enrolled; a face must be seen to "
        "live, and is asked to move where that is in doubt; ten refusals, then face rests (Matching).",
        "By colour alone this is low assurance: masks and injected video are not covered, and some screens and bent "
        "prints may pass (docs/liveness.md tells how many did).",
    ),
    Risk(
        "The right person is refused, some groups more often than others.",
        "Waiting outside; being treated worse than neighbours.",
        "Card and PIN open at once (R02); the screen says what to do next and whom to call (R74).",
        "The evidence on this model is small and says nothing about differences between groups.",
    ),
    Risk(
        "Somebody who never agreed is captured.",
        "Processing without consent: passers-by, children, guests.",
        "The camera is closed until the notice stood and face was chosen (R10); only the person in the marked zone is "
        "embedded (R32); frames are dropped within a second (R30, R31).",
        "Whoever stands in the zone behind the person may be in a frame for a moment.",
    ),
    Risk(
        "The data serve another purpose later: attendance, scoring, watching.",
        "Residents under observation.",
        "One purpose per consent (R06); no passage history of a person (R36); no such function exists (R38); counts "
        "leave only for closed hours (R44); a change of purpose asks everybody anew (R22).",
        "None inside the device that is known; a changed program could do it: install signed releases only.",
    ),
    Risk(
        "Data stay after they are needed.",
        "Former residents still in the system.",
        "Consent ends by itself: at its end, 180 days unused, with the tenancy (R75); a deletion that fails stops use "
        "and raises an alarm (R76); a backup restored later erases again what was erased (R51).",
        "What a flash chip keeps below its own remapping is out of reach; it stays sealed.",
    ),
    Risk(
        "A child is enrolled without a guardian.",
        "A minor's biometric data without valid consent.",
        "Face is off under 14 unless the site enables it; then a guardian's consent, how the relation was checked and "
        "a shorter span are recorded; at 14 it ends and is asked afresh (R27).",
        "Age is told by people; the gate never estimates it from a face.",
    ),
    Risk(
        "Staff misuse what they can see.",
        "Names, units and consents in wrong hands.",
        "Acts are written to a log that nobody can alter unnoticed (R55); staff see no template, score or passage; "
        "staff are trained and it is recorded.",
        "Each account has its offices and a second factor (R53, R54); a child's record, an export and a longer time of "
        "keeping take two persons. A manager can open every other record; the log shows it afterwards.",
    ),
    Risk(
        "The device is opened, stolen or exchanged.",
        "Keys or data in wrong hands.",
        "Tamper locks face and drops its keys (R60); a copied card opens nothing elsewhere (R52).",
        "With a software-held key, the whole device is the key: prefer a TPM.",
    ),
)
