"""What the board's end makes of the golden vectors. Runs in CPython and, as text, in MicroPython: no test library here."""

import binascii


def check(wire, sealing, vectors):
    """Return what is not as the vectors say; nothing when all is well."""
    keys = _keys(vectors)
    frames = {each["name"]: each for each in vectors["frames"]}
    wrong = []
    for each in vectors["frames"]:
        if each["from"] == "host":
            said = _heard(wire, vectors, frames, each)
        elif each["expect"] == "accepted":
            said = _built(sealing, keys, each)
        else:
            continue  # the host's to refuse
        if said:
            wrong.append(each["name"] + ": " + said)
    return wrong


def _hex(text):
    return binascii.unhexlify(text)


def _keys(vectors):
    return {"new": _hex(vectors["new_key"]), "session": _hex(vectors["session_key"])}


def _built(sealing, keys, each):
    """Build what the controller sends, and compare it byte by byte."""
    payload = _hex(each["payload"])
    key = None
    if each["version"]:
        payload = each["ack"].to_bytes(4, "little") + payload
        key = keys["session"]
    elif each["name"] == "challenge":
        key = keys["session"]
    elif each["name"] == "paired":
        key = keys["new"]
    built = sealing.frame(
        each["version"], each["type"], each["counter"], payload, sealing.Mac(key) if key else None, b"C"
    )
    return "" if built == _hex(each["frame"]) else "built otherwise"


def _heard(wire, vectors, frames, each):
    """Have a controller hear it after what comes before it, and compare what it makes of it."""
    link = wire.Link(
        _hex(vectors["pairing_key"]),
        lambda _: _hex(vectors["controller_nonce"]),
        vectors["declared"],
        vectors["maximum_ms"],
        vectors["firmware"],
        vectors["boot"],
        vectors["boot_reason"],
        vectors["may_stand_open"],
    )
    link.pairing = True
    link.take()
    link.feed(_hex(frames["hello"]["frame"]), 0)
    if link.take() != _hex(frames["challenge"]["frame"]):
        return "another challenge"
    for name in each["before"]:
        link.feed(_hex(frames[name]["frame"]), 0)
    counted = _counted(link)
    got = link.feed(_hex(each["frame"]), 0)
    if each["expect"] != "accepted":
        if got:
            return "accepted"
        now = _counted(link)
        grown = [cause for cause in now if now[cause] != counted[cause]]
        return "" if grown == [each["expect"]] else "counted as " + ", ".join(grown)
    wanted = [] if each["name"] == "hello" else [(each["type"], _hex(each["payload"]))]
    return "" if got == wanted else "understood otherwise"


def _counted(link):
    return {
        "broken": link.crc_errors + link.overlong,
        "forged": link.mac_errors,
        "replayed": link.replays,
        "stale": link.stale,
        "malformed": link.malformed,
    }
