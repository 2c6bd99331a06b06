"""Images that few think of, from file to pool, by every method."""

import dataclasses
import io
import pathlib

import cv2
import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import generate as generate_module
from boxsup_tf.proposals import registry
from boxsup_tf.records import records, shards, writer
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example, read_image_file
from tests.proposals.in_this_process import InThisProcess

CLASSES = ("background", "cat")


def _photo() -> Image.Image:
    """A bright disc before a ground with a shade and noise."""
    y, x = np.mgrid[:48, :64]
    pixels = np.stack([x * 2, y * 3, 90 + 0 * x], axis=2)
    pixels[(y - 24) ** 2 + (x - 30) ** 2 < 200] = (230, 210, 40)
    pixels = pixels + np.random.default_rng(0).normal(0, 4, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _bytes(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _noise(height: int, width: int) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def _files() -> dict[str, bytes]:
    photo, turned = _photo(), Image.Exif()
    turned[0x0112] = 6
    deep = cv2.cvtColor(np.array(photo), cv2.COLOR_RGB2BGR).astype(np.uint16) * 257
    return {
        "photo": _bytes(photo, "JPEG"),
        "no_box": _bytes(photo, "JPEG"),
        "one_pixel": _bytes(_noise(1, 1), "PNG"),
        "one_pixel_jpeg": _bytes(_noise(1, 1), "JPEG"),
        "two_by_two": _bytes(_noise(2, 2), "PNG"),
        "a_row": _bytes(_noise(1, 40), "PNG"),
        "a_column": _bytes(_noise(40, 1), "PNG"),
        "constant": _bytes(Image.new("RGB", (64, 48), (99, 99, 99)), "PNG"),
        "black": _bytes(Image.new("RGB", (64, 48)), "JPEG"),
        "grey": _bytes(photo.convert("L"), "JPEG"),
        "cmyk": _bytes(photo.convert("CMYK"), "JPEG"),
        "palette": _bytes(photo.convert("P"), "PNG"),
        "transparent": _bytes(photo.convert("RGBA"), "PNG"),
        "one_bit": _bytes(photo.convert("1"), "PNG"),
        "deep": cv2.imencode(".png", deep)[1].tobytes(),
        "deep_grey": cv2.imencode(".png", deep[:, :, 0])[1].tobytes(),
        "turned": _bytes(photo, "JPEG", exif=turned),
        "progressive": _bytes(photo, "JPEG", progressive=True),
    }


@pytest.fixture(scope="module")
def awkward(tmp_path_factory) -> str:
    """A folder of records of all these files, most with one box."""
    folder, examples = tmp_path_factory.mktemp("awkward"), []
    for name, contents in _files().items():
        path = folder / name
        path.write_bytes(contents)
        encoded, height, width = read_image_file(str(path))
        box = [height // 8, width // 8, height - height // 8, width - width // 8]
        boxes = np.array([box] * (name != "no_box"), np.float32).reshape(-1, 4)
        flags = np.zeros(len(boxes), bool)
        labels = np.ones(len(boxes), np.int64)
        examples.append(
            Example(name, name, encoded, height, width, boxes, labels, flags, flags, flags)
        )
    info = DatasetInfo({"dataset": "awkward"}, CLASSES, 1)
    encode = records.encode_example
    writer.write_dataset(
        str(folder / "records"),
        info,
        len(examples),
        lambda indices: [encode(examples[i], CLASSES) for i in indices],
        "write",
    )
    return str(folder / "records")


def _options(method: str) -> object:
    """The defaults, but without HED, which takes seconds to load."""
    quick = {"edges": "gradient", "methods": ("rectangle", "grabcut")}
    fields = dataclasses.fields(registry.get_method(method).Options)
    values = {field.name: quick[field.name] for field in fields if field.name in quick}
    return registry.make_options(method, values)


@pytest.mark.parametrize("method", registry.method_names())
def test_every_image_gets_its_pool(method, awkward, tmp_path, monkeypatch):
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)
    try:
        options = _options(method)
    except InputError as error:
        pytest.skip(f"the method needs to be told more: {error}")
    info = generate_module.generate(awkward, str(tmp_path), method, options, 1)
    assert info.skipped == ()
    names = []
    for serialized in shards.read_records(str(tmp_path)):
        example, pool = records.decode_example(serialized), records.decode_pool(serialized)
        names.append(example.source_id)
        assert pool.superpixels.shape == (example.height, example.width)
        if pool.one_per_box:
            assert pool.num_candidates == len(example.boxes)
        elif example.source_id == "photo":
            assert pool.num_candidates > 1
    assert names == list(_files())
    assert pathlib.Path(tmp_path, "dataset.json").exists()
