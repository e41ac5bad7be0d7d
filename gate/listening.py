"""What one reader says, as credentials: whole entries and cards, as often as people can do it and no oftener."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from firmware_bridge import events as bridge
from gate.core.credentials import BETWEEN_KEYS, Keypad
from gate.core.types import Card, Code, Credential, Second, Seconds, Sign

log = structlog.get_logger()

WINDOW_S = 2.0
KEYS_MOST = 60
CARDS_MOST = 20
NONSENSE_MOST = 5
"""What one reader may say within a window: three times what somebody in a hurry does."""
SAME_CARD_S = 1.0
NEW_ENTRY_S = 2.0
"""After nonsense on the line keys are taken for a new entry once there was a pause of so long, or a ``*``."""
SIGN_AGAIN_S = 1.0
"""A key that repeats by itself asks for nothing a second time: what was chosen is chosen by a hand (R10)."""
STUCK_KEYS = 24
"""No entry holds one key so often in a row: a key that does hangs."""


@dataclass(slots=True)
class Ear:
    """What one reader said of late, so that no flood and no stuck key reaches the gate, and none hinders the other.

    read_at: when it last read anything but nonsense, on the monotonic clock.
    """

    reader: str
    read_at: Seconds = float("-inf")
    keypad: Keypad = field(default_factory=Keypad)
    window: Seconds = 0.0
    keys: int = 0
    cards: int = 0
    nonsense: int = 0
    raved: bool = False
    key: str = field(default="", repr=False)
    key_at: Seconds = 0.0
    repeats: int = 0
    garbled: bool = False
    card: Card | None = field(default=None, repr=False)
    card_at: Seconds = 0.0

    @property
    def raves(self) -> bool:
        """Tell whether the reader says so much, or such nonsense, that something is wrong with it, now or just before."""
        return self.raved or self._said_too_much

    def poll(self, now: Seconds) -> None:
        """Let time pass: half an entry and a card's number are kept no longer than they are of use."""
        if self.keypad.typed and now - self.keypad.last_key > BETWEEN_KEYS:
            self.keypad, self.key = Keypad(), ""
        if now - self.card_at >= SAME_CARD_S:
            self.card = None
        if now - self.window >= WINDOW_S:
            before, self.raved = self.raves, self._said_too_much
            self.window, self.keys, self.cards, self.nonsense = now, 0, 0, 0
            if before and not self.raved:
                log.info("reader_calm", device=self.reader)

    def take(
        self, event: bridge.DeviceEvent, now: Seconds, *, after_card: bool
    ) -> Credential | Second | Sign | None:
        """Take what the reader says; give the credential that it completes, or what its keys ask for.

        after_card: whether keys are a PIN alone, after a card. A flood of keys costs no card its answer.
        """
        raved = self.raves
        if not isinstance(event, bridge.Nonsense):
            self.read_at = now
        credential = self._credential(event, now, after_card=after_card)
        if self.raves and not raved:
            log.error("reader_raves", device=self.reader, remedy="Look at its cable and at the reader.")
        return credential

    @property
    def _said_too_much(self) -> bool:
        return self.keys > KEYS_MOST or self.cards > CARDS_MOST or self.nonsense > NONSENSE_MOST

    def _credential(
        self, event: bridge.DeviceEvent, now: Seconds, *, after_card: bool
    ) -> Credential | Second | Sign | None:
        match event:
            case bridge.CardRead(bits, value):
                self.cards += 1
                card = Card(f"{bits}:{value}")
                lies_there = self._still_lies_there(card, now) and after_card
                return None if lies_there or self.cards > CARDS_MOST else card
            case bridge.CodeScanned(text):
                self.cards += 1
                return None if self.cards > CARDS_MOST else Code(text)
            case bridge.KeyPressed(key):
                self.keys += 1
                return None if self.keys > KEYS_MOST else self._key(key, now, after_card=after_card)
            case bridge.Nonsense():
                self.nonsense += 1
                self.garbled = True  # a key may be lost: an entry a digit short must cost nobody a try
                return None
            case _:
                return None

    def _still_lies_there(self, card: Card, now: Seconds) -> bool:
        """Tell whether this is the card that was just read: some readers repeat it while it is held."""
        again = card == self.card and now - self.card_at < SAME_CARD_S
        self.card, self.card_at = card, now
        return again

    def _key(self, key: str, now: Seconds, *, after_card: bool) -> Credential | Second | Sign | None:
        since, self.key_at = now - self.key_at, now
        paused, by_itself = since > NEW_ENTRY_S, key == self.key and since < SIGN_AGAIN_S
        self.garbled = self.garbled and not (paused or key == "*")
        self.repeats = self.repeats + 1 if key == self.key else 1
        self.key = key
        if self.repeats == STUCK_KEYS:
            log.error("key_stuck", device=self.reader, remedy="Look at the keypad; cards go on.")
        if self.garbled or self.repeats >= STUCK_KEYS:
            self.keypad = Keypad()
            return None
        sign = None if by_itself else self.keypad.sign(key, now, after_card=after_card)
        self.keypad, entry = self.keypad.press(key, now, after_card=after_card)
        return entry or sign
