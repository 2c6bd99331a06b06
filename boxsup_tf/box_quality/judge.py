"""What a network's belief says of the boxes of one image."""

import numpy as np

from boxsup_tf.box_quality.box_belief import beliefs_of, ignored
from boxsup_tf.box_quality.finding import Box, Finding
from boxsup_tf.box_quality.overlooked import overlooked
from boxsup_tf.box_quality.placement import placement_of
from boxsup_tf.box_quality.suspicions import badly_placed, duplicate, wrong_class
from boxsup_tf.boxes import inside_yxyx
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records.example import Example


def judge(
    example: Example, probabilities: np.ndarray, pool: CandidatePool | None = None
) -> list[Finding]:
    """A finding for every box of an object, and one for every believed object without a box.

    A box has the kind that it is most suspect of.

    Args:
        example: with boxes.
        probabilities: float32 [H, W, C], the network's.
        pool: its candidates tell more exactly where believed objects end.
    """
    boxes, findings, placed = beliefs_of(example, probabilities), [], []
    for box in boxes:
        others = [other for other in boxes if other is not box]
        placement = placement_of(box, others, probabilities, pool)
        placed.append((box, placement))
        suspicions = [
            wrong_class(box),
            badly_placed(box, placement, 1 - probabilities[:, :, 0]),
            duplicate(box, others),
        ]
        score, kind, label, edges = max(suspicions, key=lambda each: each.score)
        own = box.number, box.label, _edges(box.edges)
        findings.append(Finding(example.source_id, kind, score, *own, label, _edges(edges)))
    skipped = np.asarray(example.boxes)[ignored(example)]
    skipped = inside_yxyx(skipped, *probabilities.shape[:2]).numpy()
    for score, kind, label, edges in overlooked(placed, skipped, probabilities, pool):
        none = -1, 0, None
        findings.append(Finding(example.source_id, kind, score, *none, label, _edges(edges)))
    return findings


def _edges(box: np.ndarray) -> Box:
    ymin, xmin, ymax, xmax = map(float, box)
    return ymin, xmin, ymax, xmax
