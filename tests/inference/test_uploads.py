"""Files are checked inside the graph, before they are decoded."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.data.example import decode_image
from boxsup_tf.inference.uploads import decode_upload


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def decode():
    return tf.function(decode_upload, input_signature=[tf.TensorSpec([], tf.string)])


@pytest.mark.parametrize(
    "kind", ["JPEG L", "JPEG RGB", "JPEG CMYK", "PNG L", "PNG RGB", "PNG RGBA"]
)
def test_images_decode_as_everywhere(decode, images, kind):
    container, mode = kind.split()
    encoded = encode(Image.fromarray(images[0]).convert(mode), container)
    np.testing.assert_array_equal(decode(encoded), decode_image(encoded))


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
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 50 megapixels"):
        decode(bomb[: len(bomb) // 2])
