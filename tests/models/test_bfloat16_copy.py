"""models.bfloat16_copy: the copy computes what the network does, in fewer digits."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.bfloat16_copy import bfloat16_copy, copy_weights, has_native_bfloat16
from boxsup_tf.models.segmenter import Segmenter
from tests.models.segmenters import make_segmenter


def _segmenter(policy: str = "float32") -> Segmenter:
    return make_segmenter(4, seed=3, dtype_policy=policy)


@pytest.mark.parametrize("part", ["whole", "head"])
def test_copy_is_the_network_that_is_built_in_bfloat16(part):
    segmenters = _segmenter(), _segmenter("mixed_bfloat16")
    network, built = (segmenter.model for segmenter in segmenters)
    shape = (1, 41, 33, 3)
    if part == "head":
        network, built = (segmenter.split(3)[1] for segmenter in segmenters)
        shape = (1, 9, 7, network.input.shape[-1])
    inputs = tf.random.stateless_normal(shape, (1, 2)) * 50
    copy = bfloat16_copy(network, ("fc8",))
    copy_weights(network, copy)
    np.testing.assert_array_equal(copy(inputs), built(tf.cast(inputs, built.input.dtype)))
    assert not np.array_equal(copy(inputs), network(inputs))
    assert all(weight.dtype == "float32" for weight in copy.weights)
    # It has weights of its own.
    before = network.get_weights()
    for weight in copy.weights:
        weight.assign(tf.zeros_like(weight))
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_native_bfloat16_is_what_the_features_of_the_processor_say(monkeypatch, tmp_path):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("a GPU decides here")
    real_open = open
    for flags, expected in (
        ("fpu avx2 avx512_bf16 amx_tile", True),
        ("fp asimd bf16 i8mm", True),
        ("fpu avx2 avx512f", False),
        ("fpu amx_bf16x", False),
    ):
        (tmp_path / "cpuinfo").write_text(f"flags\t: {flags}\n")
        monkeypatch.setattr(
            "builtins.open",
            lambda path, *a, **k: real_open(
                tmp_path / "cpuinfo" if path == "/proc/cpuinfo" else path, *a, **k
            ),
        )
        assert has_native_bfloat16.__wrapped__() is expected
