"""Exported formats against the SavedModel: sizes, times, and whether their labels agree.

    python benchmarks/formats.py --model_dir=runs/voc/best --images='photos/*.jpg' \
        --image_size=241,321 --json=formats.json

Photographs are scaled to --image_size, which TFLite needs, and pass one at a time. Formats take
turns, so that the machine's moods hit all. Times are ratios to the SavedModel's, the median over
repeats; agreement is the share of pixels with the label that the network gives before export, over
all photographs and in the worst one.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tempfile
from collections.abc import Callable

import cv2
import numpy as np
import program
import side_by_side
import tensorflow as tf
from absl import flags

from boxsup_tf.inference.export import export
from boxsup_tf.inference.export_file import export_file
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.interface import SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.records.example import decode_checked, read_bytes

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "Folder of a run.", required=True)
_IMAGES = flags.DEFINE_multi_string("images", None, "Files, folders, patterns.", required=True)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 12, "So many of them.", lower_bound=1)
_IMAGE_SIZE = flags.DEFINE_list("image_size", ["241", "321"], "HEIGHT,WIDTH, pixels.")
_FORMATS = flags.DEFINE_list(
    "formats", ["onnx", "tflite", "tflite/float16", "tflite/int8"], "FORMAT, or FORMAT/PRECISION."
)
_NUM_REPEATS = flags.DEFINE_integer("num_repeats", 5, "Times all is measured.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_SAVED_MODEL = "saved_model"

# int64 [1, H, W] labels of uint8 [1, H, W, 3].
Predict = Callable[[np.ndarray], np.ndarray]


def main(_: object) -> None:
    segmenter = load_segmenter(_MODEL_DIR.value)
    height, width = map(int, _IMAGE_SIZE.value)
    paths = list(find_images(_IMAGES.value).values())[: _NUM_IMAGES.value]
    read = (decode_checked(read_bytes(path, "an image"), path).numpy() for path in paths)
    images = [
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)[None] for image in read
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = {_SAVED_MODEL: _saved_model(segmenter, os.path.join(folder, _SAVED_MODEL))}
        for name in _FORMATS.value:
            made[name] = _file(segmenter, os.path.join(folder, name), name, (height, width))
        results = _compare(segmenter, images, made)
    for name, figures in results.items():
        print(f"{name:>16}", *(f"{key} {value:.4f}" for key, value in figures.items()))
    if _JSON.value:
        write_json(_JSON.value, results)


def _compare(
    segmenter: Segmenter, images: list[np.ndarray], made: dict[str, tuple[float, Predict]]
) -> dict[str, dict[str, float]]:
    predictor = Predictor(segmenter)
    expected = [predictor.predict(image)[SEMANTIC_PREDICTIONS].numpy() for image in images]

    def run_all(predict: Predict) -> Callable[[], object]:
        return lambda: [predict(image) for image in images]

    work = {name: run_all(predict) for name, (_, predict) in made.items()}
    times = side_by_side.measure(work, _NUM_REPEATS.value)
    results = {}
    for name, (megabytes, predict) in made.items():
        same = [(predict(i) == e).mean() for i, e in zip(images, expected, strict=True)]
        results[name] = {
            "megabytes": megabytes,
            "time_over_saved_model": side_by_side.ratio(times[name], times[_SAVED_MODEL]),
            "agreement": float(np.mean(same)),
            "worst_agreement": float(min(same)),
        }
    return results


def _saved_model(segmenter: Segmenter, folder: str) -> tuple[float, Predict]:
    """Its megabytes, and itself as a function."""
    path = export(segmenter, folder)
    run = tf.saved_model.load(path).signatures["serving_default"]
    files = [os.path.join(parent, name) for parent, _, names in os.walk(path) for name in names]

    def predict(image: np.ndarray) -> np.ndarray:
        return run(images=tf.constant(image))[SEMANTIC_PREDICTIONS].numpy()

    return sum(map(os.path.getsize, files)) / 1e6, predict


def _file(
    segmenter: Segmenter, folder: str, name: str, size: tuple[int, int]
) -> tuple[float, Predict]:
    """As above, of FORMAT or FORMAT/PRECISION."""
    kind, _, precision = name.partition("/")
    fixed = size if kind == "tflite" else None
    path = export_file(segmenter, folder, kind, precision=precision or "float32", image_size=fixed)
    megabytes = os.path.getsize(path) / 1e6
    if kind == "tflite":
        threads = os.cpu_count() or 1
        run = tf.lite.Interpreter(path, num_threads=threads).get_signature_runner()
        return megabytes, lambda image: run(images=image)[SEMANTIC_PREDICTIONS]
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return megabytes, lambda image: session.run([SEMANTIC_PREDICTIONS], {"images": image})[0]


if __name__ == "__main__":
    program.run(main)
