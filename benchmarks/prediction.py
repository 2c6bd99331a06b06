"""Tiles against whole images, and batches against single ones: what they change and cost.

    python benchmarks/prediction.py --model_dir=runs/voc/best --images='photos/*.jpg' \
        --json=prediction.json

`tile_agreement` is the share of pixels that tiles and the whole give one label, over photographs
that are enlarged to --side pixels and a mosaic of all of them; `worst_tile_agreement` that of the
worst of these images. The ratios are of times measured in turn, medians over repeats: of tiles to
the whole mosaic, and of a batch of equal images to the same ones by themselves. Memory is that of
whole images: some 900 bytes a pixel.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable

import cv2
import numpy as np
import program
import side_by_side
from absl import flags
from tqdm import tqdm

from boxsup_tf.inference.batching import BATCH_SIZE
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.interface import SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.tiling import MARGIN, TILE_SIZE, predict_in_tiles
from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.records.example import decode_checked, read_bytes

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "Folder of a run.", required=True)
_IMAGES = flags.DEFINE_multi_string("images", None, "Files, folders, patterns.", required=True)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 4, "So many of them.", lower_bound=1)
_SIDE = flags.DEFINE_integer("side", 2000, "The longer side of enlarged images.", lower_bound=64)
_SCALES = flags.DEFINE_list("scales", ["1.0"], "Image scales to average over.")
_NUM_REPEATS = flags.DEFINE_integer("num_repeats", 3, "Times all is measured.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

Predict = Callable[[np.ndarray], np.ndarray]


def main(_: object) -> None:
    segmenter = load_segmenter(_MODEL_DIR.value)
    predictor = Predictor(segmenter, [float(scale) for scale in _SCALES.value])

    def predict(images: np.ndarray) -> np.ndarray:
        return predictor.predict(images)[SEMANTIC_PREDICTIONS].numpy()

    def tiled(images: np.ndarray) -> np.ndarray:
        return predict_in_tiles(predict, images)

    paths = list(find_images(_IMAGES.value).values())[: _NUM_IMAGES.value]
    photographs = [decode_checked(read_bytes(path, "an image"), path).numpy() for path in paths]
    large = [*map(_enlarge, photographs), _mosaic(photographs)]
    same = [(tiled(x[None]) == predict(x[None])).ravel() for x in tqdm(large, "tiles")]
    batch = np.repeat(photographs[0][None], BATCH_SIZE, axis=0)
    times = side_by_side.measure(
        {
            "whole": lambda: predict(large[-1][None]),
            "tiled": lambda: tiled(large[-1][None]),
            "single": lambda: [predict(image[None]) for image in batch],
            "batched": lambda: predict(batch),
        },
        _NUM_REPEATS.value,
    )
    results = {
        "tile_agreement": float(np.concatenate(same).mean()),
        "worst_tile_agreement": float(min(equal.mean() for equal in same)),
        "tiled_over_whole": side_by_side.ratio(times["tiled"], times["whole"]),
        "batched_over_single": side_by_side.ratio(times["batched"], times["single"]),
        "tile_size": TILE_SIZE,
        "margin": MARGIN,
        "batch_size": BATCH_SIZE,
        "num_images": len(large),
        "num_repeats": _NUM_REPEATS.value,
    }
    for name, value in results.items():
        print(f"{name:>22} {value:12.5f}")
    if _JSON.value:
        write_json(_JSON.value, results)


def _enlarge(image: np.ndarray) -> np.ndarray:
    factor = _SIDE.value / max(image.shape[:2])
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def _mosaic(images: list[np.ndarray]) -> np.ndarray:
    """4 x 4 photographs of a quarter of --side, each again and again where there are fewer."""
    width = _SIDE.value // 4
    cells = [cv2.resize(image, (width, width * 3 // 4)) for image in images]
    rows = [[cells[(4 * i + j) % len(cells)] for j in range(4)] for i in range(4)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


if __name__ == "__main__":
    program.run(main)
