"""Errors put into boxes by a seeded function, and how many of them a ranking finds first."""

import dataclasses
import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from boxsup_tf.box_quality.finding import Finding
from boxsup_tf.records.example import Example

SHIFTED, SWAPPED, REMOVED = "shifted", "swapped", "removed"
KINDS = (SHIFTED, SWAPPED, REMOVED)
_SHIFT = (0.25, 0.5)  # of the box's side, along each axis
# An object without a box is the one whose box was removed or moved where more than this share of
# what is believed lies in the box as it was, and their IoU is at least this.
_INSIDE, _OVERLAP = 0.5, 0.2


class Error(NamedTuple):
    """A box that was changed.

    Attributes:
        source_id: of its image.
        kind: of `KINDS`.
        number: of the box after all changes; -1 if it was removed.
        box: float32 [4], as it was.
    """

    source_id: str
    kind: str
    number: int
    box: np.ndarray


def generator_of(seed: int, example: Example) -> np.random.Generator:
    """An image's own, whatever the order of the images."""
    digest = hashlib.sha256(example.source_id.encode()).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def put_in_errors(
    example: Example, num_classes: int, seed: int, share: float = 0.05
) -> tuple[Example, list[Error]]:
    """An example some of whose boxes of objects are shifted, of another class, or gone.

    A shifted box moves along both axes by a quarter to half of its side and is cut at the image's
    edge, a swapped one gets another class, all equally likely.

    Args:
        num_classes: background included.
        seed: of the draws.
        share: of the boxes, for each kind.
    """
    assert example.boxes is not None
    rng = generator_of(seed, example)
    boxes, labels = example.boxes.copy(), example.labels.copy()
    kept, errors = np.ones(len(labels), bool), []
    for number in np.flatnonzero(~example.is_crowd & (labels > 0)).tolist():
        draw = int(rng.random() / share)
        if draw >= len(KINDS):
            continue
        kind, before = KINDS[draw], boxes[number].copy()
        if kind == SHIFTED:
            boxes[number] = _shifted(before, (example.height, example.width), rng)
        elif kind == SWAPPED:
            others = np.setdiff1d(np.arange(1, num_classes), labels[number])
            labels[number] = rng.choice(others)
        else:
            kept[number] = False
        errors.append(Error(example.source_id, kind, number, before))
    places = np.cumsum(kept) - 1
    errors = [e._replace(number=int(places[e.number]) if kept[e.number] else -1) for e in errors]
    flags = {name: getattr(example, name)[kept] for name in ("difficult", "truncated", "is_crowd")}
    changed = dataclasses.replace(example, boxes=boxes[kept], labels=labels[kept], **flags)
    return changed, errors


def loosened(example: Example, share: float, seed: int) -> Example:
    """An example whose boxes' edges all lie further out, each by 0 to `share` of the side.

    Sides are so longer by `share` on average; boxes stay in the image.
    """
    boxes = example.boxes
    assert boxes is not None
    reach = np.tile(boxes[:, 2:] - boxes[:, :2], 2) * np.array([-1, -1, 1, 1])
    moved = boxes + share * generator_of(seed, example).random(boxes.shape) * reach
    size = np.array([example.height, example.width] * 2)
    return dataclasses.replace(example, boxes=np.clip(moved, 0, size).astype(np.float32))


def _shifted(box: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    sides = box[2:] - box[:2]
    move = rng.uniform(*_SHIFT, 2) * sides * rng.choice([-1, 1], 2)
    centre = (box[:2] + box[2:]) / 2 + move
    move = np.where((centre < 0) | (centre > size), -move, move)  # most of it stays in the image
    return np.clip(box + np.tile(move, 2), 0, np.tile(size, 2)).astype(np.float32)


def are_real(findings: Sequence[Finding], errors: Iterable[Error]) -> np.ndarray:
    """bool [n]: which findings name an error that none before it has named.

    A finding about a box names the error of that box; one of an object without a box that in whose
    box, as it was, more than half of the believed one lies, with an IoU of 0.2 or more.
    """
    from boxsup_tf.box_quality.box_belief import area, common_area, iou_yxyx

    left: dict[str, list[Error]] = {}
    for error in errors:
        left.setdefault(error.source_id, []).append(error)
    real = np.zeros(len(findings), bool)
    for i, finding in enumerate(findings):
        open_ones = left.get(finding.source_id, [])
        for place, error in enumerate(open_ones):
            if finding.box is not None:
                named = finding.box_number == error.number
            else:
                believed = np.array(finding.believed_box)
                named = common_area(error.box, believed) > _INSIDE * area(believed)
                named &= iou_yxyx(error.box, believed) >= _OVERLAP
            if named:
                del open_ones[place]
                real[i] = True
                break
    return real


def precision(findings: Sequence[Finding], errors: Sequence[Error]) -> dict[str, Any]:
    """Shares of real errors among the first findings, and what chance would give."""
    real = are_real(findings, errors)
    first = {str(n): float(real[:n].mean()) for n in (25, 50, 100, 200, 300) if n <= len(real)}
    found = {"errors": len(errors), "findings": len(findings), "chance": float(real.mean())}
    kinds = [finding.kind for finding in findings[:100]]
    by_kind = {
        kind: [int(sum(real[i] for i, k in enumerate(kinds) if k == kind)), kinds.count(kind)]
        for kind in sorted(set(kinds))
    }
    return found | {"precision_at": first, "real_of_first_100_by_kind": by_kind}


def write_with_errors(
    source: str, target: str, seed: int, share: float = 0.05
) -> tuple[str, list[Error]]:
    """Records with errors put in; their folder, and the errors."""
    from rewritten_records import write_changed

    from boxsup_tf.records import records
    from boxsup_tf.records.dataset_info import load_complete
    from boxsup_tf.records.shards import read_records

    info = load_complete(source)
    num_classes = len(info.class_names)
    write_changed(
        source,
        target,
        lambda example: put_in_errors(example, num_classes, seed, share)[0],
        {"errors": [seed, share]},
    )
    errors = []
    for record in read_records(source):
        errors += put_in_errors(records.decode_example(record), num_classes, seed, share)[1]
    return target, errors


def measure(
    data: str, val_data: str, folder: str, settings: dict[str, Any], seed: int = 0
) -> dict[str, Any]:
    """Puts errors in, trains on them, ranks all boxes by the network.

    Args:
        data: records with pools.
        val_data: records with masks.
        folder: keeps what is made.
        settings: of the training.
        seed: of the errors.
    """
    import importlib.util

    from objectlab import objectlab_findings
    from trained_runs import train_and_score

    from boxsup_tf.box_quality.check_boxes import check_boxes
    from boxsup_tf.inference.segmentation_model import of_run

    wrong, errors = write_with_errors(data, os.path.join(folder, "with_errors"), seed)
    run = train_and_score(
        os.path.join(folder, "run"), val_data, settings | {"train_data": f"{wrong}:box"}
    )
    model = of_run(run.model_dir, (1.0,), False)
    found: dict[str, Any] = {"network_mean_iou": run.mean_iou, "pseudo_masks": run.masks}
    for name, use_pools in (("with_pools", True), ("without_pools", False)):
        findings = check_boxes(model, wrong, os.path.join(folder, name), 200, use_pools)
        found[name] = precision(findings, errors)
    if importlib.util.find_spec("cleanlab"):
        for name, findings in objectlab_findings(wrong, model).items():
            found[name] = precision(findings, errors)
    return found
