"""How fuzz.py damages bytes of any kind, and bombs."""

import functools
import zlib

import numpy as np


def damage_bytes(whole: bytes, rng: np.random.Generator) -> bytes:
    """One to three changes."""
    damaged = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        place, action = int(rng.integers(len(damaged) + 1)), rng.integers(6)
        if action == 0:
            damaged[place : place + 1] = bytes([rng.integers(256)])
        elif action == 1:  # a number that lies
            number = (0, 2**31 - 1, 2**32 - 1, 10**9, 60_000)[rng.integers(5)]
            damaged[place : place + 4] = number.to_bytes(4, ("little", "big")[rng.integers(2)])
        elif action == 2:
            del damaged[place:]
        elif action == 3:
            del damaged[place : place + int(rng.integers(1, 40))]
        elif action == 4:
            damaged[place:place] = damaged[place : place + int(rng.integers(1, 400))]
        else:
            damaged[place:place] = rng.bytes(int(rng.integers(1, 40)))
    return bytes(damaged)


@functools.lru_cache(maxsize=1)
def zlib_bomb() -> bytes:
    """A zlib stream of three gigabytes of zeros: one part of them, compressed, many times."""
    part, number = 2**24, 180
    stream = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = stream.compress(bytes(part)) + stream.flush(zlib.Z_FULL_FLUSH)
    checksum = (part * number % 65_521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\x01" + packed * number + b"\x03\x00" + checksum.to_bytes(4, "big")
