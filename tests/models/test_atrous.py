"""The native dilated convolution against Keras' own, and the way round it."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.atrous import AtrousConv2D, has_native_dilation

_REPOSITORY = pathlib.Path(__file__).parents[2]

_CASES = [
    *[(2, 3, "same"), (12, 3, "same"), (4, 4, "same")],
    *[(2, 3, "valid"), (1, 3, "same"), (1, 1, "same")],
]

# bfloat16 has 8 bits: 0.004 a rounding. Without oneDNN the kernels' sums are rounded too.
_ROUNDING = {True: 0.02, False: 0.05}


def run_layer(
    layer_class: type, rate: int, size: int, padding: str, dtype: str = "float32"
) -> list[np.ndarray]:
    """Output, input gradient, kernel gradient and bias gradient on fixed random numbers."""
    rng = np.random.default_rng(rate + size)
    images = tf.constant(rng.normal(size=(2, 29, 33, 5)), tf.float32)
    layer = layer_class(
        4, size, padding=padding, dilation_rate=rate, activation="relu", dtype=dtype
    )
    layer.build(images.shape)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images)
        loss = tf.reduce_mean(tf.cast(outputs, tf.float32) ** 2)
    sources = [images, layer.kernel.value, layer.bias.value]
    return [tf.cast(x, tf.float32).numpy() for x in (outputs, *tape.gradient(loss, sources))]


def run_all() -> dict[str, np.ndarray]:
    values = {f"{i}_{j}": x for i, c in enumerate(_CASES) for j, x in enumerate(run(c))}
    values |= {
        f"bfloat16_{i}_{j}": x
        for i, c in enumerate(_CASES)
        for j, x in enumerate(run_layer(AtrousConv2D, *c, dtype="mixed_bfloat16"))
    }
    return values | {"native": np.array(has_native_dilation())}


def run(case: tuple[int, int, str]) -> list[np.ndarray]:
    return run_layer(AtrousConv2D, *case)


@pytest.mark.parametrize("case", _CASES)
def test_equals_keras_forward_and_backward(case):
    expected = run_layer(keras.layers.Conv2D, *case)
    for ours, theirs in zip(run(case), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("case", _CASES)
def test_bfloat16_is_float32_but_for_rounding(case):
    for ours, exact in zip(
        run_layer(AtrousConv2D, *case, dtype="mixed_bfloat16"), run(case), strict=True
    ):
        assert_equal_but_for_rounding(ours, exact, _ROUNDING[has_native_dilation("bfloat16")])


def assert_equal_but_for_rounding(ours: np.ndarray, exact: np.ndarray, tolerance: float) -> None:
    error = np.linalg.norm(ours - exact) / np.linalg.norm(exact)
    assert 0 < error < tolerance


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_dilation_is_one_convolution_where_the_device_has_it(policy):
    layer = AtrousConv2D(4, 3, padding="same", dilation_rate=2, dtype=policy)
    layer.build([None, None, None, 5])
    images = tf.TensorSpec([None, None, None, 5])
    graph = tf.function(lambda x: layer(x)).get_concrete_function(images).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert "Conv2D" in kinds
    assert ("SpaceToBatchND" not in kinds) == has_native_dilation(layer.compute_dtype)


def test_without_onednn_the_numbers_stay(tmp_path):
    script = (
        "import sys, numpy; sys.path[:0] = sys.argv[1:3]\n"
        "import test_atrous; numpy.savez(sys.argv[3], **test_atrous.run_all())"
    )
    paths = [str(_REPOSITORY), os.path.dirname(__file__), str(tmp_path / "values.npz")]
    # No accelerator: the CPU without oneDNN is the device that lacks the kernel.
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", script, *paths], env=environment, check=True)
    values = np.load(paths[-1])
    assert not values["native"]
    for i, case in enumerate(_CASES):
        for j, expected in enumerate(run(case)):
            tolerance = 1e-5 * np.abs(expected).max()
            np.testing.assert_allclose(values[f"{i}_{j}"], expected, rtol=1e-5, atol=tolerance)
            rounded = values[f"bfloat16_{i}_{j}"]
            assert_equal_but_for_rounding(rounded, expected, _ROUNDING[False])
