"""The network's shapes, symmetry, width and seeds."""

import keras
import numpy as np
import pytest

from boxsup_tf.models.largefov import POOL5_SCALE, build_largefov


def convolutions_of(model: keras.Model) -> dict[str, keras.layers.Conv2D]:
    return {layer.name: layer for layer in model.layers if hasattr(layer, "filters")}


def random_images(height: int, width: int, batch: int = 1) -> np.ndarray:
    return np.random.default_rng(height * width).normal(0, 60, (batch, height, width, 3))


@pytest.fixture(scope="module")
def model():
    return build_largefov(4, width_multiplier=0.1, seed=1)


@pytest.mark.parametrize("size", [(1, 1), (8, 9), (41, 57), (40, 50), (42, 63)])
def test_one_score_every_eight_pixels(model, size):
    height, width = size
    logits = model(random_images(height, width, batch=2))
    assert logits.shape == (2, -(-height // 8), -(-width // 8), 4)


def test_on_the_grid_every_window_is_symmetric_about_its_pixel(model):
    # Turning the image and all kernels by 180 degrees turns the scores, if no window is
    # off-centre: so score (i, j) belongs to pixel (8 i, 8 j) seen from either corner.
    turned = build_largefov(4, width_multiplier=0.1, seed=1)
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


def test_published_size():
    model = build_largefov(21)
    convolutions = convolutions_of(model)
    assert len(convolutions) == 16
    assert convolutions["fc6"].kernel.shape == (3, 3, 512, 1024)
    assert convolutions["fc6"].dilation_rate == (12, 12)
    assert {convolutions[f"block5_conv{i}"].dilation_rate for i in (1, 2, 3)} == {(2, 2)}
    # ICLR 2015, Table 1(b): LargeFOV has 20.5 M parameters.
    assert model.count_params() == pytest.approx(20.5e6, rel=0.01)


def test_width_multiplier_scales_all_but_the_classes():
    model = build_largefov(5, width_multiplier=0.25)
    widths = [layer.filters for layer in convolutions_of(model).values()]
    full = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6 + [1024] * 2
    assert widths == [width // 4 for width in full] + [5]
    tiny = build_largefov(5, width_multiplier=1e-6)
    assert {layer.filters for layer in convolutions_of(tiny).values()} == {1, 5}
    with pytest.raises(ValueError, match="width_multiplier"):
        build_largefov(5, width_multiplier=0)


def test_weights_depend_on_the_seed_alone():
    first, again, other = (
        [w.numpy() for w in build_largefov(4, 0.1, seed=seed).trainable_weights]
        for seed in (7, 7, 8)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)  # biases begin at 0
    kernels = [w.ravel()[:9] for w in first if w.ndim == 4]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)


def test_dropout_acts_in_training_only():
    model = build_largefov(4, 0.1, dropout=0.5, seed=3)
    images = random_images(33, 33)
    np.testing.assert_array_equal(model(images, training=False), model(images, training=False))
    first, second = (model(images, training=True).numpy() for _ in range(2))
    assert not np.allclose(first, second)


def test_pool5_is_scaled_by_a_weight_that_is_not_trained():
    model = build_largefov(4, 0.1, seed=3)
    scale = model.get_layer(POOL5_SCALE)
    assert scale.get_weights() == [1.0] and not scale.trainable_weights
    pool5 = keras.Model(model.input, scale.output)
    images = random_images(33, 33)
    before = pool5(images).numpy()
    scale.set_weights([np.array(0.25)])
    np.testing.assert_allclose(pool5(images).numpy(), before / 4, rtol=1e-6)


def test_random_weights_keep_activations_near_one():
    """Pixels of a deviation of 60 come out of every block with one of about 1, not 60."""
    model = build_largefov(4, 0.25, seed=3)
    images = random_images(65, 65)
    for name in ("block1_conv2", "block3_conv3", "block5_conv3", "fc7"):
        activations = keras.Model(model.input, model.get_layer(name).output)(images).numpy()
        assert 0.1 < np.sqrt((activations**2).mean()) < 5, name
