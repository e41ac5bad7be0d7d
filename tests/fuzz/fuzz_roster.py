"""Fuzz lists of residents: every file is rows and faults or one RequestError, and no row holds a formula or a control."""

import io

from gate.core.roster import CONTACT_MOST, NAME_MOST, ROWS_MOST, Row, RowError, RowFault, read, text_fault
from gate.errors import RequestError
from gate.office.importing import text_of
from tests.fuzz.harness import Cut


class Nobody:
    """A gate that knows nobody but one hour table."""

    def here(self, _unit):
        return None

    def holder(self, _card):
        return None

    def has_hours(self, name):
        return name == "day"


SEEDS = (
    b"unit,name,contact,card,hours\n1204,Li Wen,+86 10 5555,40451,day\n",
    b'unit;name\r\n1204;"=HYPERLINK(1)"\r\n1204;x\r\n',
    "房号\t姓名\t卡号\n1204\t李文\t12:34\n".encode("gb18030"),
    b'\xef\xbb\xbfname,unit\n"a""b",\'=1\n,\n',
    b'unit,name\n"1204,x\n',
    b"PK\x03\x04",
    b"unit,name\n" + b"," * 3000,
)


def one_input(raw):
    try:
        text, _ = text_of(Cut(raw).rest())
    except RequestError:
        return
    told = list(read(io.StringIO(text, newline=""), Nobody()))
    assert sum(isinstance(each, Row) for each in told) <= ROWS_MOST
    assert all(isinstance(each, Row | RowError) for each in told)
    for row in told:
        if isinstance(row, Row):
            assert text_fault(row.name, NAME_MOST) is None
            assert text_fault(row.contact, CONTACT_MOST) in {None, RowFault.FORMULA} if row.contact else True
            assert row.card is None or row.card.isascii()
