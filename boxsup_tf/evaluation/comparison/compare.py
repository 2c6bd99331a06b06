"""Compares evaluations with the first of them."""

import os
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.comparison.bootstrap import ImageCounts, difference_interval
from boxsup_tf.evaluation.comparison.table import format_table
from boxsup_tf.evaluation.plots import write_png
from boxsup_tf.evaluation.result import (
    EXPECTED,
    PER_IMAGE_FILE,
    Evaluation,
    read_evaluations,
    short_names,
)
from boxsup_tf.evaluation.trimap_picture import draw_trimaps
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.json_file import write_json
from boxsup_tf.metrics.metric_names import METRICS_FILE

JSON_FILE, TABLE_FILE, TRIMAP_FILE = "comparison.json", "comparison.md", "trimap.png"


def compare(
    evaluation_dirs: Sequence[str], output_dir: str, resamples: int = 2000, num_images: int = 10
) -> dict[str, Any]:
    """Compares evaluations with the first one; writes comparison.json, comparison.md, trimap.png.

    Args:
        evaluation_dirs: folders that evaluate.py wrote, over the same images; one that ran the
            CRF counts twice, without and with it.
        output_dir: made if need be.
        resamples: of the bootstrap, at least 1, see `bootstrap.difference_interval`.
        num_images: at least 0: how many of the images that gained, and that lost, most are named.

    Returns:
        What comparison.json holds: `reference`, the first evaluation's name, and `evaluations`:
        of each its `name`, `metrics`, and but for the first `difference` of mean IoU,
        `interval` (95 %) of the difference, `per_class_difference` (None where either lacks the
        class) and the images that `gained` and `lost` most: `id`, `difference` of mean IoU.

    Raises:
        InputError: an evaluation is missing or damaged, there are not two, they are not of the
            same images, masks and classes.
    """
    if len(set(evaluation_dirs)) < len(evaluation_dirs):
        listed = ",".join(evaluation_dirs)
        raise InputError(f"--evaluations={listed}: one folder twice: expected different ones")
    pairs = zip(evaluation_dirs, short_names(evaluation_dirs), strict=True)
    compared = [one for path, name in pairs for one in _read(path, name)]
    if len(compared) < 2:
        raise InputError(
            f"--evaluations={','.join(evaluation_dirs)}: nothing to compare: expected two folders "
            "that evaluate.py wrote, or one of a run with --crf"
        )
    _check_same_images(compared)
    reference = compared[0]
    evaluations = [{"name": reference.name, "metrics": reference.metrics}]
    evaluations += [_against(reference, other, resamples, num_images) for other in compared[1:]]
    comparison = {"reference": reference.name, "evaluations": evaluations}
    files.make_folders(output_dir)
    write_json(os.path.join(output_dir, JSON_FILE), comparison)
    with atomic_write(os.path.join(output_dir, TABLE_FILE)) as file:
        file.write(format_table(comparison))
    trimaps = {one.name: one.trimap for one in compared if one.trimap.widths}
    if trimaps:
        write_png(draw_trimaps(trimaps), os.path.join(output_dir, TRIMAP_FILE))
    return comparison


def _read(path: str, name: str) -> list[Evaluation]:
    """Those of a folder, with all that a comparison needs."""
    found = read_evaluations(path, name)
    for evaluation in found:
        for file in (METRICS_FILE, PER_IMAGE_FILE):
            needed = os.path.join(evaluation.path, file)
            if needed in evaluation.missing:
                raise InputError(f"{needed}: not found: expected {EXPECTED}")
    return found


def _check_same_images(compared: Sequence[Evaluation]) -> None:
    """Names the first image or class that only one of two has, or the first mask that differs."""
    first = compared[0]
    for other in compared[1:]:
        for what, ours, theirs in (
            ("image", first.images, other.images),
            ("class", first.per_class, other.per_class),
        ):
            differing = sorted(set(ours) ^ set(theirs))
            if differing:
                owner = first if differing[0] in ours else other
                raise InputError(
                    f"{what} {differing[0]!r} is in {owner.name} only: expected the same in "
                    f"{first.name} and {other.name}"
                )
        for source_id in sorted(first.images):
            expected, found = (_true_pixels(one, source_id) for one in (first, other))
            if found != expected:
                raise InputError(
                    f"image {source_id!r}: pixels by true class are {found} in {other.name}: "
                    f"expected {expected} as in {first.name}"
                )


def _true_pixels(evaluation: Evaluation, source_id: str) -> dict[str, int]:
    """Pixels of an image's mask by class name."""
    counts = evaluation.images[source_id]["counts"]
    return {true: sum(row.values()) for true, row in counts.items()}


def _against(
    reference: Evaluation, other: Evaluation, resamples: int, num_images: int
) -> dict[str, Any]:
    before, after = reference.per_class, other.per_class
    by_image = {
        source_id: _minus(other.images[source_id]["mean_iou"], image["mean_iou"])
        for source_id, image in reference.images.items()
    }
    counts = ImageCounts.of(reference), ImageCounts.of(other)
    changes = sorted(
        ((value, source_id) for source_id, value in by_image.items() if value),
        key=lambda change: (-change[0], change[1]),
    )
    gained = [change for change in changes if change[0] > 0][:num_images]
    lost = [change for change in reversed(changes) if change[0] < 0][:num_images]
    return {
        "name": other.name,
        "metrics": other.metrics,
        "difference": other.metrics["mean_iou"] - reference.metrics["mean_iou"],
        "interval": difference_interval(*counts, resamples),
        "per_class_difference": {name: _minus(after[name], before[name]) for name in before},
        "gained": [{"id": source_id, "difference": value} for value, source_id in gained],
        "lost": [{"id": source_id, "difference": value} for value, source_id in lost],
    }


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
