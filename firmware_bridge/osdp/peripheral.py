"""A simulated OSDP reader with keypad, strike and case, behind a pseudo terminal: libosdp's own device side.

It ships with the product for desks, the demonstration and tests. One thread, ``osdp-device``, from construction to
`close`.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from firmware_bridge.events import CardRead
from firmware_bridge.osdp.frames import Frames, seal
from firmware_bridge.wiegand import frame

_CODES: Final = {"*": 0x7F, "#": 0x0D}
_TURN_S: Final = 0.02
_UNIT_S: Final = 0.1
_OFF, _ON, _ON_FOR = 1, 2, 5
_CAPABILITIES_REPLY, _SECURITY = 0x46, 9
_CHUNK: Final = 512
_LENT: Final[list[object]] = []
"""What libosdp's binding was given as an answer. It drops a reference that it does not own: one is kept here for ever."""


class SimulatedOsdpReader:
    """A device at *address*; key: the one it holds, or None for one as it comes from the factory, in install mode.

    secure: whether it offers the secure channel at all; it then speaks to anybody in the clear. The panel's end of the
    line is *port*.
    """

    def __init__(self, key: bytes | None, *, address: int = 1, secure: bool = True) -> None:
        self._line, self._far_end = pty.openpty()
        for end in (self._line, self._far_end):
            tty.setraw(end)
        os.set_blocking(self._line, False)
        self.port = os.ttyname(self._far_end)
        self.key = key
        self._secure = secure
        self._address = address
        self._commands = Frames(address)
        self._inbox = b""
        self._whole = True
        self._tampered = self._failed = False
        self._on_until = 0.0
        self._was_on = False
        self.commands: list[Mapping[str, Any]] = []
        """Whatever it was told to do, oldest first, at most a thousand."""
        self.before_keyset: Callable[[bytes], bool] = lambda _key: True
        """Called with a new key before it is taken; False refuses it."""
        self._tasks: deque[Callable[[Any], None]] = deque()
        self._ends = False
        self._renew = True
        self._thread = threading.Thread(target=self._run, name="osdp-device", daemon=True)
        self._thread.start()

    @property
    def released(self) -> bool:
        """Tell whether the strike is free."""
        return time.monotonic() < self._on_until

    @property
    def shown(self) -> list[int]:
        """Give the numbers of the commands it was given, oldest first."""
        return [command["command"] for command in self.commands]

    def present(self, value: int, bits: int = 26) -> None:
        """Hold the card of this number to it: it sends the card's frame, with its parity. Raises ValueError for none."""
        import osdp

        size = (bits + 7) // 8
        data = (frame(CardRead(bits, value)) << (8 * size - bits)).to_bytes(size, "big")
        card = {"event": osdp.Event.CardRead, "reader_no": 0, "direction": 0, "length": bits, "data": data}
        self._submit(card | {"format": osdp.CardFormat.Wiegand})

    def press(self, keys: str) -> None:
        """Press keys one after the other."""
        import osdp

        for key in keys:
            data = bytes((_CODES.get(key, ord(key)),))
            self._submit({"event": osdp.Event.KeyPress, "reader_no": 0, "data": data})

    def tamper(self, *, on: bool) -> None:
        """Open the case, or close it."""
        self._tampered = on
        self._submit_status()

    def power(self, *, failed: bool) -> None:
        """Take its supply away, or give it back; it goes on, on its battery."""
        self._failed = failed
        self._submit_status()

    def cut(self) -> None:
        """Cut the line: what either side sends is gone."""
        self._whole = False

    def mend(self) -> None:
        """Mend the line."""
        self._whole = True

    def babble(self, noise: bytes) -> None:
        """Have *noise* arrive at the panel."""
        os.write(self._line, noise)

    def restart(self, *, key: bytes | None) -> None:
        """Switch it off and on again, holding *key*."""
        self.key = key
        self._renew = True

    def close(self) -> None:
        """Take it off the line; twice is harmless."""
        if self._ends:
            return
        self._ends = True
        self._thread.join(2.0)
        for end in (self._line, self._far_end):
            os.close(end)

    def _run(self) -> None:
        device: Any = None
        while not self._ends:
            if self._renew:
                device, self._renew = None, False
                device = self._device()
            select.select([self._line], [], [], _TURN_S if not self._tasks else 0)
            if not self._whole:
                self.read(_CHUNK)
            while self._tasks:
                self._tasks.popleft()(device)
            device.refresh()
            self._time_out()

    def _time_out(self) -> None:
        import osdp

        if self._was_on and not self.released:
            self._was_on = False
            report = {"event": osdp.Event.Status, "type": osdp.StatusReportType.Output, "report": b"\x00"}
            self._submit(report)

    def _device(self) -> Any:
        import osdp
        import osdp_sys

        osdp_sys.set_loglevel(osdp.LogLevel.Emergency)
        mine = osdp.Capability
        able = [mine.OutputControl, mine.ContactStatusMonitoring, mine.LEDControl, mine.AudibleControl]
        capabilities = [{"function_code": code, "compliance_level": 1, "num_items": 1} for code in able]
        flags = osdp.LibFlag.EnforceSecure if self._secure and self.key is not None else 0
        who = {"version": 1, "model": 1, "vendor_code": 0, "serial_number": 1, "firmware_version": 1}
        info = {"name": "device", "address": self._address, "flags": flags, "scbk": self.key, "channel": self}
        device = osdp_sys.PeripheralDevice(info | who, capabilities=capabilities)
        device.set_command_callback(self._told)
        return device

    def _told(self, command: dict[str, Any]) -> tuple[int, Mapping[str, Any] | None]:
        import osdp

        self.commands.append(dict(command))
        del self.commands[:-1000]
        done = 0
        reply: Mapping[str, Any] | None = None
        if command["command"] == osdp.Command.Output:
            self._switch(command["control_code"], command["timer_count"])
        elif command["command"] == osdp.Command.Keyset:
            if self.before_keyset(command["data"]):
                self.key = command["data"]
            else:
                done = -1
        elif command["command"] == osdp.Command.Status:
            reply = command | {"report": self._status()}
            _LENT.append(reply)
        return done, reply  # never the constant (0, None), of whose None the binding would drop one each time

    def _switch(self, code: int, tenths: int) -> None:
        if code == _ON_FOR:
            self._on_until = time.monotonic() + tenths * _UNIT_S
        elif code in {_OFF, _ON}:
            self._on_until = 0.0 if code == _OFF else float("inf")
        self._was_on = self.released

    def _status(self) -> bytes:
        return bytes((self._tampered, self._failed))

    def _submit_status(self) -> None:
        import osdp

        report = {"event": osdp.Event.Status, "type": osdp.StatusReportType.Local, "report": self._status()}
        self._submit(report)

    def _submit(self, event: Mapping[str, Any]) -> None:
        self._tasks.append(lambda device: device.submit_event(dict(event)))

    # libosdp's Channel

    id = 2

    def read(self, max_bytes: int) -> bytes:
        """Give libosdp the command that arrived, once it is whole, unless the line is cut."""
        if not self._inbox:
            try:
                data = os.read(self._line, _CHUNK)
            except OSError:  # nothing there, or nobody at the other end
                return b""
            self._inbox = (self._commands.feed(data) if self._whole else None) or b""
        taken, self._inbox = self._inbox[:max_bytes], self._inbox[max_bytes:]
        return taken

    def write(self, data: bytes) -> int:
        """Send *data*, unless the line is cut."""
        if self._whole:
            try:
                os.write(self._line, data if self._secure else _without_security(data))
            except OSError:
                return -1
        return len(data)

    def flush(self) -> None:
        """Do nothing."""


def _without_security(whole: bytes) -> bytes:
    """Take the secure channel out of the list of what the device can do: libosdp's own device always offers it."""
    start = whole.index(0x53)
    body = bytearray(whole[start:-2])
    if body[5] == _CAPABILITIES_REPLY:
        for at in range(6, len(body) - 2, 3):
            if body[at] == _SECURITY:
                body[at + 1] = body[at + 2] = 0
    return whole[:start] + seal(bytes(body))
