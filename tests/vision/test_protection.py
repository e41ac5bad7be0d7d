"""The keyed rotation of templates: the same bits everywhere, no cosine changed, nothing in common between two seeds."""

from __future__ import annotations

import hashlib
import itertools
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gate.core.matching import Gallery, search
from gate.core.policy import is_match
from gate.vision.pipeline import Pipeline
from gate.vision.protection import SEED_BYTES, SIZE, Protection, _Columns, _permutation, _stream
from gate.vision.scenes import SceneCamera

SEED, OTHER_SEED = bytes(range(32)), bytes(range(1, 33))
PINNED = "68373715ee24f3771fb58eafd6f5110a2e9cee9dfb9eaeeae888226bdef18d75"
SEEDS = st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES)
FINITE = st.floats(-1, 1, width=32)


def unit(rows):
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def faces(count, seed=1):
    return unit(np.random.default_rng(seed).standard_normal((count, SIZE)))


@st.composite
def units(draw):
    rows = draw(arrays.arrays(np.float32, (draw(st.integers(1, 4)), SIZE), elements=FINITE))
    rows[:, draw(st.integers(0, SIZE - 1))] += 2  # never without length
    return unit(rows)


def dots(rows):
    return rows.astype(np.float64) @ rows.T.astype(np.float64)


# --- the bits ---


def ramps():
    """Vectors of exact binary fractions, made without any function of a library."""
    return np.array(
        [[((place * step) % 257 - 128) / 256 for place in range(SIZE)] for step in (1, 37, 101, 255)], "<f4"
    )


def test_r50_the_same_seed_gives_the_same_bits_on_every_machine():
    """Pinned: another numpy, another processor or an edit that changes one bit would orphan every stored template."""
    protected = Protection(SEED).apply(ramps())
    assert hashlib.sha256(protected.tobytes()).hexdigest() == PINNED


def by_hand(vector, protection):
    """Protect one vector with Python's own floats, one after the other, as IEEE 754 says on every machine."""
    for signs, places in zip(protection._signs[:, :, 0].tolist(), protection._places.tolist(), strict=True):
        vector = [value * sign for value, sign in zip(vector, signs, strict=True)]
        for _ in range(7):
            pairs = list(zip(vector[::2], vector[1::2], strict=True))
            vector = [a + b for a, b in pairs] + [a - b for a, b in pairs]
        vector = [vector[place] for place in places]
    return struct.pack(f"<{SIZE}f", *(value * (math.sqrt(2) / 2048) for value in vector))


def test_r50_the_bits_are_those_of_plain_ieee_arithmetic():
    protection, rows = Protection(SEED), np.concatenate([ramps(), faces(20)])
    assert protection.apply(rows).tobytes() == b"".join(by_hand(row, protection) for row in rows.tolist())


def test_a_vector_alone_and_among_others_gets_the_same_bits():
    protection, rows = Protection(SEED), faces(50)
    together = protection.apply(rows)
    alone = np.concatenate([protection.apply(row[np.newaxis]) for row in rows])
    assert together.tobytes() == alone.tobytes()


def test_the_protected_form_is_rows_of_little_endian_float32():
    protected = Protection(SEED).apply(faces(3))
    assert (protected.shape, protected.dtype, protected.flags.c_contiguous) == (
        (3, SIZE),
        np.dtype("<f4"),
        True,
    )


def test_no_vectors_give_no_vectors():
    assert Protection(SEED).apply(faces(0)).shape == (0, SIZE)


def test_what_goes_in_is_left_as_it_was():
    rows = faces(2)
    before = rows.copy()
    Protection(SEED).undo(Protection(SEED).apply(rows))
    np.testing.assert_array_equal(rows, before)


def test_mixing_is_the_walsh_hadamard_transform():
    """Sylvester's construction, in whole numbers."""
    matrix = np.array([[1]])
    while len(matrix) < SIZE:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    columns = _Columns(np.eye(SIZE, dtype=np.float32))
    columns.mix()
    np.testing.assert_array_equal(columns.rows(), matrix)


def test_every_byte_of_the_seed_and_every_use_has_a_stream_of_its_own():
    seeds = [SEED, *(SEED[:place] + b"\xff" + SEED[place + 1 :] for place in range(SEED_BYTES))]
    starts = {
        bytes(itertools.islice(_stream(seed, use), 16)) for seed in seeds for use in ("signs", "permutation")
    }
    assert len(starts) == 2 * len(seeds)


def test_a_stream_goes_on_beyond_its_first_block_without_repeating():
    stream = bytes(itertools.islice(_stream(SEED, "x"), 2048))
    assert len({stream[start : start + 512] for start in range(0, 2048, 512)}) == 4


def test_a_permutation_leaves_out_bytes_that_would_favour_some_places():
    """The second of its draws is of 127: the bytes 254 and 255 have no equal share in it."""
    plain = _permutation(itertools.repeat(7))
    assert sorted(plain) == list(range(SIZE))
    assert _permutation(itertools.chain([7, 254, 255, 254], itertools.repeat(7))) == plain
    assert _permutation(itertools.chain([7, 253], itertools.repeat(7))) != plain


def test_the_first_draw_of_a_permutation_takes_every_byte():
    """It is of 128, which 256 is a multiple of."""
    last = [_permutation(itertools.chain([byte], itertools.repeat(0)))[-1] for byte in range(256)]
    assert sorted(last) == sorted([*range(SIZE)] * 2)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match="32 bytes"):
        Protection(bytes(size))


# --- what it keeps ---


@given(units(), SEEDS)
def test_cosines_are_kept(rows, seed):
    np.testing.assert_allclose(dots(Protection(seed).apply(rows)), dots(rows), atol=1e-6)


