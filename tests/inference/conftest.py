"""A small network that has opinions, and images to have them about."""

import numpy as np
import pytest

from boxsup_tf.data.shapes import SHAPE_CLASSES, draw_scene
from boxsup_tf.models.segmenter import Segmenter
from tests.models.segmenters import make_segmenter


@pytest.fixture(scope="session")
def class_names() -> tuple[str, ...]:
    return SHAPE_CLASSES


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    """Three images uint8 [H, W, 3] of three sizes."""
    return [draw_scene(np.random.default_rng(seed), 80)[0] for seed in (1, 2, 3)]


@pytest.fixture(scope="session")
def segmenter(images, class_names) -> Segmenter:
    """Random weights, but with a last layer that claims several classes in every image."""
    segmenter = make_segmenter(class_names, seed=3)
    last = segmenter.model.get_layer("fc8")
    kernel = np.random.default_rng(3).normal(0, 3, last.kernel.shape)
    last.set_weights([kernel, np.zeros(len(class_names))])
    logits = segmenter.logits(images[0][None]).numpy()
    last.set_weights([kernel, -logits.mean(axis=(0, 1, 2))])
    for image in images:
        predicted = segmenter.label_maps(image[None]).numpy()
        assert len(np.unique(predicted)) >= 3
    return segmenter
