"""records.example: image files and checks."""

import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.records import example as example_lib


def _encode(mode: str, format: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (13, 17, 4), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "format"),
    [(mode, "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1")]
    + [(mode, "JPEG") for mode in ("L", "CMYK")],
)
def test_every_kind_of_image_decodes_to_rgb(tmp_path, mode, format):
    path = tmp_path / "image"
    path.write_bytes(_encode(mode, format))
    encoded, height, width = example_lib.read_image_file(str(path))
    assert (height, width) == (13, 17)
    with Image.open(path) as image:
        expected = np.array(image.convert("RGBA"))[:, :, :3]
    # Two JPEG decoders may round differently; CMYK's colours are products of two values.
    tolerance = {"L": 1, "CMYK": 2}[mode] if format == "JPEG" else 0
    decoded = example_lib.decode_image(encoded).numpy().astype(int)
    np.testing.assert_allclose(decoded, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_of_16_bits_the_upper_8_are_kept(channels):
    pixels = np.random.default_rng(0).integers(0, 2**16, (13, 17, channels)).astype(np.uint16)
    encoded = cv2.imencode(".png", pixels)[1].tobytes()  # OpenCV's order is BGR
    expected = np.broadcast_to(pixels[:, :, 2::-1] >> 8, (13, 17, 3))
    np.testing.assert_array_equal(example_lib.decode_image(encoded), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_stored_pixels_count_whatever_exif_says(orientation):
    """Boxes of VOC and COCO refer to them; a viewer would show this image turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:8, :8] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", exif=exif, quality=95)
    decoded = example_lib.decode_image(buffer.getvalue()).numpy()
    np.testing.assert_allclose(decoded.astype(int), pixels, atol=8)


def test_decoding_inside_a_graph_gives_the_same():
    in_graph = tf.function(example_lib.decode_image, [tf.TensorSpec([], tf.string)])
    for encoded in (_encode("CMYK", "JPEG"), _encode("P", "PNG"), _encode("RGB", "JPEG")):
        np.testing.assert_array_equal(in_graph(encoded), example_lib.decode_image(encoded))


def test_format_is_that_of_the_bytes():
    made = [example_lib.Example("a", "a.jpg", _encode("L", f), 13, 17) for f in ("PNG", "JPEG")]
    assert [example.format for example in made] == ["png", "jpeg"]


def _animated_gif() -> bytes:
    frames = [Image.new("L", (17, 13), shade) for shade in (0, 255)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert Image.open(buffer).is_animated
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (None, "cannot read an image: No such file"),
        (b"", r"the file is empty \(0 bytes\): expected a JPEG or PNG"),
        (b"These are words.", "not a JPEG or PNG image .*b'These ar'"),
        (_animated_gif(), "not a JPEG or PNG image .*GIF8"),
        (b"\xff\xd8\xff", r"the image is damaged \(3 bytes\)"),
        (_encode("RGB", "PNG")[:20], r"the image is damaged \(20 bytes\)"),
        (_encode("RGB", "JPEG")[:200], r"the image is damaged \(200 bytes\)"),
        (_encode("RGB", "JPEG")[:-20], r"the image is damaged \(\d{3} bytes\)"),
        (_encode("RGB", "PNG")[:200], r"the image is damaged \(200 bytes\)"),
        (_encode("RGB", "PNG")[:-20], r"the image is damaged \(\d{3} bytes\)"),
    ],
)
def test_a_bad_image_file(tmp_path, contents, message):
    path = tmp_path / "bad.jpg"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(InputError, match=f"bad.jpg: {message}"):
        example_lib.read_image_file(str(path))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, format):
    path = tmp_path / "bomb.jpg"
    Image.new("L", (10_000, 10_000)).save(path, format)
    assert path.stat().st_size < 1_500_000  # 300 MB decoded
    monkeypatch.setattr(tf.io, "decode_image", None)
    with pytest.raises(
        InputError, match=r"bomb.jpg: the image has 10000 x 10000 pixels .* at most 50 megapixels"
    ):
        example_lib.read_image_file(str(path))
    assert example_lib.check_image(path.read_bytes(), "", max_megapixels=100) == (10_000, 10_000)
    with pytest.raises(InputError, match="at most 99.9 megapixels"):
        example_lib.decode_checked(path.read_bytes(), "", max_megapixels=99.9)


def test_mask_png_is_lossless():
    mask = np.random.default_rng(0).integers(0, 256, (9, 14)).astype(np.uint8)
    encoded = example_lib.encode_mask(mask)
    np.testing.assert_array_equal(example_lib.decode_mask(encoded), mask)
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(encoded, np.uint8), -1), mask)
    with pytest.raises(ValueError, match="not a PNG"):
        example_lib.decode_mask(b"nothing")


def test_check_mask():
    mask = np.array([[0, 1, 20, 255]], np.uint8)
    example_lib.check_mask(mask, 1, 4, 21, "a.png")
    with pytest.raises(InputError, match=r"a.png: label 20 is not declared: expected 0 .. 19"):
        example_lib.check_mask(mask, 1, 4, 20, "a.png")
    with pytest.raises(InputError, match=r"a.png: the mask is 1 x 4 .* 4 x 1"):
        example_lib.check_mask(mask, 4, 1, 21, "a.png")
