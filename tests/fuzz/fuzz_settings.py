"""Fuzz the settings: a file is settings whose numbers are numbers, or a ConfigError that does not quote what was in it."""

import math

from gate.errors import ConfigError
from gate.settings import read_settings
from tests.fuzz.harness import as_file

LEAST = b"""[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
"""
CANARY = "canary-9f1d"
SEEDS = (
    LEAST,
    LEAST + b"release_s = nan\n",
    LEAST + b'[camera]\ndriver = "v4l2"\nsource = "/dev/video0"\nwidth_px = 640\n[face]\nenabled = true\n',
    LEAST
    + f'[broker]\nhost = "{CANARY}"\nport = 8883\nusername = "{CANARY}"\npassword = "{CANARY}"\n'.encode(),
    LEAST + b'[wiegand]\nchip = "gpiochip0"\ndata0_line = 17\ndata1_line = 27\n[osdp]\nport = "/dev/x"\n',
    LEAST + b"[notice]\nminimum_s = " + b"1" * 4400,
    b"a = " + b"[" * 2000,
    b"a.a = 1\n[a]\nb = 1979-05-27T07:32:00Z\nc = '''\n'''\nd = 0x1F\ne = 1e400",
    b"\xff\xfe",
    b"",
)


def one_input(data):
    with as_file(data) as path:
        try:
            settings = read_settings(path)
        except ConfigError as error:
            assert CANARY not in str(error)
            return
    assert all(math.isfinite(each) for each in _floats(settings.model_dump()))


def _floats(value):
    match value:
        case float():
            yield value
        case dict():
            for each in value.values():
                yield from _floats(each)
        case list() | tuple():
            for each in value:
                yield from _floats(each)
        case _:
            pass
