"""E_o and E_r of every candidate for every box (BoxSup, Sec. 3.2, eqs. 2 and 3).

All are sums over pixels, so all are additive over superpixels: one segment-sum over a box's pixels
and one product with the membership matrix score all candidates for it.
"""

import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.pools import pool_ops
from boxsup_tf.supervision import loose_boxes
from boxsup_tf.supervision.box_sums import BoxSums, sum_by_box, sum_by_candidate, sum_by_superpixel
from boxsup_tf.workers import devices

BELIEFS = ("cross_entropy", "calibrated", "centred")
NORMALISERS = ("image", "box")


@dataclasses.dataclass(frozen=True)
class ScoringConfig:
    """What the paper leaves open about the costs.

    Attributes:
        clip_to_box: a candidate stands for its part inside the box.
        belief: how E_r reads the network. `cross_entropy`: the paper's. `calibrated`: the same
            with log-odds whose mean in the box, where it is negative, is subtracted: an immature
            network is sure of background before it is sure of anything else. It is stated as
            the difference to painting nothing, which chooses alike and spares the background
            pixels' own cross-entropy. `centred`:
            1 - soft IoU with sigmoid(log-odds minus their mean in the box), which asks only
            where in the box the network sees the object.
        normaliser: of both cross-entropies: the mean is over the `image`'s pixels (the paper's
            formula) or over those of the `box`.
        box_tolerance, retighten_boxes: see `loose_boxes.overlap_cost`.
    """

    clip_to_box: bool = True
    belief: str = "cross_entropy"
    normaliser: str = "image"
    box_tolerance: float = 0.0
    retighten_boxes: bool = False

    @classmethod
    def of(cls, settings: Any) -> "ScoringConfig":
        """From settings that have fields of these names, among others."""
        return cls(
            **{field.name: getattr(settings, field.name) for field in dataclasses.fields(cls)}
        )

    def __post_init__(self) -> None:
        if self.belief not in BELIEFS:
            raise ValueError(f"belief {self.belief!r}: expected one of {BELIEFS}")
        if self.normaliser not in NORMALISERS:
            raise ValueError(f"normaliser {self.normaliser!r}: expected one of {NORMALISERS}")


