"""Two halves of a segmenter against the whole network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.segmenters import make_segmenter

POLICIES = {"float32": "float32", "mixed": "mixed_bfloat16"}


@pytest.fixture(scope="module", params=[(n, p) for n in ("largefov", "deeplab") for p in POLICIES])
def segmenter(request):
    name, policy = request.param
    return make_segmenter(4, network=name, seed=1, dtype_policy=POLICIES[policy])


def images_of(height: int, width: int) -> tf.Tensor:
    rng = np.random.default_rng(height)
    return tf.constant(rng.normal(0, 60, (2, height, width, 3)), tf.float32)


@pytest.mark.parametrize("num_blocks", [1, 4, 5])
def test_head_of_trunk_is_the_network(segmenter, num_blocks):
    model = segmenter.model
    trunk, head = segmenter.split(num_blocks)
    for size in [(33, 41), (20, 50)]:
        images = images_of(*size)
        features = trunk(images)
        assert features.dtype == model.get_layer(f"block{num_blocks}_pool").compute_dtype
        np.testing.assert_array_equal(head(features), model(images))
    names = [layer.name for half in (trunk, head) for layer in half.layers[1:]]
    assert names == [layer.name for layer in model.layers[1:]]


def test_dropout_of_the_head_is_the_networks_own(segmenter):
    model, images = segmenter.model, images_of(33, 33)
    trunk, head = segmenter.split(4)
    before = [variable.numpy() for variable in model.non_trainable_variables]
    expected = model(images, training=True)
    for variable, value in zip(model.non_trainable_variables, before, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(head(trunk(images), training=True), expected)
    assert not np.array_equal(model(images, training=True), expected)


def test_a_step_on_the_head_trains_the_network_behind_the_cut():
    segmenter = make_segmenter(4, dropout=0.0, seed=2)
    model = segmenter.model
    trunk, head = segmenter.split(4)
    assert {id(weight) for half in (trunk, head) for weight in half.weights} == {
        id(weight) for weight in model.weights
    }
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    images = images_of(33, 33)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(head(trunk(images), training=True) ** 2)
    gradients = tape.gradient(loss, head.trainable_variables)
    keras.optimizers.SGD(0.1).apply(gradients, head.trainable_variables)
    changed = {w.path for w in model.trainable_weights if np.any(w.numpy() != before[w.path])}
    late = ("block5", "fc")
    assert changed == {path for path in before if path.startswith(late)}
    np.testing.assert_array_equal(head(trunk(images)), model(images))


def test_checkpoint_of_the_whole_network_is_the_same_after_a_split(tmp_path):
    model = make_segmenter(4, seed=2).model
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "whole"))
    segmenter = make_segmenter(4, seed=3)
    other = segmenter.model
    _, head = segmenter.split(4)
    tf.train.Checkpoint(model=other).restore(path).assert_consumed()
    for ours, theirs in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_array_equal(head.weights[-1].numpy(), model.weights[-1].numpy())
