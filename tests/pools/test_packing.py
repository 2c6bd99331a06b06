"""pools.packing: what comes out is what went in, and it is small."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from boxsup_tf.pools import packing
from tests.supervision.pools import random_pool

# Candidates around whole bytes, and more than two bytes can number.
SIZES = [(0, 1), (0, 300), (1, 1), (1, 300), (6, 40), (7, 40), (8, 40), (9, 40), (200, 300)]
SIZES += [(300, 1), (5000, 700), (66_000, 20)]


def _membership(num: int, num_superpixels: int) -> np.ndarray:
    return random_pool(np.random.default_rng(num), 30, 40, num_superpixels, num).membership


def _unpack_superpixels(packed: bytes) -> np.ndarray:
    return packing.put_superpixels(*packing.read_superpixels(packed))


def _unpack_membership(packed: bytes, count: int, num_superpixels: int) -> np.ndarray:
    return packing.put_membership(*packing.read_membership(packed, count, num_superpixels))


@pytest.mark.parametrize(("num", "num_superpixels"), SIZES)
def test_membership_there_and_back(num, num_superpixels):
    membership = _membership(num, num_superpixels)
    packed = packing.pack_membership(membership)
    unpacked = _unpack_membership(packed, num, num_superpixels)
    assert unpacked.dtype == np.bool_
    np.testing.assert_array_equal(unpacked, membership)
    assert packing.pack_membership(unpacked) == packed


def test_the_stored_form_is_the_documented_one():
    """Decoded bit by bit, as the module describes it."""
    membership = _membership(300, 40)
    stored = zlib.decompress(packing.pack_membership(membership))
    columns, rows, bits = stored[: 4 * 301], stored[4 * 301 : 4 * 341], stored[4 * 341 :]

    def number(planes: bytes, index: int) -> int:
        size = len(planes) // 4
        return sum(planes[plane * size + index] << 8 * plane for plane in range(4))

    for candidate, superpixel in np.ndindex(301, 40):
        row, column = number(rows, superpixel), number(columns, candidate)
        bit = bits[row * 38 + column // 8] >> (7 - column % 8) & 1
        assert bit == (candidate < 300 and membership[candidate, superpixel])


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (70, 3), (1, 9), (5, 8), (256, 256)])
@pytest.mark.parametrize("largest", [0, 255, 65_535])
def test_superpixels_there_and_back(shape, largest):
    labels = np.random.default_rng(0).integers(0, largest + 1, shape).astype(np.int32)
    labels[-1, -1] = largest
    packed = packing.pack_superpixels(labels)
    unpacked = _unpack_superpixels(packed)
    assert unpacked.dtype == np.int32
    np.testing.assert_array_equal(unpacked, labels)


def test_neighbours_in_a_hierarchy_are_found_however_they_are_numbered():
    """Runs of superpixels, shuffled: the pool must stay as small as in its natural order."""
    rng = np.random.default_rng(0)
    first, length = rng.integers(0, 250, 2000), rng.integers(1, 50, 2000)
    index = np.arange(300)
    membership = (index >= first[:, None]) & (index < (first + length)[:, None])
    shuffled = rng.permutation(rng.permutation(membership), axis=1)
    plain = len(zlib.compress(np.packbits(shuffled.T, axis=1).tobytes(), 9))
    natural, packed = (len(packing.pack_membership(m)) for m in (membership, shuffled))
    assert packed < 0.6 * plain
    assert packed < 1.1 * natural


def test_superpixels_are_smaller_than_a_png():
    y, x = np.mgrid[:240, :320]
    centres = np.random.default_rng(0).uniform(0, 1, (2, 100)) * [[240], [320]]
    distances = (y - centres[0, :, None, None]) ** 2 + (x - centres[1, :, None, None]) ** 2
    cells = distances.argmin(axis=0)
    options = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    best = min(len(cv2.imencode(".png", cells.astype(np.uint16), o)[1]) for o in ([], options))
    assert len(packing.pack_superpixels(cells)) < 0.65 * best


def test_another_count_is_refused():
    packed = packing.pack_membership(_membership(9, 20))
    for count, num_superpixels in ((17, 20), (9, 21), (10, 20)):
        with pytest.raises(ValueError, match=f"{count} candidates x {num_superpixels} super"):
            _unpack_membership(packed, count, num_superpixels)


def test_superpixels_that_are_something_else_are_refused():
    png = cv2.imencode(".png", np.zeros((2, 2), np.uint16))[1].tobytes()
    for packed in (png, b"PNG", b""):
        with pytest.raises(ValueError, match="packed superpixels"):
            _unpack_superpixels(packed)


def test_superpixels_of_another_size_are_refused():
    packed = packing.pack_superpixels(np.arange(20).reshape(4, 5))
    for size in ((4, 20), (9, 5), (2**30, 5), (1, 1)):
        with pytest.raises(
            ValueError,
            match=r"packed superpixels (hold|of)",
        ):
            _unpack_superpixels(struct.pack("<2I", *size) + packed[8:])
    with pytest.raises(ValueError, match="hold 43 bytes: expected 4 and two for each of 20 runs"):
        _unpack_superpixels(packed[:8] + zlib.compress(zlib.decompress(packed[8:])[:-1]))


def test_the_stored_runs_are_the_documented_ones():
    """Decoded pixel by pixel, as the module describes it."""
    labels = np.random.default_rng(0).integers(0, 3, (7, 21)) * 300
    packed = packing.pack_superpixels(labels)
    assert struct.unpack("<2I", packed[:8]) == packing.superpixels_size(packed) == (7, 21)
    stored = zlib.decompress(packed[8:])
    bits, run = stored[: 3 * 7], -1
    for y, x in np.ndindex(7, 24):
        run += bits[x // 8 * 7 + y] >> (7 - x % 8) & 1
        at = 3 * 7 + 2 * run
        assert int.from_bytes(stored[at : at + 2], "little") == labels[y, min(x, 20)]
    assert len(stored) == at + 2


def test_a_bomb_is_not_unpacked():
    """Of what is larger than it says, a byte more is unpacked."""
    bomb = zlib.compress(bytes(10**8), 9)
    with pytest.raises(ValueError, match="hold 69 bytes: expected 4 and"):
        _unpack_superpixels(struct.pack("<2I", 4, 5) + bomb)
    with pytest.raises(ValueError, match="holds 161 bytes: expected 160 for 9 candidates x 20"):
        _unpack_membership(bomb, 9, 20)
    for count in (2**40, -1):
        with pytest.raises(ValueError, match=f"{count} candidates x 20 superpixels"):
            _unpack_membership(bomb, count, 20)


def test_a_membership_in_no_order_is_refused():
    stored = bytearray(zlib.decompress(packing.pack_membership(_membership(9, 20))))
    for place in (0, 40):  # of the candidates, and of the superpixels
        damaged = stored.copy()
        damaged[place] = damaged[place + 1]
        with pytest.raises(ValueError, match="in no order"):
            _unpack_membership(zlib.compress(bytes(damaged)), 9, 20)