class Costs(NamedTuple):
    """Costs of giving candidate n the label of box b, each float32 [B, N].

    Attributes:
        overlap: E_o = 1 - IoU of the box with the candidate's tight box, in 0 .. 1; of loose boxes
            see `loose_boxes.overlap_cost`.
        regression: E_r, in nats per pixel (cross_entropy, calibrated) or 0 .. 1 (centred).
        coverage: the share of the box's pixels that the candidate covers, 0 .. 1.
    """

    overlap: tf.Tensor
    regression: tf.Tensor
    coverage: tf.Tensor

    def total(
        self, feedback_weight: tf.Tensor | float, prior_weight: tf.Tensor | float
    ) -> tf.Tensor:
        """What a box minimises: E_o + lambda E_r, and the preference for large candidates.

        Args:
            feedback_weight: lambda.
            prior_weight: of `size_preference_cost`.
        """
        prior = size_preference_cost(self.coverage)
        return self.overlap + feedback_weight * self.regression + prior_weight * prior


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
        logits: tf.Tensor,
        superpixels: tf.Tensor,
        members: tf.Tensor,
        boxes: tf.Tensor,
        labels: tf.Tensor,
    ) -> Costs:
        """Scores every candidate for every box.

        Args:
            logits: float32 [H, W, C], the network's; P is their softmax.
            superpixels: int32 [H, W], values below R.
            members: bool [R, N].
            boxes: float32 [B, 4], yxyx half-open, pixels.
            labels: int32 [B].
        """

        def costs() -> Costs:
            tight = pool_ops.tight_boxes_yxyx(superpixels, members)
            config = self._config
            if config.box_tolerance:
                overlap = loose_boxes.overlap_cost(
                    boxes, labels, tight, logits, config.box_tolerance, config.retighten_boxes
                )
            else:
                overlap = 1.0 - box_ops.pairwise_iou_yxyx(boxes, tight)
            return Costs(overlap, *self._regression(logits, superpixels, members, boxes, labels))

        nothing = tf.zeros([0, tf.shape(members)[1]])
        return tf.cond(tf.size(boxes) == 0, lambda: Costs(nothing, nothing, nothing), costs)

    def of_pool(
        self, logits: tf.Tensor, pool: pool_ops.Pool, boxes: tf.Tensor, labels: tf.Tensor
    ) -> Costs:
        """The costs of a pool's candidates, in the pool's order; arguments as above."""
        members = pool_ops.stored_members(pool.membership)
        stored = self(logits, pool.superpixels, members, boxes, labels)
        return Costs(*(pool_ops.in_pool_order(pool.membership, cost) for cost in stored))

    def _regression(
        self,
        logits: tf.Tensor,
        superpixels: tf.Tensor,
        members: tf.Tensor,
        boxes: tf.Tensor,
        labels: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """E_r and coverage, each [B, N]."""
        config, size = self._config, tf.shape(superpixels)
        by_box = config.normaliser != "image"
        absolute = config.belief == "cross_entropy"
        background = _log_total(logits) - logits[:, :, 0] if absolute else None
        flat_members = tf.cast(members, tf.float32)

        def sums_in(windows: tf.Tensor) -> tuple[BoxSums, BoxSums]:
            """Of candidates [B, N], and of all pixels [B, 1], inside windows."""
            sums = sum_by_superpixel(
                windows,
                labels,
                logits,
                superpixels,
                tf.shape(members)[0],
                background if by_box else None,
                config.belief == "centred",
                at_once=devices.has_gpu(),
            )
            return sum_by_candidate(sums, flat_members), sum_by_box(sums)

        inside, box = sums_in(box_ops.windows_yxyx(boxes, size))
        coverage = tf.math.divide_no_nan(inside.area, box.area)
        counted = inside
        if not config.clip_to_box:
            image = tf.concat([[0, 0], size], axis=0)
            counted, _ = sums_in(tf.tile(image[None], [tf.shape(boxes)[0], 1]))
        if config.belief == "centred":
            union = counted.area + box.belief - inside.belief
            return 1.0 - tf.math.divide_no_nan(inside.belief, union), coverage
        lift = tf.zeros_like(box.area)  # what is added to the log-odds of every pixel
        if config.belief == "calibrated":
            lift = tf.maximum(-tf.math.divide_no_nan(box.log_odds, box.area), 0.0)
        # The cross-entropy of painting nothing.
        base = tf.zeros_like(box.area)
        if by_box:
            # Only the box's pixels count, so the part of a candidate outside cannot.
            counted, base, total = inside, box.background, tf.maximum(box.area, 1.0)
        else:
            total = tf.cast(tf.reduce_prod(size), tf.float32)
            if absolute:
                base = tf.reduce_sum(background)
        # Painting a pixel with l_B instead of background changes its loss by -log_odds.
        gain = counted.log_odds + lift * counted.area
        return (base - gain) / total, coverage


def _log_total(logits: tf.Tensor) -> tf.Tensor:
    """log of the sum of exp over classes, float32 [H, W]."""
    total = tf.reduce_sum(tf.exp(logits), axis=2)
    # Few networks leave the range of float32: only then must the largest logit be subtracted.
    in_range = tf.reduce_all((total > 1e-30) & (total < 1e30))
    return tf.cond(
        in_range, lambda: tf.math.log(total), lambda: tf.reduce_logsumexp(logits, axis=2)
    )


def size_preference_cost(coverage: tf.Tensor) -> tf.Tensor:
    """A preference for large candidates, for when the network is not asked.

    It is 1 - soft IoU of a candidate with a belief of one half in the whole box: what `centred`
    says of a network that knows nothing. 1 for an empty candidate, 1/2 for one that fills the box;
    `coverage` is float32, see `Costs`.
    """
    # hits / union = coverage / 2 / (coverage + 1 / 2 - coverage / 2)
    return 1.0 / (1.0 + coverage)
