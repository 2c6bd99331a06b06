"""Figures of an evaluation against scikit-learn's, and what they cost beside the predictions.

    python benchmarks/evaluate.py --model_dir=runs/voc/best --data=records/voc_val \
        --json=evaluate.json

Evaluates into a folder of its own, which is removed again. `max_difference` is the largest
difference, over all figures of metrics.json, to what scikit-learn makes of the label maps'
PNGs; `metrics_over_prediction` the time of all figures and pictures divided by that of the
predictions, from seconds.json.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import program
from absl import flags
from PIL import Image
from sklearn import metrics  # type: ignore[import-untyped]

from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.evaluation.evaluation_folder import SECONDS_FILE
from boxsup_tf.evaluation.result import EXPECTED
from boxsup_tf.inference import segmentation_model
from boxsup_tf.io.json_file import read_json, write_json
from boxsup_tf.labels import VOID
from boxsup_tf.records import records
from boxsup_tf.records.shards import read_records

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "Folder of a run.", required=True)
_DATA = flags.DEFINE_string("data", None, "Folder of records with masks.", required=True)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")


def main(_: object) -> None:
    model = segmentation_model.of_run(_MODEL_DIR.value, (1.0,), flip=False)
    with tempfile.TemporaryDirectory() as folder:
        (found,) = evaluate(model, _DATA.value, folder, EvaluateOptions())
        seconds = read_json(os.path.join(folder, SECONDS_FILE), EXPECTED)
        truth, predicted = _known_pixels(found.predictions)
    results = {
        "metrics_over_prediction": seconds["metrics"] / seconds["predict"],
        "max_difference": _max_difference(found.metrics, truth, predicted, model.class_names),
        "num_images": found.metrics["num_images"],
        "num_pixels": len(truth),
    }
    for name, value in results.items():
        print(f"{name:>24} {value:12.6g}")
    if _JSON.value:
        write_json(_JSON.value, results)


def _known_pixels(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels uint8 [N], true and predicted, of all images."""
    truths, predictions = [], []
    for record in read_records(_DATA.value):
        example = records.decode_example(record)
        if example.mask is not None:
            known = example.mask != VOID
            with Image.open(os.path.join(folder, f"{example.source_id}.png")) as picture:
                predictions.append(np.array(picture)[known])
            truths.append(example.mask[known])
    return np.concatenate(truths), np.concatenate(predictions)


def _max_difference(
    found: Mapping[str, Any], truth: np.ndarray, predicted: np.ndarray, class_names: tuple[str, ...]
) -> float:
    occurring, true = np.union1d(truth, predicted), np.unique(truth)
    iou = metrics.jaccard_score(truth, predicted, labels=occurring, average=None)
    expected = {
        "mean_iou": iou.mean(),
        "pixel_accuracy": metrics.accuracy_score(truth, predicted),
        "mean_accuracy": metrics.recall_score(truth, predicted, labels=true, average="macro"),
        "frequency_weighted_iou": metrics.jaccard_score(
            truth, predicted, labels=true, average="weighted"
        ),
    }
    differences = [found[name] - value for name, value in expected.items()]
    differences += [
        found["per_class_iou"][class_names[label]] - value
        for label, value in zip(occurring, iou, strict=True)
    ]
    return float(np.abs(differences).max())


if __name__ == "__main__":
    program.run(main)
