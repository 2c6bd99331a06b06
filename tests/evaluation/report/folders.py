"""Evaluations and records on disk, as evaluate.py and prepare_data.py leave them."""

import dataclasses
import io
import json
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.trimap import Trimap
from boxsup_tf.io.json_file import write_json
from boxsup_tf.labels import VOID
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.records import records, writer
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example

CLASS_NAMES = ("background", "cat", "dog", "emu")
HEIGHT, WIDTH = 60, 80


@dataclasses.dataclass(frozen=True)
class Folders:
    """Records with masks, and label maps that agree with them more or less.

    Attributes:
        root: holds `records`, `plain` (an evaluation without, and `crf` one with, the CRF) and
            `run` (of a training).
        truths, plain, refined: label maps by image id.
        scores: mean IoU of `plain`, by image id.
    """

    root: pathlib.Path
    truths: dict[str, np.ndarray]
    plain: dict[str, np.ndarray]
    refined: dict[str, np.ndarray]
    scores: dict[str, float]

    def path(self, name: str) -> str:
        """Of a folder in `root`."""
        return str(self.root / name)


def make_folders(
    root: pathlib.Path, ids: Sequence[str], class_names: Sequence[str] = CLASS_NAMES
) -> Folders:
    """Writes everything; image i shows the class 1 + i % 3, image 0 other ones, too."""
    root.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    truths, plain, refined = {}, {}, {}
    for number, image_id in enumerate(ids):
        truth = np.zeros((HEIGHT, WIDTH), np.uint8)
        truth[20:50, 20:60] = 1 + number % 3
        truth[0] = VOID
        truths[image_id] = truth
        # The higher the number, the narrower the part that is missed.
        missed = np.arange(WIDTH) < 60 - 35 * number // len(ids)
        plain[image_id] = np.where(missed | (truth == VOID), 0, truth)
        refined[image_id] = np.where(truth == VOID, 0, truth)
    plain[ids[0]][55:, :30] = 3
    _write_records(root / "records", truths, class_names, rng)
    digest = DatasetInfo.load(str(root / "records")).digest
    for name, label_maps in (("plain", plain), ("crf", plain), ("crf/crf", refined)):
        _write_evaluation(root / name, label_maps, truths, class_names)
        write_json(str(root / name / "evaluation.json"), {"data": digest})
    _write_run(root / "run", rng)
    scores = {
        name: _confusion(truths[name], plain[name], len(class_names)).mean_iou for name in ids
    }
    return Folders(root, truths, plain, refined, scores)


def photograph(image_id: str) -> np.ndarray:
    """uint8 [HEIGHT, WIDTH, 3]: smooth, so that JPEG keeps it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    blue = np.full((HEIGHT, WIDTH), sum(image_id.encode()) % 200)
    return np.stack([rows * 4, columns * 3, blue], axis=-1).astype(np.uint8)


def _write_records(
    folder: pathlib.Path,
    truths: dict[str, np.ndarray],
    class_names: Sequence[str],
    rng: np.random.Generator,
) -> None:
    serialized = []
    for image_id, truth in truths.items():
        buffer = io.BytesIO()
        Image.fromarray(photograph(image_id)).save(buffer, format="PNG")
        example = Example(image_id, "x.png", buffer.getvalue(), HEIGHT, WIDTH, mask=truth)
        serialized.append(records.encode_example(example, tuple(class_names)))
    info = DatasetInfo({"dataset": "test"}, tuple(class_names), num_shards=2)
    writer.write_dataset(
        str(folder),
        info,
        len(serialized),
        lambda indices: [serialized[i] for i in indices],
        "write",
    )


def _confusion(truth: np.ndarray, predicted: np.ndarray, num_classes: int) -> ConfusionMatrix:
    known = truth != VOID
    counts = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(counts, (truth[known], predicted[known]), 1)
    return ConfusionMatrix(counts)


def _write_evaluation(
    folder: pathlib.Path,
    label_maps: dict[str, np.ndarray],
    truths: dict[str, np.ndarray],
    class_names: Sequence[str],
) -> None:
    images, total = {}, ConfusionMatrix.zeros(len(class_names))
    for name, label_map in label_maps.items():
        path = folder / "predictions" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawing.write_palette_png(str(path), label_map)
        matrix = _confusion(truths[name], label_map, len(class_names))
        total += matrix
        classes = matrix.per_class(class_names).items()
        images[name] = {
            "mean_iou": matrix.mean_iou,
            "classes": {key: iou for key, iou in classes if iou is not None},
            "counts": {},
        }
    metrics = total.summary(class_names) | {
        "mean_accuracy": 0.5,
        "frequency_weighted_iou": 0.25,
        "num_images": len(truths),
    }
    worst_first = dict(sorted(images.items(), key=lambda image: image[1]["mean_iou"]))
    trimap = Trimap([1, 4, 16], [0.25, 0.5, 0.75], [0.5, None, 1.0])
    Evaluation("", str(folder), None, metrics, worst_first, trimap, total.counts).write()


def _write_run(folder: pathlib.Path, rng: np.random.Generator) -> None:
    (folder / "pseudo_masks").mkdir(parents=True)
    epochs = [
        {"epoch": 0, "loss": 1.5, "val_mean_iou": 0.2, "changed_share": 1.0},
        {"epoch": 1, "loss": 0.5, "val_mean_iou": None},
        {"epoch": 2, "loss": 0.25, "val_mean_iou": 0.4, "changed_share": 0.5},
    ]
    (folder / "metrics.json").write_text(json.dumps({"epochs": epochs}))
    for epoch in (0, 2):
        mask = rng.integers(0, 4, (HEIGHT, WIDTH))
        drawing.write_palette_png(str(folder / f"pseudo_masks/0_a_update_{epoch:04d}.png"), mask)
    picture = rng.integers(0, 255, (100, 300, 3), np.uint8)
    drawing.write_image(str(folder / "mask_evolution.png"), picture)
