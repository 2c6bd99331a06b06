"""The packed form of a candidate pool: small in a record, cheap to undo inside a graph.

The superpixels are a 16-bit PNG without row filters: a row of labels repeats the row above but
for a few shifts, which deflate finds better, and undoes faster, in the labels themselves than in
their differences.

The membership is a matrix of bits, one more row than candidates. Superpixels and candidates are
stored in an order in which neighbours are alike, and both orders beside them. The zlib stream
holds, one after the other,

    uint32 [N + 1]: in which column every candidate is stored, and, last, an empty one;
    uint32 [R]: in which row every superpixel is stored;
    bits [R, N + 1]: row after row, each filled up with zeros to whole bytes.

The uint32 are little-endian and stored by byte planes, all lowest bytes first, so that high bytes
cost nothing where they are zero. `pool_ops.decode_membership` is the graph's reader.
"""

import zlib

import cv2
import numpy as np

_NUM_PLANES = 4  # bytes of a uint32
_PNG_OPTIONS = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 9),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE),
]


def pack_superpixels(superpixels: np.ndarray) -> bytes:
    """A 16-bit PNG of int [H, W], values 0 .. 65535."""
    ok, png = cv2.imencode(".png", superpixels.astype(np.uint16), _PNG_OPTIONS)
    assert ok, "OpenCV can always write a 16-bit PNG into memory"
    return png.tobytes()


def unpack_superpixels(packed: bytes) -> np.ndarray:
    """int32 [H, W], the inverse of `pack_superpixels`.

    Raises:
        ValueError: `packed` is something else.
    """
    labels = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.dtype != np.uint16:
        raise ValueError("the packed superpixels are not a 16-bit PNG")
    return labels.astype(np.int32)


def pack_membership(membership: np.ndarray) -> bytes:
    """The zlib stream of bool [N, R]; N may be 0."""
    # The empty candidate saves all readers the case of a matrix without columns.
    members = np.pad(membership, ((0, 1), (0, 0)))
    # Superpixels are alike that the same candidates hold, above all the same large ones.
    large_first = members[np.argsort(-members.sum(axis=1), kind="stable")]
    superpixels = _lexicographic_order(large_first.T)[::-1]
    candidates = _lexicographic_order(members[:, superpixels])
    bits = np.packbits(members[np.ix_(candidates, superpixels)].T, axis=1)
    parts = [*_planes(np.argsort(candidates)), *_planes(np.argsort(superpixels)), bits]
    stream = zlib.compressobj(level=9, strategy=zlib.Z_FILTERED)
    # A flush ends a block: a plane of noise and one of zeros share no Huffman code.
    packed = [stream.compress(p.tobytes()) + stream.flush(zlib.Z_SYNC_FLUSH) for p in parts]
    return b"".join(packed) + stream.flush()


def unpack_membership(packed: bytes, count: int, num_superpixels: int) -> np.ndarray:
    """bool [count, num_superpixels], the inverse of `pack_membership`.

    Raises:
        ValueError: `packed` is of another size.
    """
    stored = np.frombuffer(zlib.decompress(packed), np.uint8)
    width = count // 8 + 1
    sizes = [_NUM_PLANES * (count + 1), _NUM_PLANES * num_superpixels, num_superpixels * width]
    if stored.size != sum(sizes):
        raise ValueError(
            f"the packed membership holds {stored.size} bytes: expected {sum(sizes)} for "
            f"{count} candidates x {num_superpixels} superpixels"
        )
    columns, rows, bits = np.split(stored, np.cumsum(sizes[:-1]))
    bits = bits.reshape(num_superpixels, width)[_from_planes(rows)]
    members = np.unpackbits(bits, axis=1).view(np.bool_)
    return np.take(members, _from_planes(columns)[:count], axis=1).T


def _lexicographic_order(rows: np.ndarray) -> np.ndarray:
    """int64 [N]: the order that sorts bool [N, R] like words, equal rows as they come."""
    bits = np.ascontiguousarray(np.packbits(rows, axis=1))
    # One opaque value a row, compared byte by byte: far faster than np.lexsort.
    return np.argsort(bits.view(np.dtype((np.void, bits.shape[1]))).ravel(), kind="stable")


def _planes(values: np.ndarray) -> np.ndarray:
    """uint8 [4, n]: the bytes of n values, lowest first."""
    return values.astype("<u4").view(np.uint8).reshape(-1, _NUM_PLANES).T


def _from_planes(planes: np.ndarray) -> np.ndarray:
    """uint32 [n], the inverse of `_planes`, from its 4 n bytes."""
    return np.ascontiguousarray(planes.reshape(_NUM_PLANES, -1).T).view("<u4").ravel()
