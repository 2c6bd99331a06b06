"""How fuzz.py damages a file by what is known of its format: sizes that lie, nesting, bombs."""

import contextlib
import copy
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from fuzz_bytes import damage_bytes, zlib_bomb
from fuzz_shards import damage_record, damage_shard

_ENDINGS = {"jpg": "jpeg", "csv": "text", "txt": "text", "yaml": "text", "flags": "text"}
_NUMBERS = (
    *(0, -1, 1, 0.5, 1e6, 1e9, -1e9, 1e308, 2**31, 2**63, 10**400, 10**5000),
    *(float("nan"), float("inf")),
)
_TEXTS = ("", " ", "../x", "/etc/passwd", "a\0b", "\ud800", "\u2028", "<b>", "$x$", "9" * 5000)
_OTHERS: tuple = (
    None,
    True,
    [],
    {},
    [[]],
    [1, 2, 3, 4],
    {"size": [10**6, 10**6], "counts": [10**12]},
)


def kind_of(name: str) -> str:
    """How a file is damaged, by its ending."""
    ending = name.rpartition(".")[2]
    kind = _ENDINGS.get(ending, ending)
    return kind if kind in _DAMAGES else "bytes"


def damage(whole: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """One or several changes; never none."""
    while True:
        structured = rng.random() < 0.8
        with contextlib.suppress(RecursionError):  # deeper than Python writes
            damaged = (_DAMAGES[kind] if structured else damage_bytes)(whole, rng)
            if damaged != whole:
                return damaged


def _one(values: tuple, rng: np.random.Generator):
    return copy.deepcopy(values[rng.integers(len(values))])


def _nested(rng: np.random.Generator) -> list:
    value: list = []
    for _ in range(rng.integers(50, 900)):
        value = [value]
    return value


def _damage_json(whole: bytes, rng: np.random.Generator) -> bytes:
    value = copy.deepcopy(json.loads(whole))
    if rng.random() < 0.02:
        return b'{"a":' * 100_000 if rng.random() < 0.5 else b"[" * 100_000
    for _ in range(rng.integers(1, 4)):
        at = value
        while True:
            keys = list(at) if isinstance(at, dict) else range(len(at))
            if not len(keys):
                break
            key = keys[rng.integers(len(keys))]
            if isinstance(at[key], dict | list) and rng.random() < 0.85:
                at = at[key]
                continue
            action = rng.random()
            if action < 0.1:
                del at[key]
            elif action < 0.15:
                at[key] = _nested(rng)
            elif action < 0.2 and isinstance(at, list):
                at.append(copy.deepcopy(at[key]))
            elif action < 0.25 and isinstance(at, dict):
                at[_one(_TEXTS, rng)] = at[key]
            else:
                values = (_NUMBERS[:-3] + _NUMBERS[-2:], _TEXTS, _OTHERS)
                at[key] = _one(values[rng.choice(3, p=(0.5, 0.25, 0.25))], rng)
            break
    text = json.dumps(value)
    if rng.random() < 0.03:  # longer than Python turns into a number
        text = re.sub(r"\d+", "9" * 5000, text, count=1)
    return text.encode()


def _damage_xml(whole: bytes, rng: np.random.Generator) -> bytes:
    pattern = _one((rb">[^<>]+<", rb"<[^<>]+>", rb'="[^"]*"'), rng)
    places = list(re.finditer(pattern, whole)) or list(re.finditer(rb"<[^<>]+>", whole))
    place = places[rng.integers(len(places))]
    values = (*map(str, _NUMBERS[:9]), "nan", "inf", *_TEXTS, "&lol;", "<a>" * 5000)
    new = _one(values, rng).encode(errors="surrogatepass")
    if place[0].startswith(b">"):
        new = b">" + new + b"<"
    elif place[0].startswith(b"="):
        new = b'="' + new.replace(b"<", b"&lt;") + b'"'
    damaged = whole[: place.start()] + new + whole[place.end() :]
    if rng.random() < 0.1:
        names = (b"utf-16", b"shift_jis", b"utf-7", b"rot13", b"none")
        damaged = b'<?xml version="1.0" encoding="' + _one(names, rng) + b'"?>' + damaged
    return damaged


def _damage_text(whole: bytes, rng: np.random.Generator) -> bytes:
    lines = whole.split(b"\n")
    row = int(rng.integers(len(lines)))
    action = rng.integers(6)
    if action == 0:
        del lines[row]
    elif action == 1:
        lines.insert(row, lines[rng.integers(len(lines))])
    elif action == 2:
        lines[row] = lines[row] * int(rng.integers(2, 2000))
    else:
        words = re.split(rb"(\s|[,;=:\t])", lines[row])
        values = (*map(str, _NUMBERS[:9]), "nan", "inf", *_TEXTS, "{", "&a [*a]")
        words[rng.integers(len(words))] = _one(values, rng).encode(errors="surrogatepass")
        lines[row] = b"".join(words)
    return b"\n".join(lines)


def _damage_png(whole: bytes, rng: np.random.Generator) -> bytes:
    """Chunks with right checksums."""
    chunks: list[tuple[bytes, bytes]] = []
    place = 8
    while place + 8 <= len(whole):
        (size,) = struct.unpack(">I", whole[place : place + 4])
        chunks.append((whole[place + 4 : place + 8], whole[place + 8 : place + 8 + size]))
        place += 12 + size
    action = rng.integers(5)
    if action < 2:
        frame = bytearray(chunks[0][1])
        if action == 0:
            sides = [_one((0, 1, 49, 16_000, 60_000, 2**31 - 1), rng) for _ in range(2)]
            frame[:8] = struct.pack(">II", *sides)
        else:
            frame[rng.integers(8, 13)] = _one((0, 1, 2, 3, 4, 6, 8, 16, 255), rng)
        chunks[0] = (b"IHDR", bytes(frame))
    elif action == 2:
        number = int(rng.integers(len(chunks)))
        chunks[number] = (chunks[number][0], damage_bytes(chunks[number][1] or b"\0", rng))
    elif action == 3:
        if rng.random() < 0.3:
            side = _one((15_000, 30_000), rng)
            header = struct.pack(">II", side, side) + chunks[0][1][8:]
            chunks = [(b"IHDR", header), (b"IDAT", zlib_bomb()), (b"IEND", b"")]
        else:
            chunks.insert(1, (_one((b"zTXt", b"iCCP", b"iTXt"), rng), b"a\0\0" + zlib_bomb()))
    else:
        chunks.pop(rng.integers(len(chunks)))
    parts = [whole[:8]]
    for name, content in chunks:
        checksum = zlib.crc32(name + content)
        parts.append(struct.pack(">I", len(content)) + name + content)
        parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def _damage_jpeg(whole: bytes, rng: np.random.Generator) -> bytes:
    """The sizes that a frame says, and many scans."""
    frame = re.search(rb"\xff[\xc0\xc1\xc2]", whole)
    scan = whole.rfind(b"\xff\xda")
    if frame is None or rng.random() < 0.3:
        return whole[:scan] + whole[scan:-2] * int(_one((2, 50, 20_000), rng)) + whole[-2:]
    sides = [_one((0, 1, 47, 16_000, 65_535), rng) for _ in range(2)]
    start = frame.start() + 5
    return whole[:start] + struct.pack(">HH", *sides) + whole[start + 4 :]


def _damage_mat(whole: bytes, rng: np.random.Generator) -> bytes:
    if rng.random() < 0.1:
        bomb = zlib_bomb()
        return whole[:128] + struct.pack("<II", 15, len(bomb)) + bomb
    return damage_bytes(whole, rng)


def _damage_npz(whole: bytes, rng: np.random.Generator) -> bytes:
    """Arrays of other sizes and types, with right checksums."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = _one(tuple(members), rng)
    action = rng.integers(6)
    if action == 0:
        del members[name]
    elif action == 1:  # a header that lies
        shape = _one((b"(10000000000,)", b"(0,)", b"(-1,)", b"(3000000000, 9)", b"()"), rng)
        members[name] = re.sub(rb"\([^()]*\), \}\s*\n", shape + b", }\n", members[name], count=1)
    elif action == 2:
        members[name] = bytes(3 * 2**30) if rng.random() < 0.2 else b""
    elif action == 3:
        array = np.load(io.BytesIO(members[name]))
        members[name] = _npy(array[:0] if array.ndim else array)
    elif action == 4:
        array = np.load(io.BytesIO(members[name]))
        if array.dtype.names:
            column = _one(array.dtype.names, rng)
            if array.dtype[column].kind in "iu":
                array[column][rng.integers(len(array))] = _one((-5, 0, 2**31 - 1, 3), rng)
        members[name] = _npy(array)
    else:
        members[name] = damage_bytes(members[name], rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return buffer.getvalue()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


_DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "bytes": damage_bytes,
    "json": _damage_json,
    "xml": _damage_xml,
    "text": _damage_text,
    "png": _damage_png,
    "jpeg": _damage_jpeg,
    "mat": _damage_mat,
    "npz": _damage_npz,
    "tfrecord": damage_shard,
    "record": damage_record,
}
