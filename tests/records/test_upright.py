"""Photographs turned as Pillow turns them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.upright import turn, turn_box, upright


def photograph(**options) -> bytes:
    """A JPEG of 16 x 32 pixels in four colours."""
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:8, :8], pixels[8:, :16], pixels[:8, 16:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    encoded = photograph(exif=exif)
    with Image.open(io.BytesIO(encoded)) as picture:
        expected = np.array(ImageOps.exif_transpose(picture)).astype(int)
    turned = upright(decode_image(encoded).numpy(), encoded)
    assert turned.shape == expected.shape and turned.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(turned.astype(int), expected, atol=8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_turned_with_what_it_holds(orientation):
    mask = np.zeros((16, 32), bool)
    mask[3:9, 4:20] = True
    box = turn_box((3, 4, 9, 20), 16, 32, orientation)
    assert box == tuple(tight_box_yxyx(turn(mask, orientation)))


@pytest.mark.filterwarnings("ignore:.*Corrupt EXIF")
@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"Exif\0\0nonsense",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08",
    ],
)
@pytest.mark.parametrize("options", [{}, {"dpi": (72, 72)}])  # without it, Pillow looks into EXIF
def test_without_a_readable_orientation_nothing_is_turned(exif, options):
    encoded = photograph(exif=exif, **options)
    image = decode_image(encoded).numpy()
    np.testing.assert_array_equal(upright(image, encoded), image)


def test_a_png_is_as_it_is():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    np.testing.assert_array_equal(upright(image, buffer.getvalue()), image)
