"""records.jpeg_scans: scans are counted, and nothing that looks like one."""

import io

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import check_image, decode_checked
from boxsup_tf.records.jpeg_scans import has_more_scans

_START = b"\xff\xda"


@pytest.fixture(scope="module")
def progressive() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG", progressive=True)
    return file.getvalue()


def _repeated(encoded: bytes, number: int) -> bytes:
    """The last scan so many times more, as decoders take it."""
    last = encoded.rindex(_START)
    return encoded[:-2] + encoded[last:-2] * number + encoded[-2:]


def test_scans_are_counted(progressive):
    count = progressive.count(_START)  # of noise of this seed, none is anything else
    assert 8 <= count <= 12
    assert has_more_scans(progressive, count - 1) and not has_more_scans(progressive, count)
    more = _repeated(progressive, 5)
    assert has_more_scans(more, count + 4) and not has_more_scans(more, count + 5)


def test_what_looks_like_a_scan_is_none(progressive):
    segment = b"\xff\xe1" + (402).to_bytes(2, "big") + _START * 200  # as a small picture in EXIF
    inside = progressive[:2] + segment + progressive[2:]
    behind = progressive + _START * 200
    for encoded in (inside, behind):
        assert not has_more_scans(encoded, 12)
        assert decode_checked(encoded, "a").shape == (40, 56, 3)
    # TEM has no length: what follows is read.
    hidden = progressive[:2] + b"\xff\x01" + _repeated(progressive, 200)[2:]
    assert has_more_scans(hidden, 100)


def test_a_file_of_many_scans_is_refused_before_it_is_decoded(progressive):
    many = _repeated(progressive, 100)
    with pytest.raises(InputError, match="b.jpg: a JPEG of more than 100 scans: expected at most"):
        check_image(many, "b.jpg")
    assert not has_more_scans(b"", 0) and not has_more_scans(_START * 5, 9)
