"""The packed form of a candidate pool: small in a record, cheap to unpack inside a graph.

The superpixels are runs of one label, in reading order: uint32 height and width, and a zlib
stream of

    bits [ceil(W / 8), H]: one byte is eight pixels side by side, the first one highest, 1 where
        a run starts; the first bytes of all rows come first, for a boundary hardly moves from
        one row to the next. The last label of a row goes on until a byte is full;
    uint16 [runs]: the labels of the runs.

They take about half the room of a 16-bit PNG.

The membership is a matrix of bits, one more row than candidates. Superpixels and candidates are
stored in an order in which neighbours are alike, and both orders beside them. The zlib stream
holds, one after the other,

    uint32 [N + 1]: in which column every candidate is stored, and, last, an empty one;
    uint32 [R]: in which row every superpixel is stored;
    bits [R, N + 1]: row after row, each filled up with zeros to whole bytes.

These uint32 are stored by byte planes, all lowest bytes first, so that high bytes cost nothing
where they are zero. All numbers are little-endian.

What is read here, and checked, by `read_pool`, is put together by NumPy here and by a graph in
`pool_ops`, so that both refuse the same.
"""

import struct
import zlib

import numpy as np

_NUM_PLANES = 4  # bytes of a uint32
_SIZE = struct.Struct("<2I")  # height and width
_CHECKED = struct.Struct("<q?")
# uint8 [256]: how many runs start at a byte's eight pixels.
_RUNS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)

NO_CHECKSUM = -1  # of pools that earlier versions packed
MAX_PIXELS = 2**28  # more than an image may have
# Of the membership of a pool, unpacked; that of 5,000 candidates and 2**16 superpixels has 41 MB.
MAX_BYTES = 2**29


def pack_superpixels(superpixels: np.ndarray) -> bytes:
    """The runs of int [H, W], values 0 .. 65535; H and W are at least 1."""
    height, width = superpixels.shape
    labels = np.pad(superpixels, ((0, 0), (0, -width % 8)), mode="edge").ravel()
    starts = np.concatenate([[True], labels[1:] != labels[:-1]])
    bits = np.packbits(starts.reshape(height, -1), axis=1).T
    return _SIZE.pack(height, width) + _deflate([bits, labels[starts].astype("<u2")])


def superpixels_size(packed: bytes) -> tuple[int, int]:
    """Height and width of packed superpixels, without unpacking them."""
    height, width = _SIZE.unpack_from(packed)
    return height, width


