"""How many scans a JPEG file has: each takes as long to decode as the image is large."""

import re

_SCAN, _END = 0xDA, 0xD9
# Not FF within the data of a scan, which 00 or FF follows, nor a marker without a length.
_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])")


def has_more_scans(encoded: bytes, most: int) -> bool:
    """Whether a JPEG file has more scans than `most`, up to where it ends or is damaged.

    JPEGs inside of it, such as the small picture of a camera, and what lies behind its end do not
    count (ITU-T T.81, Annex B).
    """
    if encoded.count(b"\xff\xda") <= most:
        return False
    scans, position = 0, 2
    while marker := _MARKER.search(encoded, position):
        kind, position = marker[1][0], marker.end()
        if kind == _END:
            break
        if kind == _SCAN:
            scans += 1
            if scans > most:
                return True
        # The length of a segment counts its own two bytes.
        position += int.from_bytes(encoded[position : position + 2], "big")
    return False
