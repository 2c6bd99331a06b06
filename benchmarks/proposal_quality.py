"""Quality of candidate pools, measured with the true masks of objects.

Best Jaccard index and recall against the number of candidates as in J. Pont-Tuset, P. Arbelaez,
J. Barron, F. Marques, J. Malik, Multiscale Combinatorial Grouping, TPAMI 2017, Sec. 6 (there
J_i, the mean over instances; a candidate covers many instances if it fits them).
"""

from collections.abc import Sequence

import numpy as np

from boxsup_tf import boxes as box_ops
from boxsup_tf.pools.candidates import CandidatePool, tight_boxes_yxyx

COUNTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
RECALL_AT = (0.5, 0.7, 0.85)
RECTANGLE = -1  # among choices: no candidate, the box itself

_INSIDE_WEIGHT, _COVERAGE_WEIGHT, _MIN_BOX_IOU = 0.5, 0.5, 0.6  # see `pick_by_box`

_ROWS_AT_ONCE = 4096  # of membership, as float64: 8 MB for every 256 superpixels


def overlaps(pool: CandidatePool, instances: np.ndarray) -> np.ndarray:
    """Jaccard index of every candidate with every instance.

    Args:
        pool: of one image.
        instances: bool [I, H, W], true masks; they may overlap.

    Returns:
        float64 [N, I] in 0 .. 1.

    Raises:
        ValueError: the masks are not of the image's size.
    """
    if instances.shape[1:] != pool.superpixels.shape:
        raise ValueError(
            f"masks are {list(instances.shape[1:])}: expected the pool's image size "
            f"{list(pool.superpixels.shape)}"
        )
    intersections = _pixels_inside(pool, instances)
    areas = np.count_nonzero(instances, axis=(1, 2))
    unions = pool.areas[:, None] + areas[None, :] - intersections
    return intersections / np.maximum(unions, 1)


def best_overlaps(
    pool: CandidatePool, instances: np.ndarray, counts: Sequence[int] = COUNTS
) -> np.ndarray:
    """The best Jaccard index among the first n candidates, for several n.

    Args:
        pool: of one image, its best candidates first.
        instances: bool [I, H, W], true masks.
        counts: the n, each at least 1; a pool that holds fewer is taken whole.

    Returns:
        float64 [len(counts) + 1, I]; the last row is for all candidates. 0 where there is none.
    """
    if pool.num_candidates == 0:
        return np.zeros((len(counts) + 1, len(instances)))
    so_far = np.maximum.accumulate(overlaps(pool, instances), axis=0)
    last = [min(count, pool.num_candidates) - 1 for count in counts]
    return so_far[[*last, pool.num_candidates - 1]]


def quality_rows(
    best: np.ndarray, pool_sizes: Sequence[int], counts: Sequence[int] = COUNTS
) -> list[dict[str, float]]:
    """A table of quality against the number of candidates.

    Args:
        best: float [len(counts) + 1, I], `best_overlaps` of all images side by side.
        pool_sizes: the number of candidates of every image.
        counts: as given to `best_overlaps`.

    Returns:
        A row for every n of `counts`, and one for all candidates, whose n is the size of the
        largest pool: `n`, `mean_candidates` (per image, among its first n), `mean_best_jaccard`,
        and the share of instances found, `recall_50`, `recall_70` and `recall_85`.
    """
    sizes = np.asarray(pool_sizes)
    rows = []
    for n, jaccards in zip([*counts, int(sizes.max())], best, strict=True):
        row = {"n": n, "mean_candidates": float(np.minimum(sizes, n).mean())}
        row["mean_best_jaccard"] = float(jaccards.mean())
        for threshold in RECALL_AT:
            row[f"recall_{100 * threshold:.0f}"] = float((jaccards >= threshold).mean())
        rows.append(row)
    return rows


