"""The fully connected CRF in TensorFlow operations only, so that a SavedModel can contain it.

The same mean field as `crf.dense_crf`, which calls pydensecrf: P. Kraehenbuehl, V. Koltun.
Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials. NIPS 2011, Algorithm 1.
Both kernels filter on a permutohedral lattice, as the authors' code does.
"""

import numpy as np
import tensorflow as tf

from boxsup_tf.crf.dense_crf import CERTAIN, MIN_SHARE
from boxsup_tf.crf.parameters import CrfParameters
from boxsup_tf.crf.permutohedral import Lattice, build_lattice, filter_values, scale_points


def refine(
    images: tf.Tensor,
    probabilities: tf.Tensor,
    parameters: CrfParameters,
    min_share: float = MIN_SHARE,
) -> tf.Tensor:
    """The CRF's marginals, image by image; to be called inside a graph or not.

    Args:
        images: uint8 [B, H, W, 3], RGB; H and W at least 1, and unknown to the graph if need be.
        probabilities: float32 [B, H, W, C].
        min_share: see `dense_crf.refine`.

    Returns:
        float32 [B, H, W, C].
    """
    # One after the other: each takes all cores, and the memory of its lattice.
    return tf.map_fn(
        lambda pair: _refine_image(pair[0], pair[1], parameters, min_share),
        (images, probabilities),
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec(probabilities.shape[1:], tf.float32),
    )


def _refine_image(
    image: tf.Tensor, probabilities: tf.Tensor, parameters: CrfParameters, min_share: float
) -> tf.Tensor:
    shape = tf.shape(probabilities, tf.int64)
    flat = tf.reshape(probabilities, [-1, shape[2]])
    kept = tf.where(_believed_labels(flat, min_share))
    believed = tf.gather(flat, kept[:, 0], axis=1)
    if tf.shape(kept)[0] == 1:  # nothing to choose
        marginals = tf.ones_like(believed)
    else:
        marginals = _mean_field(image, believed, parameters)
    spread = tf.scatter_nd(kept, tf.transpose(marginals), tf.stack([shape[2], shape[0] * shape[1]]))
    return tf.reshape(tf.transpose(spread), shape)


def _believed_labels(probabilities: tf.Tensor, min_share: float) -> tf.Tensor:
    """bool [C] of probabilities float32 [H * W, C]: `dense_crf.believed_labels` in a graph."""
    if min_share <= 0:
        return tf.ones_like(probabilities[0], tf.bool)
    best = tf.argmax(probabilities, axis=1, output_type=tf.int32)
    sure = tf.reduce_max(probabilities, axis=1) >= CERTAIN
    num_labels = tf.shape(probabilities)[1]
    frequency = tf.math.bincount(best, minlength=num_labels)
    certain = tf.math.bincount(tf.boolean_mask(best, sure), minlength=num_labels) > 0
    share = tf.cast(frequency, tf.float32) / tf.cast(tf.shape(probabilities)[0], tf.float32)
    kept = (share >= min_share) | certain
    return kept if tf.reduce_any(kept) else frequency == tf.reduce_max(frequency)


def _mean_field(image: tf.Tensor, probabilities: tf.Tensor, parameters: CrfParameters) -> tf.Tensor:
    """float32 [H * W, C] of probabilities of the same shape."""
    height, width = tf.unstack(tf.cast(tf.shape(image)[:2], tf.float32))
    grid = tf.meshgrid(tf.range(width), tf.range(height))
    place = tf.reshape(tf.stack(grid), [2, -1])
    color = tf.cast(tf.transpose(tf.reshape(image, [-1, 3])), tf.float32)
    appearance = tf.concat([place / parameters.theta_alpha, color / parameters.theta_beta], axis=0)
    kernels = [
        _normalised(build_lattice(appearance), parameters.w1),
        _normalised(build_lattice(place / parameters.theta_gamma), parameters.w2),
    ]
    scores = tf.math.log(tf.maximum(probabilities, np.finfo(np.float32).tiny))
    marginals = tf.nn.softmax(scores)
    for _ in tf.range(parameters.iterations):  # a loop of the graph
        messages = [filter_values(kernel, marginals) for kernel in kernels]
        marginals = tf.nn.softmax(scores + tf.add_n(messages))
    return marginals


def _normalised(kernel: Lattice, weight: float) -> Lattice:
    """The kernel weight * D K D, D = diag(K 1)^(-1/2)."""
    ones = tf.ones([kernel.splat.dense_shape[0], 1])
    factors = tf.math.rsqrt(filter_values(kernel, ones)[:, 0])
    return scale_points(kernel, factors * weight**0.5)
