"""Objects that a network sees and no box is for."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import ndimage

from boxsup_tf.box_quality.believed_objects import (
    BELIEVED,
    extent_yxyx,
    regions_of,
    snapped_yxyx,
)
from boxsup_tf.box_quality.box_belief import BoxBelief, area, common_area
from boxsup_tf.box_quality.finding import OVERLOOKED
from boxsup_tf.box_quality.placement import Placement
from boxsup_tf.box_quality.suspicions import Suspicion
from boxsup_tf.pools.candidates import CandidatePool

# A box accounts for the pixels in it whose most likely class is at most so much likelier than its.
_CONTRADICTED = 3.0
# What lies beside a box is the rest of its object where the box looks moved by this much, or where
# this share of the box lies within the rest's ends.
_MOVED, _WITHIN = 0.25, 0.5


def overlooked(
    boxes: Sequence[tuple[BoxBelief, Placement]],
    ignored: np.ndarray,
    probabilities: np.ndarray,
    pool: CandidatePool | None,
) -> Iterator[Suspicion]:
    """What is believed to be of objects and lies in no box that could account for it.

    Args:
        boxes: those of objects, and where their objects are seen.
        ignored: bool [n, H, W], the pixels of boxes that are of none, and account for everything.
        probabilities: float32 [H, W, C].
        pool: of the image; tells more exactly where the object ends.
    """
    foreground = 1 - probabilities[:, :, 0]
    most = probabilities[:, :, 1:].max(axis=2)
    accounted = ignored.any(axis=0)
    for box, _ in boxes:
        own = probabilities[:, :, [box.label, box.believed_label]].max(axis=2)
        accounted |= box.inside & (_CONTRADICTED * own >= most)
    believed = foreground > BELIEVED
    whole, _ = ndimage.label(believed)
    # Opened: networks' outlines lie a little outside of boxes.
    for region in regions_of(ndimage.binary_opening(believed & ~accounted, np.ones((3, 3)))):
        if any(_is_rest(region, box, placement) for box, placement in boxes):
            continue
        around = whole == whole[region][0]
        belief = probabilities[region].sum(axis=0)
        belief[0] = 0
        sure = float(foreground[region].mean())
        share = np.count_nonzero(region) / np.count_nonzero(around)
        where = snapped_yxyx(region, foreground, pool)
        yield Suspicion(sure * share, OVERLOOKED, int(belief.argmax()), where)


def _is_rest(region: np.ndarray, box: BoxBelief, placement: Placement) -> bool:
    """Whether a region is a part of the box's object, which the box itself is suspect of."""
    if np.count_nonzero(region & placement.pixels) <= np.count_nonzero(region) / 2:
        return False
    within = common_area(box.edges, extent_yxyx(region)) >= _WITHIN * area(box.edges)
    return within or placement.moved >= _MOVED