def read_superpixels(packed: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `pack_superpixels` wrote, checked and not yet put together.

    Returns:
        int32 [2], height and width; uint8 [ceil(W / 8), H], where runs start; uint16 [runs], their
        labels.

    Raises:
        ValueError: `packed` is something else.
    """
    try:
        height, width = superpixels_size(packed)
        row_bytes = -(-width // 8)
        if not 0 < 8 * row_bytes * height <= MAX_PIXELS:
            raise ValueError(f"packed superpixels of {height} x {width} pixels")
        stored = _inflate(packed[_SIZE.size :], 17 * row_bytes * height)
    except (struct.error, zlib.error) as error:
        raise ValueError(f"packed superpixels: not a size and a zlib stream: {error}") from None
    bits, labels = np.split(stored, [row_bytes * height])
    num_runs = int(_RUNS[bits].sum(dtype=np.int64))
    if bits.size != row_bytes * height or labels.size != 2 * num_runs or bits[0] < 128:
        raise ValueError(
            f"the packed superpixels hold {stored.size} bytes: expected {row_bytes * height} and "
            f"two for each of {num_runs} runs"
        )
    bits, labels = bits.reshape(row_bytes, height), labels.view("<u2")
    if (bits[-1] & (1 << -width % 8) - 1).any():
        raise ValueError("the packed superpixels go on beside the image")
    return np.array([height, width], np.int32), bits, labels


def put_superpixels(size: np.ndarray, bits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """int32 [H, W] of what `read_superpixels` returns."""
    height, width = size
    starts = np.unpackbits(bits).reshape(-1, height, 8).transpose(1, 0, 2)
    pixels = labels.astype(np.int32)[starts.cumsum(dtype=np.int32) - 1]
    return np.ascontiguousarray(pixels.reshape(height, -1)[:, :width])


def pack_membership(membership: np.ndarray) -> bytes:
    """The zlib stream of bool [N, R]; N may be 0."""
    # The empty candidate saves all readers the case of a matrix without columns.
    members = np.pad(membership, ((0, 1), (0, 0)))
    # Superpixels are alike that the same candidates hold, above all the same large ones.
    large_first = members[np.argsort(-members.sum(axis=1), kind="stable")]
    superpixels = np.argsort(row_keys(large_first.T), kind="stable")[::-1]
    candidates = np.argsort(row_keys(members[:, superpixels]), kind="stable")
    bits = np.packbits(members[np.ix_(candidates, superpixels)].T, axis=1)
    parts = [*_planes(np.argsort(candidates)), *_planes(np.argsort(superpixels)), bits]
    return _deflate(parts, zlib.Z_FILTERED)


def read_membership(
    packed: bytes, count: int, num_superpixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `pack_membership` wrote, checked and with the candidates in their stored order.

    Returns:
        uint8 [num_superpixels, count // 8 + 1], a bit for each stored candidate, the first one
        highest; uint32 [count + 1], in which bit every candidate is stored, and, last, an empty
        one. No other is empty.

    Raises:
        ValueError: `packed` is of another size, or no such matrix.
    """
    width = count // 8 + 1
    sizes = [_NUM_PLANES * (count + 1), _NUM_PLANES * num_superpixels, num_superpixels * width]
    if count < 0 or sum(sizes) > MAX_BYTES:
        raise ValueError(f"{count} candidates x {num_superpixels} superpixels")
    try:
        stored = _inflate(packed, sum(sizes))
    except zlib.error as error:
        raise ValueError(f"packed membership: not a zlib stream: {error}") from None
    if stored.size != sum(sizes):
        raise ValueError(
            f"the packed membership holds {stored.size} bytes: expected {sum(sizes)} for "
            f"{count} candidates x {num_superpixels} superpixels"
        )
    columns, rows, bits = np.split(stored, np.cumsum(sizes[:-1]))
    places, order = _from_planes(columns), _from_planes(rows)
    for values, end in ((places, count + 1), (order, num_superpixels)):
        if values.max() >= end or np.bincount(values).min() != 1 or values.size != end:
            raise ValueError("the packed membership is in no order")
    bits = bits.reshape(num_superpixels, width)
    held = np.unpackbits(np.bitwise_or.reduce(bits, axis=0)).view(np.bool_)
    empty = np.flatnonzero(~held[places[:count]])
    if empty.size:
        raise ValueError(f"candidate {empty[0]} is empty: it holds no superpixel")
    if np.count_nonzero(held) != count:
        raise ValueError("the packed membership has a candidate more")
    return bits[order], places


def put_membership(bits: np.ndarray, places: np.ndarray) -> np.ndarray:
    """bool [N, R] of what `read_membership` returns."""
    members = np.unpackbits(bits, axis=1).view(np.bool_)
    return np.take(members, places[:-1], axis=1).T


def checksum_of(superpixels: bytes, membership: bytes, count: int, one_per_box: bool) -> int:
    """32 bits that tell a packed pool from any other."""
    head = zlib.crc32(_CHECKED.pack(count, one_per_box))
    return zlib.crc32(membership, zlib.crc32(superpixels, head))


def read_pool(
    superpixels: bytes, membership: bytes, count: int, one_per_box: bool, checksum: int
) -> tuple[np.ndarray, ...]:
    """A packed pool, checked and not yet put together: what NumPy and a graph begin with.

    Args:
        superpixels, membership: packed.
        count: the number of candidates.
        one_per_box: see `CandidatePool`.
        checksum: see `checksum_of`; `NO_CHECKSUM` of pools that have none.

    Returns:
        What `read_superpixels` and `read_membership` return.

    Raises:
        ValueError: it is no whole pool.
    """
    found = checksum_of(superpixels, membership, count, one_per_box)
    if checksum not in (found, NO_CHECKSUM):
        raise ValueError(f"its checksum is {found}: expected {checksum}")
    size, bits, labels = read_superpixels(superpixels)
    occurring = np.bincount(labels)
    if not occurring.all():
        raise ValueError(f"no superpixel {occurring.argmin()} among {occurring.size}")
    return size, bits, labels, *read_membership(membership, count, occurring.size)


def _inflate(packed: bytes, most: int) -> np.ndarray:
    """uint8 [n], what is packed, whole; of what is larger than `most` only one byte more."""
    stream = zlib.decompressobj()
    stored = stream.decompress(packed, most + 1)
    if len(stored) <= most and not stream.eof:
        raise zlib.error("incomplete or truncated stream")
    return np.frombuffer(stored, np.uint8)


def _deflate(parts: list[np.ndarray], strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """One zlib stream of the bytes of all parts."""
    stream = zlib.compressobj(level=9, strategy=strategy)
    # A flush ends a block: a plane of noise and one of zeros share no Huffman code.
    packed = [stream.compress(p.tobytes()) + stream.flush(zlib.Z_SYNC_FLUSH) for p in parts]
    return b"".join(packed) + stream.flush()


def row_keys(rows: np.ndarray) -> np.ndarray:
    """void [N]: one value per row of bool [N, R], R at least 1; they sort as the rows do.

    Opaque values are compared byte by byte: far faster than np.lexsort or np.unique(axis=0).
    """
    bits = np.ascontiguousarray(np.packbits(rows, axis=1))
    return bits.view(np.dtype((np.void, bits.shape[1]))).ravel()


def _planes(values: np.ndarray) -> np.ndarray:
    """uint8 [4, n]: the bytes of n values, lowest first."""
    return values.astype("<u4").view(np.uint8).reshape(-1, _NUM_PLANES).T


def _from_planes(planes: np.ndarray) -> np.ndarray:
    """uint32 [n], the inverse of `_planes`, from its 4 n bytes."""
    return np.ascontiguousarray(planes.reshape(_NUM_PLANES, -1).T).view("<u4").ravel()
