"""What choosing candidates costs beside the network's forward pass."""

import numpy as np
import tensorflow as tf
from generated_data import CLASS_NAMES, block_pool, random_boxes_yxyx
from side_by_side import Times, measure

from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.pools import pool_ops
from boxsup_tf.supervision.scoring import Costs, Scorer, ScoringConfig
from boxsup_tf.supervision.selection import choose, eligible_candidates
from boxsup_tf.training.config import TrainConfig

HEIGHT, WIDTH = 375, 500
_NUM_BOXES = (2, 3, 4, 5)
_TIMES = 5  # each, in a row: a choice takes milliseconds

FORWARD = "forward pass"


def measure_choice(
    config: TrainConfig, beliefs: list[str], num_candidates: int, repeats: int
) -> Times:
    """Seconds per image of the forward pass, and of scoring and selection by every belief.

    The forward pass ends with the scores of every pixel. All that comes after it is the
    choice's: the softmax, both costs of every candidate, and the draw. Images with 2 to 5 boxes
    take turns.
    """
    rng = np.random.default_rng(0)
    segmenter = Segmenter.build(config.architecture(CLASS_NAMES), dtype_policy=config.dtype_policy)
    image = tf.constant(rng.integers(0, 256, (1, HEIGHT, WIDTH, 3), np.uint8))
    pool = block_pool(rng, HEIGHT, WIDTH, num_candidates)
    superpixels = tf.constant(pool.superpixels)
    membership = pool_ops.unpack(pool_ops.PackedPool.of(pool)).membership
    members = pool_ops.stored_members(membership)
    boxes = [tf.constant(random_boxes_yxyx(rng, n, HEIGHT, WIDTH)) for n in _NUM_BOXES]
    labels = [tf.constant(rng.integers(1, len(CLASS_NAMES), n), tf.int32) for n in _NUM_BOXES]
    ids = [tf.strings.as_string(tf.range(n)) for n in _NUM_BOXES]

    @tf.function
    def forward() -> tf.Tensor:
        return segmenter.logits(image)[0]

    logits = forward()

    def make_choices(belief: str):
        scorer = Scorer(ScoringConfig(config.clip_to_box, belief, config.normaliser))

        @tf.function(reduce_retracing=True)
        def choose_one(boxes: tf.Tensor, labels: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
            stored = scorer(logits, superpixels, members, boxes, labels)
            costs = Costs(*(pool_ops.in_pool_order(membership, cost) for cost in stored))
            return choose(
                costs.total(config.feedback_weight, config.prior_weight),
                eligible_candidates(costs.overlap, tf.constant(False), config.min_box_iou),
                ids,
                tf.constant(config.seed, tf.int64),
                tf.constant(0, tf.int64),
                tf.constant(config.k),
            )

        def run() -> None:
            for _ in range(_TIMES):
                for one in zip(boxes, labels, ids, strict=True):
                    choose_one(*one).numpy()

        return run

    work = {FORWARD: lambda: forward().numpy()} | {name: make_choices(name) for name in beliefs}
    seconds = measure(work, repeats)
    images = {name: _TIMES * len(_NUM_BOXES) for name in beliefs}
    return {name: values / images.get(name, 1) for name, values in seconds.items()}
