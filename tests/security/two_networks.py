"""Two networks and one wire between them: a program runs in the inner one, and the outer one hears all that it sends.

    unshare --net python -m tests.security.two_networks FOLDER PROGRAM...

Run as the first process of a new network namespace (the outer one): it makes the inner namespace with the program in
it, joins both by a pair of virtual interfaces, stands there as gateway and as name server of everything, serves a
broker where FOLDER holds a mosquitto.conf, and prints as JSON what was heard and how the program ended. The inner side
waits for a line on its standard input before it does anything.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

OUTER, INNER = "10.77.0.1", "10.77.0.2"
BROKER_PORT = 8883
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
ICMPV6, TCP, UDP = 58, 6, 17
PATIENCE_S = 200


def ip(*words: str) -> None:
    subprocess.run([shutil.which("ip") or "/sbin/ip", *words], check=True)


def enter_inner() -> None:
    """Wait for the wire, then make the inner side a device with an address and a way out: called by the program's side."""
    sys.stdin.readline()
    # The kernel's own search for IPv6 neighbours would be heard as well.
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    ip("link", "set", "lo", "up")
    ip("addr", "add", f"{INNER}/24", "dev", "inner")
    ip("link", "set", "inner", "up")
    ip("route", "add", "default", "via", OUTER)


class Listener:
    """Hears every packet that comes from the inner side, whatever it is addressed to."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind(("outer", ETH_P_ALL))
        self._socket.settimeout(0.2)
        self.heard: dict[tuple[str, str, int], int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                packet, where = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            except OSError:  # the inner side is gone, and the wire with it
                return
            if where[2] != socket.PACKET_OUTGOING and (found := told(packet)) is not None:
                self.heard[found] = self.heard.get(found, 0) + 1


def told(packet: bytes) -> tuple[str, str, int] | None:
    """Give protocol, address and port that a packet is for; None for what no program sends (ARP, ICMPv6)."""
    (kind,) = struct.unpack_from(">H", packet, 12)
    if kind == ETH_P_IP:
        protocol, at = packet[23], 14 + (packet[14] & 0x0F) * 4
        to = socket.inet_ntop(socket.AF_INET, packet[30:34])
    elif kind == ETH_P_IPV6:
        protocol, at = packet[20], 54
        to = socket.inet_ntop(socket.AF_INET6, packet[38:54])
    else:
        return None
    if protocol == ICMPV6:
        return None
    port = struct.unpack_from(">H", packet, at + 2)[0] if protocol in {TCP, UDP} else 0
    return {TCP: "tcp", UDP: "udp"}.get(protocol, str(protocol)), to, port


def main() -> None:
    """Do what the module says."""
    folder, program = Path(sys.argv[1]), sys.argv[2:]
    ip("link", "set", "lo", "up")
    inside = subprocess.Popen(
        ["unshare", "--net", *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert inside.stdin is not None
    assert inside.stdout is not None
    assert inside.stdout.readline() == "in\n"  # its network is its own now
    ip("link", "add", "outer", "type", "veth", "peer", "name", "inner")
    ip("link", "set", "inner", "netns", str(inside.pid))
    ip("addr", "add", f"{OUTER}/24", "dev", "outer")
    ip("link", "set", "outer", "up")
    listener = Listener()
    config = folder / "mosquitto.conf"
    broker = (
        subprocess.Popen(["mosquitto", "-c", config], stderr=subprocess.DEVNULL) if config.exists() else None
    )
    try:
        said, _ = inside.communicate("go\n", timeout=PATIENCE_S)
    finally:
        inside.kill()
        listener.stop()
        if broker is not None:
            broker.kill()
            broker.wait()
    heard = [[*each, times] for each, times in sorted(listener.heard.items())]
    json.dump({"ended": inside.returncode, "said": said, "heard": heard}, sys.stdout)


if __name__ == "__main__":
    main()
