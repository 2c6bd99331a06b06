"""Files are checked inside the graph, before they are decoded."""

import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.inference.uploads import decode_uploads
from boxsup_tf.records.example import decode_image


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def decode():
    function = tf.function(
        lambda files: decode_uploads(files, max_megapixels=20),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    return lambda *files: function(tf.constant(files))


@pytest.mark.parametrize(
    "kind", ["JPEG L", "JPEG RGB", "JPEG CMYK", "PNG L", "PNG RGB", "PNG RGBA"]
)
def test_images_decode_as_everywhere(decode, images, kind):
    container, mode = kind.split()
    encoded = encode(Image.fromarray(images[0]).convert(mode), container)
    np.testing.assert_array_equal(decode(encoded, encoded), [decode_image(encoded)] * 2)


def test_others_are_refused(decode, images):
    picture = Image.fromarray(images[0])
    animation = encode(picture, "GIF", save_all=True, append_images=[picture.rotate(90)])
    for encoded in (b"", b"\xff", b"a text", animation, encode(picture, "BMP")):
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected a JPEG or PNG image"):
            decode(encoded)
    for kind in ("JPEG", "PNG"):
        whole = encode(picture, kind)
        for length in (10, 20, len(whole) // 2):
            with pytest.raises(tf.errors.InvalidArgumentError):
                decode(whole[:length])


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_bombs_are_not_decoded(decode, kind):
    bomb = encode(Image.new("L", (10_000, 10_000)), kind)
    # Damaged behind its header: decoding it would say so.
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 20 megapixels"):
        decode(bomb[: len(bomb) // 2])
    quarter = encode(Image.new("L", (3000, 2000)), kind)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 20 megapixels in a request"):
        decode(*[quarter[: len(quarter) // 2]] * 4)


def test_small_images_are_counted_as_larger_ones(decode):
    files = [encode(Image.new("1", (1, 1)), "PNG")] * (20_000_000 // 64**2 + 1)
    assert len(decode(*files[1:])) == len(files) - 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 20 megapixels"):
        decode(*files)


def test_a_negative_size_does_not_make_up_for_others(decode):
    bomb = encode(Image.new("1", (10_000, 10_000)), "PNG")
    negative = bomb[:16] + struct.pack(">iI", -10_000, 10_000) + bomb[24:]
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 20 megapixels"):
        decode(bomb, negative)
