"""E_o and E_r of every candidate for every box (BoxSup, Sec. 3.2, eqs. 2 and 3).

All are sums over pixels, so all are additive over superpixels: one segment-sum over the image
and one product with the membership matrix score all candidates of all boxes.
"""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf import pool_ops

BELIEFS = ("cross_entropy", "calibrated", "centred", "constant")
NORMALISERS = ("image", "box", "candidate")


@dataclasses.dataclass(frozen=True)
class ScoringConfig:
    """What the paper leaves open about the costs.

    Attributes:
        clip_to_box: a candidate stands for its part inside the box.
        belief: how E_r reads the network. `cross_entropy`: the paper's. `calibrated`: the same
            with log-odds whose mean in the box, where it is negative, is subtracted: an immature
            network is sure of background before it is sure of anything else. `centred`:
            1 - soft IoU with sigmoid(log-odds minus their mean in the box), which asks only
            where in the box the network sees the object. `constant`: the network is not asked
            at all (a control): see `constant_belief_cost`.
        normaliser: of both cross-entropies: the mean is over the `image`'s pixels (the paper's
            formula), over those of the `box`, or over the `candidate`'s own alone.
    """

    clip_to_box: bool = True
    belief: str = "cross_entropy"
    normaliser: str = "image"

    def __post_init__(self) -> None:
        if self.belief not in BELIEFS:
            raise ValueError(f"belief {self.belief!r}: expected one of {BELIEFS}")
        if self.normaliser not in NORMALISERS:
            raise ValueError(f"normaliser {self.normaliser!r}: expected one of {NORMALISERS}")


class Costs(NamedTuple):
    """Costs of giving candidate n the label of box b, each float32 [B, N].

    Attributes:
        overlap: E_o = 1 - IoU of the box with the candidate's tight box, in 0 .. 1.
        belief: E_r, in nats a pixel (cross_entropy, calibrated) or 0 .. 1.
        fill: the share of the box's pixels that the candidate covers, 0 .. 1.
    """

    overlap: tf.Tensor
    belief: tf.Tensor
    fill: tf.Tensor


class Scorer(tf.Module):
    """Scores all candidates of an image; one trace serves every image size."""

    def __init__(self, config: ScoringConfig) -> None:
        super().__init__()
        self._config = config

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.bool),
            tf.TensorSpec([None, 4], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def __call__(
        self,
        log_probabilities: tf.Tensor,
        superpixels: tf.Tensor,
        members: tf.Tensor,
        boxes: tf.Tensor,
        labels: tf.Tensor,
    ) -> Costs:
        """Scores every candidate for every box.

        Args:
            log_probabilities: float32 [H, W, C], the network's log-softmax.
            superpixels: int32 [H, W], values below R.
            members: bool [R, N].
            boxes: float32 [B, 4], yxyx half-open, pixels.
            labels: int32 [B].
        """
        config = self._config
        tight = pool_ops.tight_boxes_yxyx(superpixels, members)
        overlap = 1.0 - box_ops.pairwise_iou_yxyx(boxes, tight)
        shape, num_boxes = tf.shape(superpixels), tf.shape(boxes)[0]
        inside = box_ops.inside_yxyx(boxes, shape[0], shape[1])
        inside = tf.transpose(tf.cast(tf.reshape(inside, [num_boxes, -1]), tf.float32))  # [P, B]
        segments, flat_members = tf.reshape(superpixels, [-1]), tf.cast(members, tf.float32)

        def over_superpixels(values: tf.Tensor) -> tf.Tensor:
            """Sums values [P, B] over the pixels of every superpixel: [R, B]."""
            return tf.math.unsorted_segment_sum(values, segments, tf.shape(members)[0])

        def over_candidates(sums: tf.Tensor) -> tf.Tensor:
            """Sums [R, B] over the superpixels of every candidate: [B, N]."""
            return tf.matmul(sums, flat_members, transpose_a=True)

        where = inside if config.clip_to_box else tf.ones_like(inside)
        in_box = tf.reduce_sum(inside, axis=0)
        inside_area = area = over_candidates(over_superpixels(inside))
        if not config.clip_to_box:
            area = over_candidates(over_superpixels(where))
        fill = tf.math.divide_no_nan(inside_area, in_box[:, None])
        if config.belief == "constant":
            return Costs(overlap, constant_belief_cost(fill), fill)
        flat = tf.reshape(log_probabilities, [-1, tf.shape(log_probabilities)[2]])
        log_odds = tf.gather(flat, labels, axis=1) - flat[:, :1]  # of l_B against background
        mean = tf.math.divide_no_nan(tf.reduce_sum(log_odds * inside, axis=0), in_box)
        if config.belief == "centred":
            belief = tf.sigmoid(log_odds - mean[None, :]) * inside
            hits = over_candidates(over_superpixels(belief))
            belief_area = tf.reduce_sum(belief, axis=0)[:, None]
            union = area + belief_area - hits
            return Costs(overlap, 1.0 - tf.math.divide_no_nan(hits, union), fill)
        if config.normaliser == "candidate":
            own = over_candidates(over_superpixels(tf.gather(flat, labels, axis=1) * where))
            lift = tf.minimum(mean, 0.0)[:, None] if config.belief == "calibrated" else 0.0
            return Costs(overlap, lift - tf.math.divide_no_nan(own, area), fill)
        if config.normaliser == "image":
            base, total = -tf.reduce_sum(flat[:, 0]), tf.cast(tf.shape(flat)[0], tf.float32)
        else:
            # Only the box's pixels count, so the part of a candidate outside cannot.
            where, area = inside, inside_area
            base = -tf.linalg.matvec(inside, flat[:, 0], transpose_a=True)[:, None]
            total = tf.maximum(in_box, 1.0)[:, None]
        gain = over_candidates(over_superpixels(log_odds * where))
        if config.belief == "calibrated":
            gain -= tf.minimum(mean, 0.0)[:, None] * area
        # Painting a pixel with l_B instead of background changes its loss by -log_odds.
        return Costs(overlap, (base - gain) / total, fill)


def constant_belief_cost(fill: tf.Tensor) -> tf.Tensor:
    """1 - soft IoU of candidates with a belief of one half in the whole box.

    Where the network is not asked, this is a preference for large candidates.

    Args:
        fill: float32, the share of the box that a candidate covers.

    Returns:
        float32 of its shape, 1 for an empty candidate, 1/2 for one that fills the box.
    """
    # hits / union = fill / 2 / (fill + 1 / 2 - fill / 2)
    return 1.0 / (1.0 + fill)
