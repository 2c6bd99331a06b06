"""E_o and E_r of every candidate for every box (BoxSup, Sec. 3.2, eqs. 2 and 3).

Both are sums over pixels, so both are additive over superpixels: one segment-sum over the
image and one product with the membership matrix score all candidates of all boxes.
"""

import dataclasses

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf import pool_ops

BELIEFS = ("cross_entropy", "centred")
NORMALISERS = ("image", "box")


@dataclasses.dataclass(frozen=True)
class ScoringConfig:
    """What the paper leaves open about the costs.

    Attributes:
        clip_to_box: a candidate stands for its part inside the box.
        belief: how E_r reads the network. `cross_entropy`: the paper's. `centred`:
            1 - soft IoU with sigmoid(log-odds minus their mean in the box), which asks only
            where in the box the network sees the object, and so survives an immature network.
        normaliser: of the cross-entropy: the mean is over the `image`'s pixels (the paper's
            formula) or over those of the `box`.
    """

    clip_to_box: bool = True
    belief: str = "cross_entropy"
    normaliser: str = "image"

    def __post_init__(self) -> None:
        if self.belief not in BELIEFS:
            raise ValueError(f"belief {self.belief!r}: expected one of {BELIEFS}")
        if self.normaliser not in NORMALISERS:
            raise ValueError(f"normaliser {self.normaliser!r}: expected one of {NORMALISERS}")


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
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Costs of giving candidate n the label of box b.

        Args:
            log_probabilities: float32 [H, W, C], the network's log-softmax.
            superpixels: int32 [H, W], values below R.
            members: bool [R, N].
            boxes: float32 [B, 4], yxyx half-open, pixels.
            labels: int32 [B].

        Returns:
            E_o and E_r, each float32 [B, N]. E_o = 1 - IoU of the box with the candidate's
            tight box, in 0 .. 1. E_r in nats a pixel (cross_entropy), or 0 .. 1 (centred).
        """
        tight = pool_ops.tight_boxes_yxyx(superpixels, members)
        overlap_cost = 1.0 - box_ops.pairwise_iou_yxyx(boxes, tight)
        shape = tf.shape(superpixels)
        inside = tf.reshape(
            box_ops.inside_yxyx(boxes, shape[0], shape[1]), [tf.shape(boxes)[0], -1]
        )
        inside = tf.transpose(tf.cast(inside, tf.float32))  # [P, B], P = H * W
        flat = tf.reshape(log_probabilities, [-1, tf.shape(log_probabilities)[2]])
        log_odds = tf.gather(flat, labels, axis=1) - flat[:, :1]  # of l_B against background
        where = inside if self._config.clip_to_box else tf.ones_like(inside)

        def over_candidates(values: tf.Tensor) -> tf.Tensor:
            """Sums values [P, B] over the pixels of every candidate: [B, N]."""
            segments, num = tf.reshape(superpixels, [-1]), tf.shape(members)[0]
            sums = tf.math.unsorted_segment_sum(values, segments, num)
            return tf.matmul(sums, tf.cast(members, tf.float32), transpose_a=True)

        if self._config.belief == "centred":
            return overlap_cost, _centred(log_odds, inside, where, over_candidates)
        if self._config.normaliser == "image":
            base, pixels = -tf.reduce_sum(flat[:, 0]), tf.cast(tf.shape(flat)[0], tf.float32)
        else:
            # Only the box's pixels count, so the part of a candidate outside cannot.
            where = inside
            base = -tf.linalg.matvec(inside, flat[:, 0], transpose_a=True)[:, None]
            pixels = tf.maximum(tf.reduce_sum(inside, axis=0), 1.0)[:, None]
        # Painting a pixel with l_B instead of background changes its loss by -log_odds.
        return overlap_cost, (base - over_candidates(log_odds * where)) / pixels


def _centred(log_odds, inside, where, over_candidates) -> tf.Tensor:
    """1 - soft IoU of every candidate with the network's box-centred belief, [B, N]."""
    in_box = tf.reduce_sum(inside, axis=0)
    mean = tf.math.divide_no_nan(tf.reduce_sum(log_odds * inside, axis=0), in_box)
    belief = tf.sigmoid(log_odds - mean[None, :]) * inside
    hits = over_candidates(belief)
    area = over_candidates(where)
    union = area + tf.reduce_sum(belief, axis=0)[:, None] - hits
    return 1.0 - tf.math.divide_no_nan(hits, union)
