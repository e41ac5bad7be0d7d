"""Fuzz the tables given to gate evaluate: pairs of photographs and groups of people are read whole or refused."""

from pathlib import Path

from gate.commands.photographs import groups_from
from gate.errors import RequestError
from gate.vision.trials import _pairs
from tests.fuzz.harness import Cut, as_file

SEEDS = (
    b"\x00file_x,file_y,Decision\na.jpg,b.jpg,Yes\na.jpg,c.jpg,no\n",
    b"\x00Decision,file_x,file_y\nYes\n",
    b"\x00\xef\xbb\xbffile_x,file_y,Decision\n\x00,../x,Yes,more\n",
    b'\x00file_x,file_y,Decision\n"a\n',
    b"\x01person,group\nada,1\n",
    b"\x01person,group\nada\n",
)


def one_input(raw):
    data = Cut(raw)
    is_groups = data.number(0, 1)
    with as_file(data.rest()) as path:
        try:
            found = groups_from(path).items() if is_groups else list(_pairs(path))
        except RequestError:
            return
    for each in found:
        assert isinstance(each, tuple)
        assert all(isinstance(value, str | Path | bool) for value in each)
