"""What passes from the wire to libosdp: whole replies of our device to our command, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.frames import MAX_FRAME, Replies, bad_frame, command_code, seal

ADDRESS = 1
POLL = bytes((0xFF,)) + seal(bytes((0x53, ADDRESS, 8, 0, 0x04 | 2, 0x60)))


def reply(data: bytes = b"\x40", *, address: int = ADDRESS, sequence: int = 2) -> bytes:
    return seal(bytes((0x53, address | 0x80, 7 + len(data), 0, 0x04 | sequence)) + data)


def waiting() -> Replies:
    replies = Replies(ADDRESS)
    replies.expect(POLL)
    return replies


def test_the_crc_is_osdps_own():
    # IEC 60839-11-5, annex: CRC-16, polynomial 0x1021, seed 0x1D0F; the check value of "123456789" is 0xE5CC.
    assert seal(b"123456789")[-2:] == b"\xcc\xe5"


def test_a_reply_comes_through_one_byte_at_a_time():
    replies = waiting()
    heard = [replies.feed(bytes((each,))) for each in b"\xff" + reply(b"\x53\x81\x08")]
    assert heard[-1] == reply(b"\x53\x81\x08")
    assert set(heard[:-1]) == {None}


def test_a_reply_with_a_sum_instead_of_a_crc_is_whole_too():
    body = bytes((0x53, 0x81, 7, 0, 2, 0x40))
    assert waiting().feed(body + bytes((-sum(body) & 0xFF,))) is not None


def test_the_reply_to_an_earlier_command_is_dropped():
    assert waiting().feed(reply(sequence=1)) is None


def test_another_devices_reply_is_dropped():
    assert waiting().feed(reply(address=2)) is None


def test_our_own_command_heard_back_is_no_reply():
    assert waiting().feed(POLL) is None


def test_a_busy_reply_is_none():
    assert waiting().feed(reply(b"\x79", sequence=0)) is None


def test_what_was_heard_before_a_command_does_not_answer_it():
    replies = waiting()
    replies.feed(reply()[:-1])
    replies.expect(POLL)
    assert replies.feed(reply()[-1:]) is None


@given(st.integers(0, 126))
def test_the_frame_that_ends_an_exchange_is_never_intact(address):
    replies = Replies(address)
    replies.expect(seal(bytes((0x53, address, 8, 0, 0x04, 0x60))))
    assert replies.feed(bad_frame(address)) is None


@given(st.binary(max_size=MAX_FRAME), st.binary(max_size=100))
def test_a_reply_is_found_behind_any_noise(noise, data):
    whole = reply(b"\x40" + data)
    heard = waiting().feed(noise + whole)
    assert heard is not None


@given(st.lists(st.binary(max_size=400)))
def test_no_bytes_make_it_raise_or_grow(chunks):
    replies = waiting()
    for chunk in chunks:
        replies.feed(chunk)
        assert len(replies._buffer) <= 2 * MAX_FRAME


@given(st.binary(min_size=6, max_size=20))
def test_the_code_of_any_frame_can_be_read(frame):
    assert 0 <= command_code(frame) <= 255


def test_the_code_of_a_secured_frame_stands_behind_its_security_block():
    assert command_code(bytes((0xFF, 0x53, 1, 14, 0, 0x0C, 2, 0x15, 0x60, 0, 0, 0, 0, 0, 0))) == 0x60
