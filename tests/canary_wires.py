"""What processes show and wires carry while a gate runs, written into files that are searched afterwards."""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

import paho.mqtt.client as mqtt

_ETH_P_ALL = 3
_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_SOL_PACKET = 263
_PACKET_STATISTICS = 6


def children_of(process: int) -> list[int]:
    """Give all descendants of a process."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, listed.read_text().split()):
                found += [child, *children_of(child)]
    return found


def argv_of(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


class ProcessWatch:
    """Notes the arguments and the environment of every process below this one into a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        seen: set[bytes] = set()
        with self._file.open("wb") as file:
            while not self._ends.wait(0.1):
                for child in children_of(os.getpid()):
                    with suppress(OSError):
                        shown = argv_of(child) + b"\n" + Path(f"/proc/{child}/environ").read_bytes()
                        if shown not in seen:
                            seen.add(shown)
                            file.write(shown + b"\n")


class Wire:
    """Records what crosses the loopback interface to and from some ports, one file a port. Needs CAP_NET_RAW."""

    def __init__(self, files: dict[int, Path]) -> None:
        self._files = {port: path.open("wb") for port, path in files.items()}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.settimeout(0.2)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        _, self.dropped = struct.unpack(
            "II", self._socket.getsockopt(263, 6, 8)
        )  # SOL_PACKET, PACKET_STATISTICS
        self._socket.close()
        for file in self._files.values():
            file.close()

    def _record(self) -> None:
        while not self._ends.is_set():
            with suppress(TimeoutError):
                packet, address = self._socket.recvfrom(1 << 17)
                if address[2] == _OUTGOING:
                    self._keep(packet)

    def _keep(self, packet: bytes) -> None:
        """Write the payload of one TCP segment over IPv4; each direction goes on where its last one ended."""
        header = (packet[0] & 15) * 4
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return
        source, target = struct.unpack_from("!HH", packet, header)
        file = self._files.get(source) or self._files.get(target)
        start = header + (packet[header + 12] >> 4) * 4
        if file is not None:
            file.write(packet[start:])


class Subscriber:
    """Writes every MQTT message of a broker into a file."""

    def __init__(self, broker, file: Path) -> None:
        self._file = file.open("wb")
        self.heard = 0
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(broker.username, broker.password)
        self._client.on_message = self._keep
        self._subscribed = threading.Event()
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)

    def __enter__(self):
        self._client.loop_start()
        assert self._subscribed.wait(10), "the broker lets nobody listen"
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
        self._file.close()

    def _keep(self, _client, _data, message) -> None:
        properties = str(message.properties.json()).encode()
        self._file.write(b"\n".join([message.topic.encode(), message.payload, properties, b""]))
        self.heard += 1


def may_capture() -> bool:
    """Tell whether this process may listen on the loopback interface."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except OSError:
        return False
    return True
