"""Earlier evaluations, read back to be compared."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation import evaluation_folder as files
from boxsup_tf.evaluation.comparison.bootstrap import ImageCounts
from boxsup_tf.io.json_file import read_json


@dataclasses.dataclass(frozen=True)
class Compared:
    """The figures of one evaluation.

    Attributes:
        name: its folder; with the CRF that and " + CRF".
        metrics: `ConfusionMatrix.summary` over the set.
        mean_iou: of every image by id; None where its mask is all void.
        true_pixels: of every image by id: the pixels of its mask by class name.
        counts: of the images in the order of their sorted ids.
    """

    name: str
    metrics: dict[str, Any]
    mean_iou: dict[str, float | None]
    true_pixels: dict[str, dict[str, int]]
    counts: ImageCounts


def load(path: str) -> list[Compared]:
    """An evaluation and, where it has one, that of its label maps which the CRF refined.

    Args:
        path: a folder that evaluate.py wrote.

    Raises:
        InputError: metrics.json or per_image.json is missing or is none of evaluate.py's.
    """
    metrics = read_json(os.path.join(path, files.METRICS_FILE), files.EXPECTED)
    per_image = os.path.join(path, files.PER_IMAGE_FILE)
    images = read_json(per_image, files.EXPECTED)
    try:
        entries = sorted(images["images"], key=lambda entry: entry["id"])
        found = [_of_entries(path, metrics, entries, False)]
        if "crf" in metrics:
            found.append(_of_entries(f"{path} + CRF", metrics["crf"], entries, True))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{per_image}: not as evaluate.py writes it beside {files.METRICS_FILE} "
            f"({type(error).__name__}: {error}): evaluate again"
        ) from None
    return found


def check_same_images(compared: Sequence[Compared]) -> None:
    """Makes sure that evaluations are over the same images, masks and classes.

    Raises:
        InputError: naming the first image or class that only one of two has, or the first image
            whose mask differs.
    """
    first = compared[0]
    for other in compared[1:]:
        for what, ours, theirs in (
            ("image", first.mean_iou.keys(), other.mean_iou.keys()),
            ("class", first.metrics["per_class_iou"], other.metrics["per_class_iou"]),
        ):
            differing = sorted(set(ours) ^ set(theirs))
            if differing:
                owner = first if differing[0] in ours else other
                raise InputError(
                    f"{what} {differing[0]!r} is in {owner.name} only: expected the same in "
                    f"{first.name} and {other.name}"
                )
        for source_id, expected in first.true_pixels.items():
            if other.true_pixels[source_id] != expected:
                raise InputError(
                    f"image {source_id!r}: pixels by true class are "
                    f"{other.true_pixels[source_id]} in {other.name}: expected {expected} as in "
                    f"{first.name}"
                )


def _of_entries(
    name: str, metrics: dict[str, Any], entries: Sequence[dict[str, Any]], refined: bool
) -> Compared:
    suffix = files.SUFFIXES[refined]
    label = {class_name: i for i, class_name in enumerate(metrics["per_class_iou"])}
    hits, union = np.zeros([2, len(entries), len(label)], np.int64)
    for image, entry in enumerate(entries):
        for true, row in entry[f"counts{suffix}"].items():
            for predicted, pixels in row.items():
                union[image, [label[true], label[predicted]]] += pixels
                hits[image, label[true]] += pixels * (true == predicted)
    mean_iou = {entry["id"]: entry[f"mean_iou{suffix}"] for entry in entries}
    true_pixels = {
        entry["id"]: {true: sum(row.values()) for true, row in entry[f"counts{suffix}"].items()}
        for entry in entries
    }
    return Compared(name, metrics, mean_iou, true_pixels, ImageCounts(hits, union))
