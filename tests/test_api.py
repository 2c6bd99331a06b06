"""What `import boxsup_tf` offers: all that it names, documented, and nothing loaded too early."""

import subprocess
import sys

import numpy as np
import pytest

import boxsup_tf
from tests.conftest import REPOSITORY


def test_every_public_name_is_there_and_documented():
    public = set(boxsup_tf.__all__) - {"__version__"}
    assert public <= set(dir(boxsup_tf))
    for name in public:
        assert getattr(boxsup_tf, name).__doc__, name
        assert name in boxsup_tf.__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'boxes_of_gold'"):
        _ = boxsup_tf.boxes_of_gold


def test_importing_it_loads_no_tensorflow():
    program = """
import sys, boxsup_tf
assert "numpy" not in sys.modules
boxsup_tf.CandidatePool
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[str, str]:
    """The folders of records and of a run that was trained part by part."""
    folder = tmp_path_factory.mktemp("api")
    records, pools, run = (str(folder / name) for name in ("records", "pools", "run"))
    boxsup_tf.prepare(boxsup_tf.ShapesReader(4, seed=1, image_size=64), records, num_shards=1)
    options = boxsup_tf.make_options("scg", {"edges": "gradient", "max_regions": 1})
    boxsup_tf.generate(records, pools, "scg", options)
    config = boxsup_tf.TrainConfig(
        f"{pools}:box",
        val_data=records,
        **{"init": "random", "width_multiplier": 0.05, "crop_size": 65, "batch_size": 4},
        **{"epochs": 1, "num_pictures": 0},
    )
    trainer = boxsup_tf.Trainer(run, config)
    report = trainer.update_masks()
    assert report is not None and 0 < report.pseudo_mask_mean_iou <= 1
    trainer.update_network()
    trainer.end_epoch(trainer.validate())
    assert trainer.epoch == 1 and trainer.history.epochs[0]["val_mean_iou"] is not None
    # Part by part or as a whole, it is the same run: nothing is left to do.
    assert boxsup_tf.train(run, config) == trainer.history.epochs
    return records, run


def test_a_run_predicts_numpy_images_and_is_evaluated(run, tmp_path):
    records, folder = run
    model = boxsup_tf.load(folder)
    image = np.zeros((1, 40, 50, 3), np.uint8)
    assert model.label_maps(image).shape == (1, 40, 50)
    options = boxsup_tf.EvaluateOptions()
    (evaluation,) = boxsup_tf.evaluate(model, records, str(tmp_path / "out"), options)
    assert evaluation.metrics["num_images"] == 4


def test_an_export_predicts_as_the_run_does(run, tmp_path):
    _, folder = run
    path = boxsup_tf.export(boxsup_tf.load_segmenter(folder), str(tmp_path / "export"))
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 50, 3), np.uint8)
    ours, theirs = boxsup_tf.load(folder), boxsup_tf.load(path)
    assert ours.class_names == theirs.class_names
    np.testing.assert_allclose(ours.probabilities(image), theirs.probabilities(image), atol=1e-5)
