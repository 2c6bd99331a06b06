"""The loss of pixels, against a loop over them."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.models.grid import upsample
from boxsup_tf.training.pixel_loss import PixelLoss

CROP = 33


@pytest.mark.parametrize(
    ("at", "kind", "weights"),
    [
        ("grid", "cross_entropy", None),
        ("pixels", "cross_entropy", None),
        ("grid", "cross_entropy", (0.5, 2.0, 3.0)),
        ("grid", "focal", None),
        ("pixels", "focal", (0.5, 2.0, 3.0)),
    ],
)
def test_loss_equals_brute_force(at, kind, weights):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (2, 5, 5, 3)).astype(np.float32)
    labels = rng.integers(0, 3, (2, CROP, CROP))
    labels[:, :5] = VOID
    expected = 0.0
    scores = logits if at == "grid" else upsample(tf.constant(logits), CROP, CROP).numpy()
    step = 8 if at == "grid" else 1
    for image, label_map in zip(scores, labels, strict=True):
        total, count = 0.0, 0
        for i, row in enumerate(image):
            for j, pixel in enumerate(row.astype(np.float64)):
                count += 1
                label = label_map[step * i, step * j]
                if label != VOID:
                    probability = np.exp(pixel[label]) / np.exp(pixel).sum()
                    focus = (1 - probability) ** 2 if kind == "focal" else 1.0
                    weight = weights[label] if weights else 1.0
                    total -= weight * focus * np.log(probability)
        expected += total / count
    loss = PixelLoss(at, 8, kind, np.array(weights) if weights else None)
    found = loss(tf.constant(logits), tf.constant(labels, tf.int32))
    assert found.numpy() == pytest.approx(expected, rel=1e-5)


def test_what_is_most_wrong_has_the_gradient_of_the_cross_entropy():
    logits = tf.Variable([[[[0.0, 40.0]]]])  # P of the first class is 4e-18
    gradients = {}
    for kind in ("cross_entropy", "focal"):
        with tf.GradientTape() as tape:
            loss = PixelLoss("grid", 8, kind, None)(logits, tf.zeros([1, 1, 1], tf.int32))
        gradients[kind] = tape.gradient(loss, logits).numpy().ravel()
    np.testing.assert_allclose(gradients["cross_entropy"], [-1, 1], atol=1e-6)
    np.testing.assert_allclose(gradients["focal"], [-1, 1], atol=1e-6)
