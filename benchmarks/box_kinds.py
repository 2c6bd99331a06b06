"""On which boxes candidates are right: small ones, those that meet others, those that stand alone.

    python benchmarks/box_kinds.py --data=records/sam+more/sam,records/believed+more/believed

Each entry of --data is a folder with pools and true masks, or several of them joined by +; the
entries hold the same images with different pools. A box takes the candidate whose tight box
overlaps it most; the figure is the mean IoU, inside the box, of that candidate with the true pixels
of the box's class, and in parentheses the standard error of the gain on the first entry. Boxes of
no class and boxes without a known pixel are left out.
"""

import dataclasses
import itertools
import math
import os
from collections.abc import Iterable, Iterator, Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import program
from absl import flags

from boxsup_tf import boxes as box_ops
from boxsup_tf.errors import InputError
from boxsup_tf.io.json_file import write_json
from boxsup_tf.labels import VOID
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records import records, shards
from boxsup_tf.records.example import Example

_DATA = flags.DEFINE_list("data", None, "Folders with pools and masks, see above.", required=True)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_SAME = "meeting another box of its class"
_OTHER = "meeting boxes of other classes alone"
_SHARES = {0.01: "under 1 %", 0.04: "1 to 4 %", 0.16: "4 to 16 %", 0.4: "16 to 40 %"}
_LARGE = "above 40 %"
KINDS = (_SAME, _OTHER, *(f"meeting none, {share}" for share in (*_SHARES.values(), _LARGE)))
_SIDES = (24, 96)  # pixels: three and twelve cells of a network's stride of 8


@dataclasses.dataclass(frozen=True)
class Box:
    """How right its candidates are.

    Attributes:
        kind: of `KINDS`.
        side: its shorter one, in pixels.
        ious: of the candidate of each pool.
    """

    kind: str
    side: int
    ious: list[float]


def kind(number: int, windows: np.ndarray, labels: np.ndarray, num_pixels: int) -> str:
    """One of `KINDS`.

    Args:
        number: of the box.
        windows: int [B, 4] of all boxes of its image, yxyx half-open.
        labels: int [B]; 0 is a box of no class, which others meet, too.
        num_pixels: of the image.
    """
    top_left = np.maximum(windows[number, :2], windows[:, :2])
    bottom_right = np.minimum(windows[number, 2:], windows[:, 2:])
    meets = (top_left < bottom_right).all(axis=1)
    meets[number] = False
    if meets.any():
        return _SAME if (labels[meets] == labels[number]).any() else _OTHER
    share = (windows[number, 2:] - windows[number, :2]).prod() / num_pixels
    size = next((name for limit, name in _SHARES.items() if share < limit), _LARGE)
    return f"meeting none, {size}"


def iou_inside(pool: CandidatePool, window: np.ndarray, inside: np.ndarray, label: int) -> float:
    """Of the candidate that fits the box best with its class, inside the box; 0 if there is none.

    Args:
        window: int [4], the box, yxyx half-open, pixels.
        inside: uint8 [height, width], the true labels in it; `VOID` is left out.
        label: of the box.
    """
    if not pool.num_candidates:
        return 0.0
    fit = box_ops.pairwise_iou_yxyx(window[None], pool.tight_boxes)
    top, left, bottom, right = window
    mask = pool.mask(int(np.argmax(fit)))[top:bottom, left:right] & (inside != VOID)
    true = inside == label
    return float((mask & true).sum() / max((mask | true).sum(), 1))


def measure(example: Example, pools: Sequence[CandidatePool]) -> Iterator[Box]:
    """Every box that counts."""
    if example.mask is None:
        raise InputError(f"{example.source_id}: has no mask: expected one")
    if example.boxes is None or not len(example.boxes):
        return
    height, width = example.mask.shape
    windows = box_ops.windows_yxyx(example.boxes.astype(np.float32), [height, width]).numpy()
    for number, (window, label) in enumerate(zip(windows, example.labels, strict=True)):
        top, left, bottom, right = window
        inside = example.mask[top:bottom, left:right]
        if not label or not (inside != VOID).any():
            continue
        ious = [iou_inside(pool, window, inside, label) for pool in pools]
        side = int(min(bottom - top, right - left))
        yield Box(kind(number, windows, example.labels, height * width), side, ious)


def measure_folders(entries: Sequence[str]) -> Iterator[Box]:
    """Every box that counts, with a pool of each of the entries of `--data`.

    Raises:
        InputError: the entries hold other images than the first, or an image without mask or pool.
    """
    for together in itertools.zip_longest(*map(_records, entries)):
        if None in together:
            shorter = entries[together.index(None)]
            raise InputError(
                f"--data: {shorter}: has fewer images: expected as many in all entries"
            )
        example, *others = map(records.decode_example, together)
        for entry, other in zip(entries[1:], others, strict=True):
            if other.source_id != example.source_id:
                raise InputError(
                    f"--data: {entry}: has {other.source_id}: expected {example.source_id}, "
                    f"as in {entries[0]}"
                )
        pools = [
            _pool(record, f"--data: {entry}: {example.source_id}")
            for entry, record in zip(entries, together, strict=True)
        ]
        yield from measure(example, pools)


def _pool(record: bytes, whose: str) -> CandidatePool:
    pool = records.decode_pool(record)
    if pool is None:
        raise InputError(f"{whose} has no candidates: expected a folder of generate_proposals")
    return pool


def _records(entry: str) -> Iterable[bytes]:
    for folder in entry.split("+"):
        yield from shards.read_records(folder)


def main(_: object) -> None:
    found = list(measure_folders(_DATA.value))
    _show("all", found)
    for name in KINDS:
        _show(name, [box for box in found if box.kind == name])
    for low, high in itertools.pairwise((0, *_SIDES, math.inf)):
        name = f"shorter side of {low} pixels or more" + f", under {high}" * (high < math.inf)
        _show(name, [box for box in found if low <= box.side < high])
    if _JSON.value:
        boxes = [dataclasses.asdict(box) for box in found]
        write_json(_JSON.value, {"data": _DATA.value, "boxes": boxes})


def _show(name: str, boxes: Sequence[Box]) -> None:
    """Their number and the mean IoU of each entry; the standard error of its gain on the first."""
    line = f"{name:46s} {len(boxes):6d}"
    if boxes:
        ious = np.array([box.ious for box in boxes])
        line += "".join(f" {mean:.3f}" for mean in ious.mean(axis=0))
        errors = (ious[:, 1:] - ious[:, :1]).std(axis=0) / np.sqrt(len(ious))
        line += "".join(f" ({error:.3f})" for error in errors)
    print(line)


if __name__ == "__main__":
    program.run(main)
