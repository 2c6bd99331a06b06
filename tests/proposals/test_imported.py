"""proposals.methods.imported: candidates of others, by the name of the image."""

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import importers, registry
from boxsup_tf.proposals.methods import imported
from tests.proposals.importers import masks as made


def test_the_formats_are_the_files():
    assert {"coco_rle", "label_png", "mcg_mat"} <= set(importers.format_names())


def test_the_format_is_read_by_its_file(tmp_path):
    labels = np.random.default_rng(0).integers(0, 5, (40, 55), np.uint8)
    Image.fromarray(labels).save(tmp_path / "a.png")
    options = {"format": "label_png", "path": str(tmp_path)}
    image = made.inputs("a.jpg").image
    pool = registry.propose(image, "imported", filename="a.jpg", **options)
    made.check_is(pool, np.stack([labels == value for value in range(1, 5)]))
    assert pool.pack() == imported.propose(made.inputs("a.jpg"), imported.Options(**options)).pack()
    with pytest.raises(ValueError, match="the image has no file name"):
        registry.propose(image, "imported", **options)


def test_a_bad_value_is_named(tmp_path):
    with pytest.raises(InputError, match="--format=matlab: expected one of .*coco_rle, label_png"):
        imported.Options("matlab", str(tmp_path))
    with pytest.raises(InputError, match="--path=.*nowhere: not found"):
        imported.Options("mcg_mat", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="--path=: not found: expected a folder or file"):
        imported.Options()
