"""How much of an image's pseudo-mask is in doubt: what a human's mask of it would settle."""

from typing import NamedTuple

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.labels import VOID
from boxsup_tf.pools import pool_ops
from boxsup_tf.supervision import selection
from boxsup_tf.supervision.annotated_boxes import AnnotatedBoxes, boxes_of
from boxsup_tf.supervision.labelling import box_ids
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.scoring import Scorer
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.training_example import TrainingExample


class Doubt(NamedTuple):
    """Of one image, each a mean over its pixels, so that what is larger weighs more.

    Attributes:
        changed: share of the pixels whose label differs between the pseudo-masks of two updates,
            by the boxes alone and with the network, 0 .. 1.
        spread: how much the k best candidates of a box disagree, 0 (all have the pixel, or none) ..
            1 (half of them have it); of several boxes the largest.
        entropy: of the network's belief, in the boxes of objects and 0 elsewhere; 1 where all
            classes are equally likely.
        wrong: share of the pixels whose label in the pseudo-mask with the network is not the true
            one; void counts in neither. None without a true mask.
    """

    changed: float
    spread: float
    entropy: float
    wrong: float | None


class DoubtMeter:
    """Measures images one by one; one trace serves every image size.

    Args:
        config: of the run that trained the network.
        spec: of the examples, as `tf.data` has it.
        num_classes: background included.
        k: candidates of a box that are compared.
    """

    def __init__(self, config: TrainConfig, spec: TrainingExample, num_classes: int, k: int):
        self._config, self._k, self._scorer = config, k, Scorer(config.scoring)
        logits = tf.TensorSpec([None, None, num_classes], tf.float32)
        self._measure = tf.function(self._of_image, [spec, logits])

    def __call__(self, example: TrainingExample, logits: tf.Tensor) -> Doubt:
        """The doubt of an example with a pool, and the network's logits float32 [H, W, C] of it."""
        doubt = Doubt(*map(float, self._measure(example, logits)))
        return doubt if example.record.has_mask() else doubt._replace(wrong=None)

    def _of_image(self, example: TrainingExample, logits: tf.Tensor) -> Doubt:
        config, record = self._config, example.record
        pool = pool_ops.unpack(record.pool)
        annotated = boxes_of(record, config.difficult == "ignore")
        boxes, labels, _ = annotated
        costs = self._scorer.of_pool(logits, pool, boxes, labels)
        eligible = selection.eligible_candidates(
            costs.overlap, pool.one_per_box, config.min_box_iou
        )
        eligible &= annotated.choosing(config.ignored_boxes)[:, None]
        alone = costs.total(0.0, annotated.weights(config.prior_weight))
        asked = costs.total(annotated.weights(config.feedback_weight), 0.0)
        ids = box_ids(example.id, tf.shape(labels)[0])

        def painted(cost: tf.Tensor) -> tf.Tensor:
            zero = tf.constant(0, tf.int64)
            chosen = selection.choose(cost, eligible, ids, zero, zero, tf.constant(1))
            return paint(pool, chosen, annotated, config.clip_to_box)

        mask, truth = painted(asked), record.label_map()
        known = (truth != VOID) & (mask != VOID)
        wrong = tf.math.divide_no_nan(_share((mask != truth) & known), _share(known))
        return Doubt(
            changed=_share(painted(alone) != mask),
            spread=self._spread(pool, annotated, asked, eligible),
            entropy=_entropy(logits, annotated),
            wrong=wrong,
        )

    def _spread(
        self, pool: pool_ops.Pool, annotated: AnnotatedBoxes, cost: tf.Tensor, eligible: tf.Tensor
    ) -> tf.Tensor:
        size = tf.shape(pool.superpixels)
        num_boxes, k = tf.shape(cost)[0], tf.minimum(self._k, tf.shape(cost)[1])
        merit, best = tf.math.top_k(tf.where(eligible, -cost, -float("inf")), k)
        members = pool_ops.members_of(pool.membership, tf.reshape(best, [-1]))
        members = tf.reshape(members, [num_boxes, k, tf.shape(members)[1]])
        counted = tf.cast(merit > -float("inf"), tf.float32)
        held = tf.reduce_sum(tf.cast(members, tf.float32) * counted[:, :, None], axis=1)
        held = tf.math.divide_no_nan(held, tf.reduce_sum(counted, axis=1, keepdims=True))
        share = tf.gather(held, pool.superpixels, axis=1)  # [B, H, W]
        if self._config.clip_to_box:
            share *= tf.cast(box_ops.inside_yxyx(annotated.boxes, size[0], size[1]), tf.float32)
        most = tf.reduce_max(4 * share * (1 - share), axis=0)
        return tf.reduce_mean(tf.maximum(most, 0.0))  # without a box, it is -inf


def _share(pixels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(pixels, tf.float32))


def _entropy(logits: tf.Tensor, annotated: AnnotatedBoxes) -> tf.Tensor:
    size = tf.shape(logits)
    log_probabilities = tf.nn.log_softmax(logits)
    entropy = -tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=2)
    entropy /= tf.math.log(tf.cast(size[2], tf.float32))
    objects = tf.boolean_mask(annotated.boxes, ~annotated.ignored)
    inside = tf.reduce_any(box_ops.inside_yxyx(objects, size[0], size[1]), axis=0)
    return tf.reduce_mean(entropy * tf.cast(inside, tf.float32))
