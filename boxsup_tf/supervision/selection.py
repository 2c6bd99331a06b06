"""Which candidate each box activates (BoxSup, Sec. 3.3: random among the k best)."""

import tensorflow as tf

RECTANGLE = -1  # in a labelling: no candidate, the box itself is painted

# Fixed for ever: another key would change every labelling ever drawn.
_HASH_KEY = [0x626F78737570, 0x2015]
_HASH_BUCKETS = 2**62


def eligible_candidates(
    overlap_cost: tf.Tensor, one_per_box: tf.Tensor, min_box_iou: float
) -> tf.Tensor:
    """Which candidates a box may choose.

    Those whose tight box has an IoU of at least `min_box_iou` with it; where there is none, the one
    of highest box IoU; none where no tight box overlaps it. In a pool of one candidate per box,
    each box's own.

    Args:
        overlap_cost: float32 [B, N], E_o.
        one_per_box: scalar bool.

    Returns:
        bool [B, N].
    """
    shape = tf.shape(overlap_cost)
    best = overlap_cost <= tf.reduce_min(overlap_cost, axis=1, keepdims=True)
    near = overlap_cost <= 1.0 - min_box_iou
    shared = tf.where(tf.reduce_any(near, axis=1, keepdims=True), near, best)
    shared &= overlap_cost < 1.0  # what lies elsewhere would leave the box without a pixel
    own = tf.cast(tf.eye(shape[0], shape[1]), tf.bool)
    return tf.where(one_per_box, own, shared)


@tf.function(
    input_signature=[
        tf.TensorSpec([None, None], tf.float32),
        tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([None], tf.string),
        tf.TensorSpec([], tf.int64),
        tf.TensorSpec([], tf.int64),
        tf.TensorSpec([], tf.int32),
    ]
)
def choose(
    cost: tf.Tensor,
    eligible: tf.Tensor,
    box_ids: tf.Tensor,
    seed: tf.Tensor,
    update: tf.Tensor,
    k: tf.Tensor,
) -> tf.Tensor:
    """Draws, for every box, uniformly among its k eligible candidates of smallest cost.

    The draw depends on (seed, update, box id) alone: not on order, batches or workers. Equal
    costs rank by candidate number.

    Args:
        cost: float32 [B, N].
        eligible: bool [B, N].
        box_ids: string [B], unique over the training set.
        seed, update: int64 scalars; `update` counts the mask updates.
        k: int32 scalar, at least 1; fewer are drawn from where fewer are eligible.

    Returns:
        int32 [B], candidate numbers; `RECTANGLE` for a box with no eligible candidate.
    """
    num_boxes, num_candidates = tf.shape(cost)[0], tf.shape(cost)[1]

    def draw() -> tf.Tensor:
        most = tf.minimum(k, num_candidates)
        # Even an infinite cost ranks before a candidate that is not eligible.
        merit = tf.where(eligible, tf.maximum(-cost, tf.float32.min), -float("inf"))
        _, ranked = tf.math.top_k(merit, most)
        choices = tf.minimum(most, tf.reduce_sum(tf.cast(eligible, tf.int32), axis=1))
        where = [tf.strings.as_string(seed), tf.strings.as_string(update), box_ids]
        hashed = tf.strings.to_hash_bucket_strong(
            tf.strings.join(where, "/"), _HASH_BUCKETS, key=_HASH_KEY
        )
        drawn = tf.cast(hashed % tf.cast(tf.maximum(choices, 1), tf.int64), tf.int32)
        chosen = tf.gather(ranked, drawn, batch_dims=1)
        return tf.where(choices > 0, chosen, RECTANGLE)

    return tf.cond(tf.size(cost) == 0, lambda: tf.fill([num_boxes], RECTANGLE), draw)
