"""Network updates in float16, with its loss scale, and through XLA: the steps of float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers
from tests import forked
from tests.models.segmenters import make_segmenter
from tests.training import replicas

NUM_CLASSES, CROP = 3, 33


def _batch() -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(0)
    images = rng.normal(0, 60, (2, CROP, CROP, 3))
    labels = rng.integers(0, NUM_CLASSES, (2, CROP, CROP))
    return tf.constant(images, tf.float32), tf.constant(labels, tf.int32)


def _update(config: TrainConfig) -> tuple[list, keras.optimizers.Optimizer, NetworkUpdate]:
    """The variables, the optimiser, and the update."""
    segmenter = make_segmenter(
        NUM_CLASSES, 0.05, dropout=0.0, seed=4, dtype_policy=config.dtype_policy
    )
    network = TrainingNetwork(segmenter, config)
    optimizer = make_optimizer(config, steps_per_epoch=2)
    variables = network.trained.trainable_variables
    optimizer.build(variables)
    return (
        variables,
        optimizer,
        NetworkUpdate(network, optimizer, Workers(), config, keras.metrics.Mean()),
    )


def _moves(scale: float | None = None, **settings) -> tuple[float, list[np.ndarray]]:
    """The loss of a step, and how it moves every variable."""
    config = TrainConfig("", batch_size=2, **{"learning_rate": 0.01, "momentum": 0.0} | settings)
    variables, optimizer, update = _update(config)
    if scale:
        optimizer.dynamic_scale.assign(scale)
    before = [variable.numpy() for variable in variables]
    loss = float(update.step(*_batch())[0])
    return loss, [v.numpy() - b for v, b in zip(variables, before, strict=True)]


def _differences(ours: list[np.ndarray], expected: list[np.ndarray]) -> np.ndarray:
    """Of every variable's move, relative to its own size."""
    norm = np.linalg.norm
    return np.array([norm(a - b) / norm(b) for a, b in zip(ours, expected, strict=True)])


def test_float16_is_nearer_to_float32_than_bfloat16_is():
    (loss, exact), (half_loss, half), (_, brain) = (
        _moves(precision=precision) for precision in ("float32", "float16", "bfloat16")
    )
    assert half_loss == pytest.approx(loss, rel=1e-5)
    differences = _differences(half, exact)
    # The last layer is float32; below it, ReLUs and poolings that turn over weigh in.
    assert differences[-2:].max() < 5e-3 and differences.max() < 0.15
    assert (differences < _differences(brain, exact)).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_clipping_and_decay_act_on_what_is_not_scaled(optimizer):
    settings = {"precision": "float16", "clip_norm": 1e-2, "weight_decay": 0.1}
    _, plain = _moves(1.0, optimizer=optimizer, **settings)
    _, scaled = _moves(2.0**12, optimizer=optimizer, **settings)
    norm = np.sqrt(sum((move**2).sum() for move in plain))
    assert norm > 0
    # Adam divides by a gradient's own size: one that is rounded to 0 without a scale moves here.
    assert np.median(_differences(scaled, plain)) < 0.02


def test_a_step_that_overflows_is_left_out_and_the_scale_halved():
    config = TrainConfig("", batch_size=2, precision="float16", learning_rate=0.01)
    variables, optimizer, update = _update(config)
    optimizer.dynamic_scale.assign(2.0**120)
    before = [variable.numpy() for variable in variables]
    update.step(*_batch())
    for variable, expected in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), expected)
    assert float(optimizer.dynamic_scale) == 2.0**119 and int(optimizer.iterations) == 0


def test_replicas_agree_on_the_step_and_on_leaving_it_out(tmp_path):
    path, names = tmp_path / "weights.npz", ["float16", "overflow"]
    program = ["-m", "tests.training.replicas", "2", str(path), *names]
    forked.run(program)
    several = np.load(path)
    one = replicas.weights_after(*replicas.CONFIGS["float16"], tf.distribute.get_strategy())
    moved = np.abs(one - replicas.initial_weights("float16")).max()
    assert moved > 1e-4
    np.testing.assert_allclose(several["float16"], one, rtol=0, atol=1e-2 * moved)
    np.testing.assert_array_equal(several["overflow"], replicas.initial_weights("overflow"))


def test_xla_takes_the_same_step():
    (loss, plain), (xla_loss, xla) = (_moves(jit_compile=compiled) for compiled in (False, True))
    assert xla_loss == pytest.approx(loss, rel=1e-5)
    assert _differences(xla, plain).max() < 1e-3