@given(units(), SEEDS)
def test_undo_gives_back_what_was_protected(rows, seed):
    protection = Protection(seed)
    np.testing.assert_allclose(protection.undo(protection.apply(rows)), rows, atol=1e-6)


@given(units(), SEEDS, SEEDS)
def test_renewal_gives_what_the_new_seed_would_have_given(rows, old, new):
    """ISO/IEC 24745, renewability: nobody has to enrol anew."""
    renewed = Protection(old).renewed(Protection(old).apply(rows), Protection(new))
    np.testing.assert_allclose(renewed, Protection(new).apply(rows), atol=1e-6)


def test_a_thousand_renewals_lose_nothing_that_counts():
    rows = faces(20)
    seeds = [hashlib.sha256(str(epoch).encode()).digest() for epoch in range(1001)]
    protections = [Protection(seed) for seed in seeds]
    carried = protections[0].apply(rows)
    for old, new in itertools.pairwise(protections):
        carried = old.renewed(carried, new)
    back = protections[-1].undo(carried).astype(np.float64)
    assert (np.einsum("ij,ij->i", back, rows) > 1 - 1e-5).all()
    np.testing.assert_allclose(np.linalg.norm(carried.astype(np.float64), axis=1), 1, atol=1e-6)


def test_renewal_brings_a_drifted_length_back_to_one():
    drifted = (Protection(SEED).apply(faces(5)) * np.float32(1.0005)).astype(np.float32)
    renewed = Protection(SEED).renewed(drifted, Protection(OTHER_SEED))
    np.testing.assert_allclose(np.linalg.norm(renewed.astype(np.float64), axis=1), 1, atol=1e-6)


# --- what it hides ---


def cosines_between(first, second):
    return np.einsum("ij,ij->i", first.astype(np.float64), second.astype(np.float64))


def test_r35_one_face_under_two_seeds_is_as_unlike_as_two_strangers():
    """ISO/IEC 24745, unlinkability: means and spread are those of unrelated vectors, 0 and 1 over the root of 128."""
    rows = faces(2000)
    same = cosines_between(Protection(SEED).apply(rows), Protection(OTHER_SEED).apply(rows))
    strangers = cosines_between(rows, faces(2000, seed=2))
    assert abs(same.mean()) < 5 / math.sqrt(2000 * SIZE)
    assert abs(strangers.mean()) < 5 / math.sqrt(2000 * SIZE)
    assert same.std() == pytest.approx(strangers.std(), rel=0.1)


def test_r35_one_face_under_many_seeds_is_never_near_itself():
    (row,) = faces(1)
    protected = np.concatenate(
        [Protection(hashlib.sha256(bytes([n])).digest()).apply(row[np.newaxis]) for n in range(100)]
    )
    between = dots(protected)[np.triu_indices(100, k=1)]
    assert abs(between.mean()) < 0.01
    assert abs(between).max() < 0.5


@given(st.integers(0, SEED_BYTES * 8 - 1))
def test_r35_one_bit_of_the_seed_changes_everything(bit):
    changed = bytearray(SEED)
    changed[bit // 8] ^= 1 << bit % 8
    rows = faces(200)
    between = cosines_between(Protection(SEED).apply(rows), Protection(bytes(changed)).apply(rows))
    assert abs(between.mean()) < 5 / math.sqrt(200 * SIZE)


def test_a_single_axis_is_spread_over_all_numbers():
    """A template of one seed shows none of the numbers the network gave."""
    protected = Protection(SEED).apply(np.eye(SIZE, dtype=np.float32))
    assert abs(protected).max() < 0.55


@given(SEEDS)
def test_a_probe_is_protected_as_a_template_is(seed):
    """R50: what is compared fast and what is kept are the same form, to float32's precision."""
    (row,) = faces(1)
    protection = Protection(seed)
    np.testing.assert_allclose(protection.probe(row), protection.apply(row[np.newaxis])[0], atol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_probe_that_is_no_number_stays_none(bad):
    (row,) = faces(1)
    row[7] = bad
    assert not np.isfinite(Protection(SEED).probe(row)).any()


def test_r24_r31_a_wiped_protection_keeps_nothing_of_its_seed():
    protection = Protection(SEED)
    protection.wipe()
    assert not any(part.any() for part in vars(protection).values())
    assert not protection.apply(faces(1)).any()
    assert not protection.probe(faces(1)[0]).any()


def test_r31_nothing_of_a_face_stays_in_the_work_space():
    columns = _Columns(faces(2))
    columns.mix()
    columns.rows()
    assert not columns._now.any()
    assert not columns._next.any()


def test_the_seed_does_not_show():
    assert SEED.hex() not in repr(Protection(SEED))


# --- on faces ---


@pytest.mark.models
@pytest.mark.portraits
def test_r35_real_faces_are_matched_exactly_as_without_protection(models_dir, scenes):
    pipeline = Pipeline.load(models_dir, ("cpu",), 2)
    camera = SceneCamera(scenes)
    probes = {}
    for scene in ("resident", "stranger"):
        camera.scene = scene
        frames = [camera.read() for _ in range(8)]
        probes[scene] = np.array([pipeline.embed(frame, *pipeline.detect(frame)) for frame in frames])
    enrolled = np.array([rows[0] for rows in probes.values()])
    protection = Protection(SEED)

    def decisions(gallery, rows):
        matches = [search(Gallery(tuple(probes), gallery), row) for row in rows]
        return [
            (match.template, is_match(match.score, match.second_score, threshold=limit, margin=0.1))
            for match in matches
            for limit in (0.3, scenes.threshold, 0.9, 0.99)
        ]

    for rows in probes.values():
        raw = decisions(enrolled, rows[1:])
        assert {True, False} == {matched for _, matched in raw}
        assert decisions(protection.apply(enrolled), protection.apply(rows[1:])) == raw
