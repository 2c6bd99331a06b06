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


@functools.lru_cache(maxsize=2)
def zlib_bomb(raw: bool = False) -> bytes:
    """Three gigabytes of zeros; `raw` without zlib's header."""
    stream = zlib.compressobj(1, zlib.DEFLATED, -15 if raw else 15)
    part = bytes(2**24)
    return b"".join(stream.compress(part) for _ in range(180)) + stream.flush()
