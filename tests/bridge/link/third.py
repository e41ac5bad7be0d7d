"""A third implementation, written from PROTOCOL.md alone, with none of the product's code: it made vectors.json.

``python -m tests.bridge.link.third`` prints the vectors. Change them with the protocol's version, and never else.
"""

import hashlib
import hmac
import json
import struct

KEY = bytes(range(0x40, 0x60))
OLD_KEY = bytes(range(0x80, 0xA0))
NEW_KEY = bytes(range(0xC0, 0xE0))
HOST_NONCE = bytes(range(16))
BOX_NONCE = bytes(range(0xF0, 0x100))
HELLO = bytes([1, 1]) + HOST_NONCE
CHALLENGE = bytes([1]) + BOX_NONCE + bytes([1, 2, 3, 2]) + struct.pack("<HBIB", 7000, 0, 5, 1)


def pairing(declared, maximum_ms, stands_open):
    return HOST_NONCE + NEW_KEY + struct.pack("<BHB", declared, maximum_ms, stands_open)


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = value << 1 ^ (0x1021 if value & 0x8000 else 0)
            value &= 0xFFFF
    return value


def stuffed(data):
    out, run = b"", b""
    for byte in data + b"\x00":
        if byte:
            run += bytes([byte])
        else:
            out, run = out + bytes([len(run) + 1]) + run, b""
    return out


def mac(key, direction, head):
    return hmac.new(key, direction + head, hashlib.sha256).digest()[:8]


def session_key(key=KEY):
    return hmac.new(key, b"gate-link" + HELLO + bytes([1]) + BOX_NONCE, hashlib.sha256).digest()


def frame(version, kind, counter, payload, key=None, direction=b"", *, spoil=None):
    head = struct.pack("<BBI", version, kind, counter) + payload
    body = head + (mac(key, direction, head) if key else bytes(8))
    body += struct.pack("<H", crc(body))
    if spoil is not None:
        body = spoil(body)
    return b"\x00" + stuffed(body) + b"\x00"


def told(
    name, side, kind, payload, *, version=1, counter=0, ack=0, key=None, before=(), expect="accepted", **more
):
    direction = b"H" if side == "host" else b"C"
    whole = struct.pack("<I", ack) + payload if version else payload
    key = key or (session_key() if version else None)
    data = more.pop("data", None) or frame(version, kind, counter, whole, key, direction, **more)
    return {
        "name": name,
        "from": side,
        "version": version,
        "type": kind,
        "counter": counter,
        "ack": ack,
        "payload": payload.hex(),
        "before": list(before),
        "expect": expect,
        "frame": data.hex(),
    }


def flip(place):
    return lambda body: body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def good():
    beat = bytes([0, 0x88, 0x13])
    return [
        told("hello", "host", 0x01, HELLO, version=0),
        told("challenge", "controller", 0x81, CHALLENGE, version=0, key=session_key()),
        told("beat", "host", 0x02, beat, counter=1),
        told("beat-open", "host", 0x02, bytes([1, 0xF4, 0x01]), counter=2, before=["beat"]),
        told("beat-after-a-gap", "host", 0x02, beat, counter=0x01020304, before=["beat"]),
        told("beat-last-counter", "host", 0x02, beat, counter=0xFFFFFFFF, before=["beat"]),
        told("release", "host", 0x03, struct.pack("<HH", 258, 5000), counter=2, before=["beat"]),
        told("show-granted", "host", 0x04, bytes([2]), counter=2, before=["beat"]),
        told("pair", "host", 0x05, pairing(1, 6000, 0), version=0, key=NEW_KEY),
        told("pair-stands-open", "host", 0x05, pairing(2, 7000, 1), version=0, key=NEW_KEY),
        told(
            "state", "controller", 0x82, bytes([3, 0xFF, 0, 1, 7]) + struct.pack("<H", 258), counter=1, ack=1
        ),
        told("state-quiet", "controller", 0x82, bytes(7), counter=1),
        told("released", "controller", 0x83, struct.pack("<H", 258), counter=2, ack=2),
        told("refused", "controller", 0x84, struct.pack("<HB", 259, 1), counter=3, ack=3),
        told("locked", "controller", 0x85, bytes([1]), counter=4, ack=3),
        told("exit", "controller", 0x86, bytes([8]), counter=5, ack=3),
        told("burst-26", "controller", 0x87, bytes([26]) + (0x2AAAAAA).to_bytes(4, "big"), counter=6, ack=3),
        told("burst-128", "controller", 0x87, bytes([128]) + bytes(range(16)), counter=7, ack=3),
        told("nonsense", "controller", 0x88, bytes([255]), counter=8, ack=3),
        told("no-session", "controller", 0x89, b"", version=0),
        told("unpaired", "controller", 0x8A, bytes([1]), version=0),
        told("no-version", "controller", 0x8B, bytes([2, 3]), version=0),
        told("paired", "controller", 0x8C, HOST_NONCE, version=0, key=NEW_KEY),
        told("not-paired", "controller", 0x8D, HOST_NONCE + bytes([1]), version=0),
    ]


