"""Fixtures of the networks' tests."""

import os
import pathlib

import pytest

_REPOSITORY = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def vgg16_weights() -> str:
    """Path of Keras' VGG-16 ImageNet weights without the classifier."""
    shared = pathlib.Path(os.environ.get("BOXSUP_SHARED", _REPOSITORY.parent / "shared"))
    path = shared / "weights" / "vgg16_imagenet_notop.weights.h5"
    if not path.is_file():
        pytest.skip(f"{path} not found: set BOXSUP_SHARED to the folder that holds weights/")
    return str(path)
