"""Finding: a box that looks wrong, or an object without one."""

import csv
import dataclasses
from collections.abc import Iterable, Sequence

from boxsup_tf.io.atomic_write import atomic_write

WRONG_CLASS, BADLY_PLACED = "wrong_class", "badly_placed"
OVERLOOKED, DUPLICATE = "overlooked", "duplicate"
KINDS = (WRONG_CLASS, BADLY_PLACED, OVERLOOKED, DUPLICATE)

Box = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a network says against a box.

    Attributes:
        source_id: of the image.
        kind: of `KINDS`.
        score: 0 (the box is as the network sees it) .. 1.
        box_number: of the box among those of the image, from 0; -1 for an object without a box.
        label: annotated; 0 without a box.
        box: annotated, [ymin, xmin, ymax, xmax] half-open, pixels; None without a box.
        believed_label, believed_box: what the network would have there; of a duplicate, the box
            that it repeats.
    """

    source_id: str
    kind: str
    score: float
    box_number: int
    label: int
    box: Box | None
    believed_label: int
    believed_box: Box


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The most suspicious first; equals by image, box and place."""
    return sorted(findings, key=lambda f: (-f.score, f.source_id, f.box_number, f.believed_box))


def write_findings(path: str, findings: Sequence[Finding], class_names: Sequence[str]) -> None:
    """A CSV file with a row per finding, in order; edges in pixels."""
    edges = ("ymin", "xmin", "ymax", "xmax")
    header = ["rank", "score", "kind", "id", "box_number", "class", *edges, "believed_class"]
    with atomic_write(path) as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*header, *(f"believed_{edge}" for edge in edges)])
        for rank, each in enumerate(findings, 1):
            has_box = each.box is not None
            rows.writerow(
                [
                    *(rank, f"{each.score:.4f}", each.kind, each.source_id),
                    *(
                        each.box_number if has_box else "",
                        class_names[each.label] if has_box else "",
                    ),
                    *(f"{edge:g}" for edge in each.box or ()),
                    *([] if has_box else [""] * 4),
                    class_names[each.believed_label],
                    *(f"{edge:g}" for edge in each.believed_box),
                ]
            )
