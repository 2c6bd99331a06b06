"""How fuzz.py damages shards: records lost and doubled, lengths that lie, other contents.

All checksums of TensorFlow's framing are right, so that nothing but the readers finds it.
"""

import struct
import zlib

import numpy as np
import tensorflow as tf
from fuzz_bytes import damage_bytes, zlib_bomb

_POLYNOMIAL = 0x82F63B78  # of CRC-32C
_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (_POLYNOMIAL if _byte & 1 else 0)
    _TABLE.append(_byte)

_INTEGERS = (-1, 0, 1, 2, 255, 2**31, 2**62, -(2**63))
_FLOATS = (float("nan"), float("inf"), -1.0, 0.0, 1e30, 0.5)


def _checksum(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def records_in(whole: bytes) -> list[bytes]:
    """The records of an undamaged shard."""
    records, place = [], 0
    while place < len(whole):
        (size,) = struct.unpack("<Q", whole[place : place + 8])
        records.append(whole[place + 12 : place + 12 + size])
        place += 16 + size
    return records


def _framed(record: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<Q", len(record) if length is None else length)
    return head + _checksum(head) + record + _checksum(record)


def damage_shard(whole: bytes, rng: np.random.Generator) -> bytes:
    records = records_in(whole)
    number, action = int(rng.integers(len(records))), rng.integers(4)
    if action == 0:
        del records[number]
    elif action == 1:
        records.append(records[number])
    elif action == 2:
        records[number] = b""
    else:
        lie = (0, 2**33, 2**40, 2**63, 2**64 - 1)[rng.integers(5)]
        parts = [_framed(r, lie if n == number else None) for n, r in enumerate(records)]
        return b"".join(parts)
    return b"".join(map(_framed, records))


def damage_record(whole: bytes, rng: np.random.Generator) -> bytes:
    records = records_in(whole)
    number = int(rng.integers(len(records)))
    if rng.random() < 0.05:
        records[number] = rng.bytes(50)
    else:
        example = tf.train.Example.FromString(records[number])
        for _ in range(rng.integers(1, 3)):
            _damage_feature(example.features.feature, rng)
        records[number] = example.SerializeToString(deterministic=True)
    return b"".join(map(_framed, records))


def _damage_feature(features, rng: np.random.Generator) -> None:
    names = sorted(features)
    name = names[rng.integers(len(names))]
    feature, action = features[name], rng.integers(8)
    kind = feature.WhichOneof("kind")
    if action == 0 or kind is None:
        del features[name]
    elif action == 1:
        other = features[names[rng.integers(len(names))]]
        feature.CopyFrom(other)
    elif kind == "bytes_list":
        feature.bytes_list.value[:] = [_other_bytes(v, rng) for v in feature.bytes_list.value]
    elif action == 2:
        getattr(feature, kind).value.extend(getattr(feature, kind).value[:] or [1])
    else:
        values = getattr(feature, kind).value
        if values:
            choices = _INTEGERS if kind == "int64_list" else _FLOATS
            values[rng.integers(len(values))] = choices[rng.integers(len(choices))]


def _other_bytes(value: bytes, rng: np.random.Generator) -> bytes:
    action = rng.integers(6)
    if action == 0:
        return zlib_bomb()
    if action == 1:
        return value[:8] + zlib_bomb()
    if action == 2:  # behind the checksum of a zlib stream
        for head in (0, 8):
            try:
                return value[:head] + zlib.compress(
                    damage_bytes(zlib.decompress(value[head:]), rng)
                )
            except zlib.error:
                continue
    if action == 3:
        return struct.pack("<II", *rng.choice([0, 1, 48, 2**14, 2**31, 2**32 - 1], 2)) + value[8:]
    return damage_bytes(value, rng)
