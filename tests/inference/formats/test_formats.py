"""inference.formats: the same label maps as TensorFlow's, by each format's own runtime."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.inference.class_names_file import read_class_names
from boxsup_tf.inference.export_file import export_file
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.records.example import decode_image
from tests.models.segmenters import make_segmenter

SIZE = (101, 110)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return make_segmenter(5, 0.1, seed=2)


def _image(height: int, width: int) -> np.ndarray:
    """A generated photograph, uint8 [1, height, width, 3]."""
    image = decode_image(ShapesReader(1, seed=7)[0].encoded).numpy()
    return image[None, :height, :width]


def _run_tflite(path: str, images: np.ndarray) -> dict[str, np.ndarray]:
    interpreter = tf.lite.Interpreter(path)
    return interpreter.get_signature_runner()(images=images)


def _run_onnx(path: str, images: np.ndarray) -> dict[str, np.ndarray]:
    session = pytest.importorskip("onnxruntime").InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


def _assert_same(found: dict, expected: dict, share: float, tolerance: float) -> None:
    assert set(found) == set(expected)
    labels, probabilities = (expected[n].numpy() for n in ("semantic_predictions", "probabilities"))
    assert len(np.unique(labels)) > 1, "one label everywhere would hide differences"
    assert (found["semantic_predictions"] == labels).mean() >= share
    np.testing.assert_allclose(found["probabilities"], probabilities, atol=tolerance)


@pytest.mark.parametrize(
    ("precision", "share", "tolerance"),
    [("float32", 0.999, 1e-4), ("float16", 0.99, 0.01), ("int8", 0.9, 0.1)],
)
def test_tflite(precision, share, tolerance, segmenter, tmp_path):
    path = export_file(segmenter, str(tmp_path), "tflite", precision=precision, image_size=SIZE)
    images, predictor = _image(*SIZE), Predictor(segmenter)
    _assert_same(_run_tflite(path, images), predictor.predict(images), share, tolerance)
    assert read_class_names(str(tmp_path / "label_map.txt")) == segmenter.class_names


def test_tflite_of_several_views(segmenter, tmp_path):
    path = export_file(segmenter, str(tmp_path), "tflite", (0.8, 1.0), True, image_size=SIZE)
    images = _image(*SIZE)
    predictor = Predictor(segmenter, (0.8, 1.0), True)
    _assert_same(_run_tflite(path, images), predictor.predict(images), 0.999, 1e-4)


def test_onnx_takes_images_of_any_size(segmenter, tmp_path):
    pytest.importorskip("tf2onnx")
    path = export_file(segmenter, str(tmp_path), "onnx")
    predictor = Predictor(segmenter)
    for size in (SIZE, (97, 64)):
        images = np.concatenate([_image(*size), _image(*size)[:, ::-1]])
        _assert_same(_run_onnx(path, images), predictor.predict(images), 0.999, 1e-4)


@pytest.mark.parametrize(
    ("format_name", "options", "message"),
    [
        ("tflite", {}, "--format=tflite: needs a fixed size: expected --image_size=HEIGHT,WIDTH"),
        ("tflite", {"image_size": (0, 5)}, "--image_size=0,5: expected HEIGHT,WIDTH"),
        ("tflite", {"image_size": (9, 9, 9)}, "--image_size=9,9,9: expected HEIGHT,WIDTH"),
        ("tflite", {"precision": "bfloat16"}, "expected one of float32, float16, int8"),
        ("onnx", {"precision": "int8"}, "--precision=int8: expected one of float32 with"),
    ],
)
def test_what_a_format_cannot_do_is_said(format_name, options, message, segmenter, tmp_path):
    with pytest.raises(InputError, match=message):
        export_file(segmenter, str(tmp_path / "out"), format_name, **options)
    assert not (tmp_path / "out").exists()


def test_onnx_without_its_converter(segmenter, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    message = (
        "--format=onnx: the module tf2onnx is missing: expected it after `pip install tf2onnx`"
    )
    with pytest.raises(InputError, match=message):
        export_file(segmenter, str(tmp_path), "onnx")
