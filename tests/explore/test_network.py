"""explore.network: what an export says is what its network says."""

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.explore import network
from boxsup_tf.inference.export import export


def test_an_exports_belief_is_its_networks(world, tmp_path):
    exported = network.of_export(export(world.segmenter, str(tmp_path)))
    image = np.random.default_rng(0).integers(0, 256, (40, 33, 3), np.uint8)
    logits = exported.logits(image)
    expected = world.segmenter.logits(image[None])[0].numpy()
    # Up to a number at each pixel, of which the softmax knows nothing.
    for scores in (logits, expected):
        scores -= np.log(np.exp(scores).sum(axis=2, keepdims=True))
    assert logits.dtype == np.float32 and expected.min() < -5
    np.testing.assert_allclose(logits, expected, atol=2e-4)
    assert exported.config is None and exported.class_names == world.segmenter.class_names


def test_an_image_beyond_the_memory_granted_is_refused(world):
    run = network.of_run(world.run)
    huge = np.broadcast_to(np.uint8(0), (9000, 9000, 3))
    with pytest.raises(InputError, match="9000 x 9000 pixels .* at most 67108864 .* 4 classes"):
        run.logits(huge)
