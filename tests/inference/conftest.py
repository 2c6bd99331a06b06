"""A small network that has opinions, and images to have them about."""

import keras
import numpy as np
import pytest

from boxsup_tf.data.shapes import SHAPE_CLASSES, draw_scene
from boxsup_tf.models import scores
from boxsup_tf.models.networks import build_network


@pytest.fixture(scope="session")
def class_names() -> tuple[str, ...]:
    return SHAPE_CLASSES


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    """Three images uint8 [H, W, 3] of three sizes."""
    return [draw_scene(np.random.default_rng(seed), 80)[0] for seed in (1, 2, 3)]


@pytest.fixture(scope="session")
def model(images, class_names) -> keras.Model:
    """Random weights, but with a last layer that claims several classes in every image."""
    model = build_network("largefov", len(class_names), width_multiplier=0.1, seed=3)
    last = model.get_layer("fc8")
    kernel = np.random.default_rng(3).normal(0, 3, last.kernel.shape)
    last.set_weights([kernel, np.zeros(len(class_names))])
    logits = scores.full_resolution_logits(model, images[0][None]).numpy()
    last.set_weights([kernel, -logits.mean(axis=(0, 1, 2))])
    for image in images:
        predicted = scores.full_resolution_logits(model, image[None]).numpy().argmax(-1)
        assert len(np.unique(predicted)) >= 3
    return model
