"""One optimiser step, against a computation by hand."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from boxsup_tf.labels import VOID
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.pixel_loss import PixelLoss
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers
from tests import forked
from tests.models.segmenters import make_segmenter
from tests.training import replicas
from tests.training.replicas import normalized_segmenter

CROP = 33


def _batch(size: int, seed: int = 0) -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, (size, CROP, CROP))
    labels[:, :5] = VOID
    images = rng.normal(0, 60, (size, CROP, CROP, 3))
    return tf.constant(images, tf.float32), tf.constant(labels, tf.int32)


def _segmenter() -> Segmenter:
    return make_segmenter(3, 0.05, dropout=0.0, seed=4)


def _update(
    config: TrainConfig, make: Callable[[], Segmenter] = _segmenter
) -> tuple[keras.Model, NetworkUpdate]:
    network = TrainingNetwork(make(), config)
    optimizer = make_optimizer(config, steps_per_epoch=2)
    optimizer.build(network.trained.trainable_variables)
    strategy = tf.distribute.get_strategy()
    update = NetworkUpdate(network, optimizer, Workers(strategy), config, keras.metrics.Mean())
    return network.trained, update


def test_rates_and_decay_are_caffes():
    """Two SGD steps: 10x for fc8, 2x for biases, no decay on biases, momentum on the sum."""
    config = TrainConfig("", learning_rate=0.01, weight_decay=0.03, momentum=0.9, batch_size=2)
    model, update = _update(config)
    copy = _segmenter().model
    images, labels = _batch(2)
    velocity = [np.zeros(v.shape, np.float32) for v in copy.trainable_variables]
    for _ in range(2):
        loss, _ = update.step(images, labels)
        with tf.GradientTape() as tape:
            by_hand = PixelLoss("grid", 8)(copy(images, training=True), labels) / 2
        assert loss.numpy() == pytest.approx(by_hand.numpy(), rel=1e-5)
        gradients = tape.gradient(by_hand, copy.trainable_variables)
        for i, (variable, gradient) in enumerate(
            zip(copy.trainable_variables, gradients, strict=True)
        ):
            name = variable.path
            rate = 0.01 * (10 if "fc8" in name else 1) * (2 if "bias" in name else 1)
            decay = 0 if "bias" in name else 0.03
            total = gradient.numpy() + decay * variable.numpy()
            velocity[i] = 0.9 * velocity[i] - rate * total
            variable.assign(variable.numpy() + velocity[i])
    for ours, expected in zip(model.trainable_variables, copy.trainable_variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), expected.numpy(), rtol=1e-4, atol=1e-6)


def test_a_batch_counts_as_the_mean_of_its_images():
    config = TrainConfig("", momentum=0.0, weight_decay=0.0)
    images, labels = _batch(2)
    moves = []
    for part in (slice(0, 2), slice(0, 1), slice(1, 2)):
        model, update = _update(config)
        before = model.get_weights()
        update.step(images[part], labels[part])
        moves.append([a - b for a, b in zip(model.get_weights(), before, strict=True)])
    for both, first, second in zip(*moves, strict=True):
        np.testing.assert_allclose(both, (first + second) / 2, atol=2e-6)


@pytest.mark.parametrize(
    ("make", "accumulate", "optimizer"),
    [
        (_segmenter, 2, "sgd"),
        (_segmenter, 5, "adamw"),
        (lambda: normalized_segmenter("frozen"), 2, "sgd"),
    ],
)
def test_a_batch_in_parts_gives_the_same_update(make, accumulate, optimizer):
    results = []
    for parts in (1, accumulate):
        config = TrainConfig("", batch_size=5, accumulate=parts, optimizer=optimizer)
        model, update = _update(config, make)
        # The last batch of an epoch may be smaller.
        losses = [float(update.step(*_batch(size, seed))[0]) for seed, size in enumerate((5, 3))]
        results.append((losses, model.get_weights()))
    (plain_loss, plain), (loss, weights) = results
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-5)
    for ours, expected in zip(weights, plain, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("batch_norm", ["frozen", "trained"])
def test_statistics_move_where_they_are_trained_and_decay_is_for_kernels(batch_norm):
    config = TrainConfig("", learning_rate=0.1, weight_decay=0.5, batch_norm=batch_norm)
    model, update = _update(config, lambda: normalized_segmenter(batch_norm))
    layer = model.get_layer("bn")
    layer.gamma.assign([1.0, 1.0, 1.0, 0.0])
    layer.beta.assign([0.1, 0.1, 0.1, -5.0])  # the last channel does not pass the ReLU
    update.step(*_batch(2))
    gamma, beta, mean, variance = layer.get_weights()
    assert (mean != 0).all() == (variance != 1).all() == (batch_norm == "trained")
    assert (mean != 0).any() == (batch_norm == "trained")
    assert (gamma[:3] != 1).any() and (beta[:3] != np.float32(0.1)).any()
    assert gamma[3] == 0 and beta[3] == -5


def test_counts_what_the_network_said_of_what_it_was_taught():
    model, update = _update(TrainConfig("", learning_rate=0.0))
    images, labels = _batch(2)
    said = tf.argmax(model(images), axis=-1).numpy().ravel()
    taught = labels[:, ::8, ::8].numpy().ravel()
    _, counts = update.step(images, labels)
    known = taught != VOID
    expected = metrics.confusion_matrix(taught[known], said[known], labels=range(3))
    np.testing.assert_array_equal(counts, expected)


def test_clip_norm_bounds_the_step():
    config = TrainConfig("", momentum=0.0, weight_decay=0.0, clip_norm=1e-3, learning_rate=1.0)
    model, update = _update(config)
    before = [variable.numpy() for variable in model.trainable_variables]
    update.step(*_batch(2))
    moves = zip(model.trainable_variables, before, strict=True)
    norm = np.sqrt(sum(((v.numpy() - b) ** 2).sum() for v, b in moves if "fc8" not in v.path))
    assert 0 < norm < 2.1e-3  # biases have twice the rate


def _rates(config: TrainConfig, epochs: list[int]) -> list[float]:
    """The learning rate before these epochs of ten steps."""
    optimizer = make_optimizer(config, steps_per_epoch=10)
    rates = []
    for epoch in epochs:
        optimizer.iterations.assign(10 * epoch)
        rates.append(float(optimizer.learning_rate))
    return rates


def test_step_schedule_divides_by_ten_every_15_epochs():
    found = _rates(TrainConfig("", schedule="step"), [0, 14, 15, 29, 30])
    np.testing.assert_allclose(found, [1e-3, 1e-3, 1e-4, 1e-4, 1e-5], rtol=1e-4)


def test_poly_schedule_ends_at_zero():
    config = TrainConfig("", schedule="poly", epochs=60)
    found = _rates(config, [0, 15, 30, 60])
    expected = [0.001 * (1 - share) ** 0.9 for share in (0, 0.25, 0.5, 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-9)


def test_adamw_leaves_biases_undecayed():
    config = TrainConfig("", optimizer="adamw", learning_rate=1e-3, weight_decay=0.5)
    model, _ = _update(config)
    optimizer = make_optimizer(config, 2)
    optimizer.build(model.trainable_variables)
    for variable in model.trainable_variables:
        variable.assign(tf.ones_like(variable))
    optimizer.apply([tf.zeros_like(v) for v in model.trainable_variables])
    for variable in model.trainable_variables:
        expected = 1.0 if variable.path.endswith("bias") else 1 - 1e-3 * 0.5
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-6)


@functools.cache
def _weights_after_one(name: str) -> np.ndarray:
    return replicas.weights_after(*replicas.CONFIGS[name], tf.distribute.get_strategy())


@pytest.mark.parametrize(
    "names", [["sgd"], ["adamw"], ["frozen statistics", "trained statistics"]], ids="-".join
)
@pytest.mark.parametrize("number", [2, 4])
def test_replicas_take_the_step_of_one(number, names, tmp_path):
    """The same global batches, also such as do not divide evenly, on several devices."""
    path = tmp_path / "weights.npz"
    program = ["-m", "tests.training.replicas", str(number), str(path), *names]
    forked.run(program)
    several = np.load(path)
    for name in names:
        one = _weights_after_one(name)
        moved = np.abs(one - replicas.initial_weights(name)).max()
        assert moved > 1e-3
        np.testing.assert_allclose(several[name], one, rtol=0, atol=1e-3 * moved)
