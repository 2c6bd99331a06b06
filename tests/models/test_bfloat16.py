"""models.bfloat16: the twin computes what the network does, in fewer digits."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.bfloat16 import bfloat16_twin, copy_weights, has_native_bfloat16
from boxsup_tf.models.networks import build_network
from boxsup_tf.models.split import split


def _network(policy: str = "float32"):
    return build_network("largefov", 4, width_multiplier=0.1, seed=3, dtype_policy=policy)


@pytest.mark.parametrize("part", ["whole", "head"])
def test_twin_is_the_network_that_is_built_in_bfloat16(part):
    network, built = _network(), _network("mixed_bfloat16")
    shape = (1, 41, 33, 3)
    if part == "head":
        network, built = (split(model, "block3_pool")[1] for model in (network, built))
        shape = (1, 9, 7, network.input.shape[-1])
    inputs = tf.random.stateless_normal(shape, (1, 2)) * 50
    twin = bfloat16_twin(network)
    copy_weights(network, twin)
    np.testing.assert_array_equal(twin(inputs), built(tf.cast(inputs, built.input.dtype)))
    assert not np.array_equal(twin(inputs), network(inputs))
    assert all(weight.dtype == "float32" for weight in twin.weights)
    # It has weights of its own.
    before = network.get_weights()
    for weight in twin.weights:
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