def pick_by_box(pool: CandidatePool, boxes_yxyx: np.ndarray) -> np.ndarray:
    """The candidate that each box picks when nothing but the box is known; the first of equals.

    It is the one of greatest fit + inside / 2 + coverage / (1 + coverage) / 2, or the box's own
    rectangle where that one's fit is below 0.6. fit is the box IoU of the candidate's part inside
    the box, inside the share of the candidate's pixels that lie in the box, coverage the share of
    the box's pixels that lie in the candidate. coverage / (1 + coverage) is the soft IoU of the
    candidate with a probability of 1/2 all over the box: it prefers full candidates to hollow ones.

    Measured on 97 COCO photographs (510 objects of 400 pixels or more; the regions of one HED
    hierarchy, 2,154 per image; the rectangle has 0.556): highest fit of the whole candidate 0.510,
    the same with the rectangle below a fit of 0.7 0.581, this rule 0.604. Numbers near these give
    the same to 0.003.

    Args:
        pool: of one image.
        boxes_yxyx: integers [B, 4], half-open, pixels; none empty.

    Returns:
        int64 [B], numbers of candidates, or `RECTANGLE`.
    """
    boxes = np.asarray(boxes_yxyx, int).reshape(-1, 4)
    if pool.num_candidates == 0 or len(boxes) == 0:
        return np.full(len(boxes), RECTANGLE)
    fit = np.concatenate(
        [box_ops.pairwise_iou_yxyx(box[None], _clipped_boxes(pool, box)) for box in boxes]
    )
    rectangles = np.array(box_ops.inside_yxyx(boxes, *pool.superpixels.shape))
    shared = _pixels_inside(pool, rectangles).T
    coverage = shared / np.count_nonzero(rectangles, axis=(1, 2))[:, None]
    merit = fit + _INSIDE_WEIGHT * shared / pool.areas
    merit += _COVERAGE_WEIGHT * coverage / (1 + coverage)
    picked = merit.argmax(axis=1)
    good = np.take_along_axis(fit, picked[:, None], axis=1)[:, 0] >= _MIN_BOX_IOU
    return np.where(good, picked, RECTANGLE)


def box_choice_ious(pool: CandidatePool, instances: np.ndarray) -> np.ndarray:
    """Jaccard index of each instance with what its tight box picks, clipped to the box.

    Args:
        pool: of one image; in a pool of one candidate per box, candidate n is instance n's.
        instances: bool [I, H, W], true masks, none empty.

    Returns:
        float64 [I].
    """
    boxes = np.array([box_ops.tight_box_yxyx(instance) for instance in instances], int)
    boxes = boxes.reshape(-1, 4)
    picked = np.arange(len(boxes)) if pool.one_per_box else pick_by_box(pool, boxes)
    found = np.array(box_ops.inside_yxyx(boxes, *pool.superpixels.shape))
    for mask, candidate in zip(found, picked, strict=True):
        if candidate != RECTANGLE:
            mask &= pool.mask(int(candidate))
    intersections = np.count_nonzero(found & instances, axis=(1, 2))
    return intersections / np.count_nonzero(found | instances, axis=(1, 2))


def _pixels_inside(pool: CandidatePool, masks: np.ndarray) -> np.ndarray:
    """float64 [N, I], exact: pixels of every candidate inside every mask (bool [I, H, W])."""
    num_superpixels = pool.membership.shape[1]
    counts = np.zeros((num_superpixels, len(masks)))
    for i, mask in enumerate(masks):
        counts[:, i] = np.bincount(pool.superpixels[mask], minlength=num_superpixels)
    blocks = range(0, pool.num_candidates, _ROWS_AT_ONCE)
    # A product of floats is done by BLAS, one of integers by a plain loop.
    parts = [pool.membership[i : i + _ROWS_AT_ONCE].astype(np.float64) @ counts for i in blocks]
    return np.concatenate([np.zeros((0, len(masks))), *parts])


def _clipped_boxes(pool: CandidatePool, box_yxyx: np.ndarray) -> np.ndarray:
    """int64 [N, 4], yxyx: tight boxes of the candidates' parts inside a box; empty: zeros."""
    ymin, xmin, ymax, xmax = box_yxyx
    present, crop = np.unique(pool.superpixels[ymin:ymax, xmin:xmax], return_inverse=True)
    members = pool.membership[:, present]
    tight = tight_boxes_yxyx(crop.reshape(ymax - ymin, xmax - xmin), members)
    tight += np.array([ymin, xmin] * 2)
    tight[~members.any(axis=1)] = 0
    return tight
