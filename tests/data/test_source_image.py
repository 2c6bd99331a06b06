"""data.source_image: what becomes of image files, and of what was drawn on them."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from boxsup_tf.data.prepare import make_reader
from boxsup_tf.data.source_image import ImageOptions, read_source_image
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import decode_image
from tests.data.tiny import jpeg, voc_object, voc_xml


def _turned(orientation: int, height: int = 24, width: int = 32) -> bytes:
    """A photograph that EXIF says is turned, with a bright object in stored rows 4-9, cols 6-14."""
    pixels = np.full((height, width, 3), 40, np.uint8)
    pixels[4:10, 6:15] = 220
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def _object_in(example) -> bool:
    """The box and the mask lie on the object."""
    bright = decode_image(example.encoded).numpy()[:, :, 0] > 130
    inside = np.zeros_like(bright)
    ymin, xmin, ymax, xmax = np.round(example.boxes[0]).astype(int)
    inside[ymin:ymax, xmin:xmax] = True
    return np.array_equal(inside, bright) and np.array_equal(example.mask > 0, bright)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("drawn_on", ["stored", "upright"])
def test_boxes_and_masks_lie_on_the_object(voc, orientation, drawn_on):
    encoded = _turned(orientation)
    with Image.open(io.BytesIO(encoded)) as picture:
        seen = np.array(ImageOps.exif_transpose(picture) if drawn_on == "upright" else picture)
    rows, columns = np.nonzero(seen[:, :, 0] > 130)
    box = (columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1)
    mask = (seen[:, :, 0] > 130).astype(np.uint8)
    voc.add("a", voc_xml(voc_object(box=box), *seen.shape[:2]), mask)
    (voc.root / "JPEGImages" / "a.jpg").write_bytes(encoded)
    said = make_reader("voc", voc.data_dir, "train", images=ImageOptions(exif=drawn_on))[0]
    assert _object_in(said) and not said.repairs
    assert (said.height, said.width) == ((32, 24) if orientation >= 5 else (24, 32))
    guessed = make_reader("voc", voc.data_dir, "train")[0]
    told_by_size = orientation == 1 or orientation >= 5
    assert bool(guessed.repairs) == (not told_by_size)
    assert _object_in(guessed) or (not told_by_size and drawn_on == "stored")


def _save(path, pixels: np.ndarray) -> str:
    assert cv2.imwrite(str(path), pixels[:, :, ::-1] if pixels.ndim == 3 else pixels)
    return str(path)


def _pixels(path: str, **options) -> np.ndarray:
    return decode_image(read_source_image(path, "a", ImageOptions(**options)).encoded).numpy()


def test_files_of_the_usual_kind_are_kept_byte_for_byte(tmp_path):
    (tmp_path / "a.jpeg").write_bytes(jpeg())
    image = read_source_image(str(tmp_path / "a.jpeg"), "x/a")
    assert (image.encoded, image.filename, image.notes) == (jpeg(), "x/a.jpeg", [])


@pytest.mark.parametrize("ending", [".bmp", ".webp"])
def test_other_formats_become_png(tmp_path, ending):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    path = str(tmp_path / f"a{ending}")
    Image.fromarray(pixels).save(path, **({"lossless": True} if ending == ".webp" else {}))
    image = read_source_image(path, "a")
    assert image.filename == "a.png" and len(image.notes) == 1
    np.testing.assert_array_equal(decode_image(image.encoded).numpy(), pixels)
    (tmp_path / f"a{ending}").rename(tmp_path / "b.jpg")
    with pytest.raises(InputError, match=rf"b.jpg: not a JPEG or PNG .*name that ends in {ending}"):
        read_source_image(str(tmp_path / "b.jpg"), "b")


def test_sixteen_bits(tmp_path):
    values = np.arange(12 * 20, dtype=np.uint16).reshape(12, 20) * 273
    path = _save(tmp_path / "a.png", values)
    np.testing.assert_array_equal(_pixels(path)[:, :, 1], values >> 8)
    scaled = _pixels(path, value_range=(1000.0, 5095.0))
    expected = np.clip(np.rint((values - 1000.0) * 255 / 4095), 0, 255)
    assert scaled.shape == (12, 20, 3)
    np.testing.assert_array_equal(scaled[:, :, 2], expected)


def test_a_choice_of_channels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    np.testing.assert_array_equal(_pixels(path), pixels[:, :, :3])
    np.testing.assert_array_equal(_pixels(path, channels=(4, 1, 2)), pixels[:, :, [3, 0, 1]])
    np.testing.assert_array_equal(_pixels(path, channels=(4,)), pixels[:, :, [3, 3, 3]])
    with pytest.raises(InputError, match=r"a.png: no channel 5: expected 1 .. 4, which it has"):
        _pixels(path, channels=(5,))


def test_tiffs_of_many_channels(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="tifffile is not installed")
    values = np.random.default_rng(0).integers(0, 4000, (9, 12, 5)).astype(np.uint16)
    for name, array in (("a", values), ("b", np.moveaxis(values, 2, 0))):
        planes = {"a": "contig", "b": "separate"}[name]
        path = str(tmp_path / f"{name}.tif")
        tifffile.imwrite(path, array, photometric="minisblack", planarconfig=planes)
        with pytest.raises(InputError, match="has 5 channels: expected --channels="):
            _pixels(path)
        found = _pixels(path, channels=(5, 3, 1), value_range=(0.0, 4000.0))
        expected = np.rint(values[:, :, [4, 2, 0]] * (255 / 4000))
        np.testing.assert_allclose(found, expected, atol=1)
    path = str(tmp_path / "c.tif")
    tifffile.imwrite(path, values[:, :, 0].astype(np.float32))
    with pytest.raises(InputError, match=r"values of float32, .*expected --value_range=LOW,HIGH"):
        _pixels(path)
    with pytest.raises(InputError, match="megapixels"):
        _pixels(path, max_megapixels=1e-5)
    with open(path, "r+b") as file:
        file.truncate(40)
    with pytest.raises(InputError, match=r"c.tif: the image cannot be read"):
        _pixels(path)


def _png_header(height: int, width: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\2\0\0\0"


def test_images_that_are_too_large_are_refused_by_their_header(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(_png_header(2, 65_536))
    with pytest.raises(InputError, match="a.png: .*2 x 65536 .*: expected sides of at most 65535"):
        read_source_image(str(path), "a")
    path.write_bytes(_png_header(8000, 8000))
    with pytest.raises(InputError, match="at most 50 megapixels .see --max_megapixels"):
        read_source_image(str(path), "a")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": (1, 2)}, "--channels=1,2: expected one or three"),
        ({"channels": (0,)}, "--channels=0: expected one or three numbers from 1"),
        ({"value_range": (5.0, 5.0)}, "--value_range=5,5: expected LOW,HIGH"),
        ({"value_range": (5.0,)}, "--value_range=5: expected LOW,HIGH"),
    ],
)
def test_bad_choices(values, message):
    with pytest.raises(InputError, match=message):
        ImageOptions(**values)


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("ending", [".webp", ".tif"])
def test_other_formats_are_turned_upright_as_well(tmp_path, ending, orientation):
    if ending == ".tif":
        pytest.importorskip("tifffile", reason="tifffile is not installed")
    path, pixels = str(tmp_path / f"a{ending}"), np.zeros((16, 32, 3), np.uint8)
    pixels[:8, :8], pixels[8:, :16] = (255, 0, 0), (0, 255, 0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if ending == ".webp" else {}
    Image.fromarray(pixels).save(path, exif=exif, **lossless)
    with Image.open(path) as picture:
        expected = np.array(ImageOps.exif_transpose(picture))
    image = read_source_image(path, "a")
    assert image.noted == orientation
    np.testing.assert_array_equal(decode_image(image.encoded), expected)