def bad():
    beat = bytes([0, 0x88, 0x13])
    quiet = bytes(7)
    long = b"\x00" + b"\x01" * 200 + b"\x00"
    cases = []
    for side, kind, payload, ahead, before in (
        ("host", 0x02, beat, 2, ["beat"]),
        ("controller", 0x82, quiet, 9, ["state"]),
    ):
        other = b"C" if side == "host" else b"H"
        whole = bytes(4) + payload
        reflected = frame(1, kind, ahead, whole, session_key(), other)
        more = {"counter": ahead, "before": before}
        bare = {"before": before}
        cases += [
            told(f"{side}-bit-flipped", side, kind, payload, expect="broken", spoil=flip(7), **more),
            told(f"{side}-crc-flipped", side, kind, payload, expect="broken", spoil=flip(-1), **more),
            told(
                f"{side}-truncated",
                side,
                kind,
                payload,
                expect="broken",
                spoil=lambda body: body[:-3],
                **more,
            ),
            told(
                f"{side}-too-short",
                side,
                kind,
                b"",
                expect="broken",
                data=b"\x00\x05\x01\x02\x03\x04\x00",
                **bare,
            ),
            told(f"{side}-too-long", side, kind, b"", expect="broken", data=long, **bare),
            told(f"{side}-no-cobs", side, kind, b"", expect="broken", data=b"\x00\x09\x01\x02\x00", **bare),
            told(f"{side}-other-key", side, kind, payload, expect="forged", key=session_key(OLD_KEY), **more),
            told(f"{side}-pairing-key", side, kind, payload, expect="forged", key=KEY, **more),
            told(
                f"{side}-no-mac",
                side,
                kind,
                payload,
                expect="forged",
                data=frame(1, kind, ahead, whole),
                **more,
            ),
            told(f"{side}-reflected", side, kind, payload, expect="forged", data=reflected, **more),
            told(f"{side}-replayed", side, kind, payload, expect="replayed", counter=1, before=before),
            told(f"{side}-counter-zero", side, kind, payload, expect="replayed", counter=0, before=before),
            told(f"{side}-ack-ahead", side, kind, payload, expect="stale", ack=1000, **more),
            told(f"{side}-other-version", side, kind, payload, expect="malformed", version=2, **more),
            told(f"{side}-unknown-type", side, 0x7F, payload, expect="malformed", **more),
            told(f"{side}-long-payload", side, kind, payload + b"\x00", expect="malformed", **more),
            told(f"{side}-short-payload", side, kind, payload[:-1], expect="malformed", **more),
        ]
    return [
        *cases,
        told("host-no-such-standing", "host", 0x02, bytes([9, 1, 0]), counter=2, before=["beat"], expect="malformed"),
        told("host-release-of-nothing", "host", 0x03, bytes([1, 0, 0, 0]), counter=2, before=["beat"], expect="malformed"),
        told("host-plain-release", "host", 0x03, bytes([1, 0, 1, 0]), version=0, expect="malformed"),
        told("host-pair-with-another-keys-mac", "host", 0x05, pairing(1, 1, 0), version=0, key=OLD_KEY, expect="forged"),
        told("host-pair-without-its-last-byte", "host", 0x05, pairing(1, 1, 0)[:-1], version=0, key=NEW_KEY, expect="malformed"),
        told("controller-plain-state", "controller", 0x82, quiet, version=0, expect="malformed"),
        told("controller-burst-too-long", "controller", 0x87, bytes([129]) + bytes(17), counter=9, expect="malformed"),
        told("controller-burst-of-more", "controller", 0x87, bytes([4, 0x10]), counter=9, expect="malformed"),
    ]  # fmt: skip


def vectors():
    return {
        "pairing_key": KEY.hex(),
        "new_key": NEW_KEY.hex(),
        "host_nonce": HOST_NONCE.hex(),
        "controller_nonce": BOX_NONCE.hex(),
        "session_key": session_key().hex(),
        "firmware": [1, 2, 3],
        "declared": 2,
        "maximum_ms": 7000,
        "may_stand_open": 0,
        "boot": 5,
        "boot_reason": 1,
        "frames": [*good(), *bad()],
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))  # noqa: T201
