"""The networks' shapes, symmetry, width, precision and seeds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.networks.deeplab_vgg16 import HEADS
from boxsup_tf.models.vgg16_weights import POOL5_SCALE
from tests.models.segmenters import build_network


def convolutions_of(model: keras.Model) -> dict[str, keras.layers.Conv2D]:
    return {layer.name: layer for layer in model.layers if hasattr(layer, "filters")}


def random_images(height: int, width: int, batch: int = 1) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    return rng.normal(0, 60, (batch, height, width, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=HEADS)
def model(request):
    return build_network(request.param, 4, width_multiplier=0.1, seed=1)


@pytest.mark.parametrize("size", [(1, 1), (8, 9), (41, 57), (40, 50), (42, 63)])
def test_one_score_every_eight_pixels(model, size):
    height, width = size
    logits = model(random_images(height, width, batch=2))
    assert logits.shape == (2, -(-height // 8), -(-width // 8), 4)


def test_on_the_grid_every_window_is_symmetric_about_its_pixel(model):
    # Turning the image and all kernels by 180 degrees turns the scores, if no window is
    # off-centre: so score (i, j) belongs to pixel (8 i, 8 j) seen from either corner.
    turned = build_network(model.name, 4, width_multiplier=0.1, seed=1)
    for name, layer in convolutions_of(model).items():
        kernel, bias = layer.get_weights()
        turned.get_layer(name).set_weights([kernel[::-1, ::-1], bias])
    images = random_images(41, 57)
    expected = model(images).numpy()
    np.testing.assert_allclose(
        turned(images[:, ::-1, ::-1]).numpy()[:, ::-1, ::-1],
        expected,
        atol=1e-4 * np.abs(expected).max(),
    )


def test_fc6_looks_where_caffe_with_holes_does():
    """pad 6 (12) and hole 4 (12): taps every 4 (12) rows and columns, about the centre."""
    for name, size, rate, pad in [("deeplab", 4, 4, 6), ("largefov", 3, 12, 12)]:
        fc6 = build_network(name, 4, width_multiplier=0.02, seed=1).get_layer("fc6")
        kernel, _ = fc6.get_weights()
        features = np.random.default_rng(0).random((1, 17, 19, kernel.shape[2]), np.float32)
        padded = np.pad(features, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
        expected = sum(
            padded[:, rate * i : rate * i + 17, rate * j : rate * j + 19] @ kernel[i, j]
            for i in range(size)
            for j in range(size)
        )
        np.testing.assert_allclose(fc6(features), np.maximum(expected, 0), rtol=1e-4, atol=1e-5)


# ICLR 2015, Table 2: millions of parameters of the 3 x 3 and the 4 x 4 network.
@pytest.mark.parametrize(
    "name, fc6, rate, millions",
    [("largefov", (3, 3, 512, 1024), 12, 20.5), ("deeplab", (4, 4, 512, 4096), 4, 65.1)],
)
def test_published_size(name, fc6, rate, millions):
    model = build_network(name, 21)
    convolutions = convolutions_of(model)
    assert len(convolutions) == 16
    assert convolutions["fc6"].kernel.shape == fc6
    assert convolutions["fc6"].dilation_rate == (rate, rate)
    assert {convolutions[f"block5_conv{i}"].dilation_rate for i in (1, 2, 3)} == {(2, 2)}
    assert model.count_params() == pytest.approx(millions * 1e6, rel=0.005)
    # The last layer as the authors fill it: a deviation of 0.01, no bias.
    kernel, bias = convolutions["fc8"].get_weights()
    assert kernel.std() == pytest.approx(0.01, rel=0.05) and not bias.any()


@pytest.mark.parametrize("name, fc_channels", [("largefov", 1024), ("deeplab", 4096)])
def test_width_multiplier_scales_all_but_the_classes(name, fc_channels):
    model = build_network(name, 5, width_multiplier=0.125)
    widths = [layer.filters for layer in convolutions_of(model).values()]
    full = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6 + [fc_channels] * 2
    assert widths == [width // 8 for width in full] + [5]
    tiny = build_network(name, 5, width_multiplier=1e-6)
    assert {layer.filters for layer in convolutions_of(tiny).values()} == {1, 5}


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"name": "unet"}, "'unet': expected one of .*largefov, deeplab"),
        ({"width_multiplier": 0}, "width_multiplier must be positive, not 0"),
        # Its weights would be bfloat16, in which small steps of SGD are lost.
        ({"dtype_policy": "bfloat16"}, "'bfloat16': expected one of float32, mixed_bfloat16"),
    ],
)
def test_bad_arguments_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        build_network(**({"name": "largefov", "num_classes": 5} | wrong))


def test_weights_depend_on_the_seed_alone(model):
    first, again, other = (
        [w.numpy() for w in build_network(model.name, 4, 0.1, seed=seed).trainable_weights]
        for seed in (7, 7, 8)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)  # biases begin at 0
    kernels = [w.ravel()[:9] for w in first if w.ndim == 4]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)


def test_dropout_acts_in_training_only(model):
    images = random_images(33, 33)
    np.testing.assert_array_equal(model(images, training=False), model(images, training=False))
    first, second = (model(images, training=True).numpy() for _ in range(2))
    assert not np.allclose(first, second)
    without = build_network(model.name, 4, 0.1, dropout=0.0)
    np.testing.assert_array_equal(without(images, training=True), without(images))


def test_pool5_is_scaled_by_a_weight_that_is_not_trained(model):
    model = build_network(model.name, 4, 0.1, seed=3)
    scale = model.get_layer(POOL5_SCALE)
    assert scale.get_weights() == [1.0] and not scale.trainable_weights
    pool5 = keras.Model(model.input, scale.output)
    images = random_images(33, 33)
    before = pool5(images).numpy()
    scale.set_weights([np.array(0.25)])
    np.testing.assert_allclose(pool5(images).numpy(), before / 4, rtol=1e-6)


def test_random_weights_keep_activations_near_one(model):
    """Pixels of a deviation of 60 come out of every block with one of about 1, not 60."""
    model = build_network(model.name, 4, 0.25, seed=3)
    images = random_images(65, 65)
    for name in ("block1_conv2", "block3_conv3", "block5_conv3", "fc7"):
        activations = keras.Model(model.input, model.get_layer(name).output)(images).numpy()
        assert 0.1 < np.sqrt((activations**2).mean()) < 5, name


def test_mixed_precision_computes_in_bfloat16_and_keeps_float32_weights(model):
    mixed = build_network(model.name, 4, 0.1, seed=1, dtype_policy="mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    for ours, theirs in zip(mixed.weights, model.weights, strict=True):
        assert ours.dtype == "float32"
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    computed = {layer.name: layer.output.dtype for layer in mixed.layers}
    assert computed.pop("images") == computed.pop("fc8") == "float32"
    assert set(computed.values()) == {"bfloat16"}


def test_mixed_precision_gives_about_the_same_scores_and_gradients(model):
    def scores_and_gradients(policy: str) -> list[np.ndarray]:
        network = build_network(model.name, 4, 0.1, dropout=0.0, seed=1, dtype_policy=policy)

        @tf.function
        def run():
            with tf.GradientTape() as tape:
                logits = network(random_images(65, 73), training=True)
                loss = tf.reduce_mean(logits**2)
            return logits, *tape.gradient(loss, network.trainable_variables)

        return run()

    names = ["logits", *(weight.path for weight in model.trainable_weights)]
    pairs = zip(
        scores_and_gradients("mixed_bfloat16"), scores_and_gradients("float32"), strict=True
    )
    for name, (mixed, exact) in zip(names, pairs, strict=True):
        assert mixed.dtype == tf.float32, name
        error = np.linalg.norm(mixed - exact) / np.linalg.norm(exact)
        # bfloat16 has 8 bits: 0.4 % a layer, of which there are 16. In the gradients, ties in
        # pooling windows and signs near zero come out otherwise, the more the earlier the layer.
        assert 0 < error < (0.05 if name == "logits" else 0.4), name
