"""What fuzz.py damages of an exported model, and what it sends to one."""

import base64
import functools
import json
import os

import cv2
import numpy as np
import tensorflow as tf
from fuzz_reader import Reader, digest, put
from fuzz_runs import make_segmenter

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.inference.export import export
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.io import files
from boxsup_tf.serving.answers import Answers

_VERSION = "1"
_SUMS = os.path.join(_VERSION, "assets.extra", "SHA256SUMS")
_FILES = (
    *("saved_model.pb", "variables/variables.index", "fingerprint.pb", "assets/label_map.txt"),
    *("variables/variables.data-00000-of-00001", "assets/tile_margin.txt"),
)
_SIDE = 17


def _image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)


def _write_export(folder: str) -> None:
    export(make_segmenter(), folder, max_megapixels=0.1)


def _write_old_export(folder: str) -> None:
    _write_export(folder)
    files.remove(os.path.join(folder, _SUMS))


def _read_export(folder: str) -> list[str]:
    model = load_saved_model(folder)
    labels, probabilities = model.predict(_image()[None])
    return [digest(labels.numpy()), digest(probabilities.numpy()), *model.class_names]


def _encoded() -> dict[str, bytes]:
    return {ending: cv2.imencode(f".{ending}", _image())[1].tobytes() for ending in ("jpg", "png")}


def _write_uploads(folder: str) -> None:
    _write_export(folder)
    for ending, content in _encoded().items():
        put(folder, f"a.{ending}", content)


@functools.lru_cache(maxsize=1)
def _in_tensorflow(folder: str):
    return tf.saved_model.load(os.path.join(folder, _VERSION))


def _ask_signatures(folder: str) -> list[str]:
    """In TensorFlow alone, whose refusal becomes an error of this project's here."""
    signatures, found = _in_tensorflow(folder).signatures, []
    for name in ("a.jpg", "a.png"):
        path = os.path.join(folder, name)
        content = tf.constant([files.read(path)])
        try:
            masks = signatures["serve_masks"](image_bytes=content)["mask_bytes"]
            labels = signatures["serve_image_bytes"](image_bytes=content)["semantic_predictions"]
        except tf.errors.InvalidArgumentError as error:
            raise InputError(f"{path}: {first_line(error)}") from None
        found += [digest(masks.numpy()[0]), digest(labels.numpy())]
    return found


def _write_requests(folder: str) -> None:
    _write_export(folder)
    encoded = [{"b64": base64.b64encode(content).decode()} for content in _encoded().values()]
    masks = {"signature_name": "serve_masks", "instances": encoded}
    put(folder, "masks.json", json.dumps(masks))
    of_bytes = {"signature_name": "serve_image_bytes", "inputs": {"image_bytes": encoded}}
    put(folder, "bytes.json", json.dumps(of_bytes))
    put(folder, "pixels.json", json.dumps({"instances": [{"images": _image().tolist()}]}))


@functools.lru_cache(maxsize=1)
def _answers(folder: str) -> Answers:
    return Answers(load_saved_model(folder))


def _ask_server(folder: str) -> list[str]:
    paths = (os.path.join(folder, f"{name}.json") for name in ("masks", "bytes", "pixels"))
    return [digest(_answers(folder).answer(files.read(path))) for path in paths]


READERS = {
    "export": Reader(
        tuple(f"{_VERSION}/{name}" for name in (*_FILES, "assets.extra/SHA256SUMS")),
        _write_export,
        _read_export,
        "bytes",
        has_checksum=True,
        share=0.4,
    ),
    "export_of_old": Reader(
        tuple(f"{_VERSION}/{name}" for name in _FILES),
        _write_old_export,
        _read_export,
        "bytes",
        share=0.2,
    ),
    "signatures": Reader(("a.jpg", "a.png"), _write_uploads, _ask_signatures),
    "requests": Reader(
        ("masks.json", "bytes.json", "pixels.json"), _write_requests, _ask_server, names=("",)
    ),
}
