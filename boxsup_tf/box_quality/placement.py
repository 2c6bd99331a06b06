"""Where a network sees the object of a box."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from boxsup_tf.box_quality.believed_objects import BELIEVED, regions_of, snapped_yxyx
from boxsup_tf.box_quality.box_belief import BoxBelief, area, common_area
from boxsup_tf.pools.candidates import CandidatePool

# An object belongs to a box that holds this share of it.
_LEAST_INSIDE = 0.15


@dataclasses.dataclass(frozen=True)
class Placement:
    """The object believed in a box.

    Attributes:
        pixels: bool [H, W]; none where nothing is believed.
        edges: float32 [4], its box; the annotated one where nothing is believed.
        sure: mean probability that one of its pixels is not background.
        outside: share of its box that lies outside the annotated one.
        empty: share of the annotated box that lies outside its box.
    """

    pixels: np.ndarray
    edges: np.ndarray
    sure: float = 0.0
    outside: float = 0.0
    empty: float = 0.0

    @property
    def moved(self) -> float:
        """How much the box looks like one that was moved: 0 where it is too large or too small."""
        return float(np.sqrt(self.outside * self.empty))


def placement_of(
    box: BoxBelief,
    others: Sequence[BoxBelief],
    probabilities: np.ndarray,
    pool: CandidatePool | None,
) -> Placement:
    """The connected regions that belong to a box, outside of other boxes.

    Args:
        others: the image's other boxes of objects.
        probabilities: float32 [H, W, C].
        pool: of the image; tells more exactly where the object ends.
    """
    label, foreground = box.believed_label, 1 - probabilities[:, :, 0]
    pixels = foreground > BELIEVED
    if rivals := sorted({other.label for other in others} - {label}):
        pixels &= probabilities[:, :, label] >= probabilities[:, :, rivals].max(axis=2)
    if others:  # what is in their boxes is theirs
        pixels &= box.inside | ~np.any([other.inside for other in others], axis=0)
    found = np.zeros_like(pixels)
    for region in regions_of(pixels):
        if np.count_nonzero(region & box.inside) >= _LEAST_INSIDE * np.count_nonzero(region):
            found |= region
    if not found.any():
        return Placement(found, box.edges)
    edges = snapped_yxyx(found, foreground, pool)
    common = common_area(box.edges, edges)
    outside, empty = (1 - common / max(area(each), 1e-9) for each in (edges, box.edges))
    return Placement(found, edges, float(foreground[found].mean()), outside, empty)
