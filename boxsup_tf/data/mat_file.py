"""MATLAB's .mat files up to version 7, read without believing what they say of their sizes.

A file of some kilobytes can unpack to gigabytes, or say that it holds an array of them.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import scipy.io

MAX_BYTES = 2**28  # unpacked

# MATLAB 5.0 MAT-file format: sizes in bytes, types of elements, and a class of arrays.
_HEADER, _TAG, _MATRIX, _COMPRESSED = 128, 8, 14, 15
_CLASS_SPARSE = 5  # its sizes say nothing of what it takes
_DEEPEST = 20  # structs and cells in each other


def load_mat(encoded: bytes, names: list[str] | None = None) -> dict[str, Any]:
    """The variables of a file, as scipy gives them.

    Args:
        encoded: the file.
        names: of variables; None: all.

    Raises:
        Exception: it is damaged, takes more than `MAX_BYTES`, or an array says that it is larger
            than what it holds; or whatever scipy stumbles over.
    """
    if 0 not in encoded[:4]:  # or it is of version 4, which holds plain arrays
        _check(encoded)
    return scipy.io.loadmat(io.BytesIO(encoded), variable_names=names)


def _check(encoded: bytes) -> None:
    order = ">" if encoded[126:128] == b"MI" else "<"
    room = MAX_BYTES
    for kind, content in _elements(memoryview(encoded)[_HEADER:], order):
        if kind == _COMPRESSED:
            unpacked = zlib.decompressobj().decompress(content, room + 1)
            room -= len(unpacked)
            if room < 0:
                raise ValueError(f"it unpacks to more than {MAX_BYTES} bytes")
            for inner, matrix in _elements(memoryview(unpacked), order):
                _check_matrix(inner, matrix, order, 0)
        else:
            _check_matrix(kind, content, order, 0)


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and content of one element after the other."""
    place = 0
    while place < len(data):
        tag = bytes(data[place : place + _TAG]).ljust(_TAG, b"\0")
        kind, size = struct.unpack(f"{order}II", tag)
        if kind >> 16:  # size, type and content in eight bytes
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            place += _TAG
        else:
            start = place + _TAG
            place = start + (size if kind == _COMPRESSED else -(-size // _TAG) * _TAG)
        if start + size > len(data):
            raise ValueError("the file ends too early")
        yield kind, data[start : start + size]


def _check_matrix(kind: int, matrix: memoryview, order: str, depth: int) -> None:
    """Makes sure that an array has no more elements than bytes, nor any in it."""
    if kind != _MATRIX or not len(matrix):
        return
    if depth > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} arrays in each other")
    parts = _elements(matrix, order)
    _, flags = next(parts, (0, matrix[:0]))
    _, sides = next(parts, (0, matrix[:0]))
    shape = struct.unpack(f"{order}{len(sides) // 4}i", sides[: len(sides) // 4 * 4])
    (array_class,) = struct.unpack(f"{order}I", flags[:4])
    if array_class & 0xFF != _CLASS_SPARSE and (
        min(shape, default=0) < 0 or math.prod(shape) > len(matrix)
    ):
        raise ValueError(f"an array says that its shape is {shape}, in {len(matrix)} bytes")
    for inner, content in parts:
        _check_matrix(inner, content, order, depth + 1)
