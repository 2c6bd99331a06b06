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


def test_the_whole_way_in_a_few_lines(tmp_path):
    records, pools, run = (str(tmp_path / name) for name in ("records", "pools", "run"))
    boxsup_tf.prepare(boxsup_tf.ShapesReader(6, seed=1, image_size=64), records, num_shards=1)
    options = boxsup_tf.make_options("scg", {"edges": "gradient", "max_regions": 1})
    boxsup_tf.generate(records, pools, "scg", options)
    config = boxsup_tf.TrainConfig(
        f"{pools}:box",
        val_data=records,
        **{"init": "random", "width_multiplier": 0.05, "crop_size": 65, "batch_size": 3},
        **{"epochs": 2, "num_pictures": 1, "warmup_epochs": 0, "min_agreement": 0.0},
    )
    trainer = boxsup_tf.Trainer(run, config)
    report = trainer.update_masks()
    assert report is not None and 0 < report.pseudo_mask_mean_iou <= 1
    trainer.update_network()
    metrics = trainer.validate()
    trainer.end_epoch(metrics)
    assert trainer.epoch == 1 and trainer.history.epochs[0]["val_mean_iou"] is not None
    # By parts or as a whole: it is the same run.
    assert len(trainer.run()) == 2
    whole = boxsup_tf.train(str(tmp_path / "whole"), config)
    assert whole[-1]["loss"] == pytest.approx(trainer.history.epochs[-1]["loss"], abs=1e-5)

    image = boxsup_tf.ShapesReader(1, seed=2, image_size=64)[0]
    pixels = boxsup_tf.load(run).label_maps(np.zeros((1, image.height, image.width, 3), np.uint8))
    assert pixels.shape == (1, image.height, image.width)
    path = boxsup_tf.export(boxsup_tf.load_segmenter(run), str(tmp_path / "export"))
    exported = boxsup_tf.load(path)
    assert exported.class_names == trainer.class_names
    evaluations = boxsup_tf.evaluate(
        exported, records, str(tmp_path / "out"), boxsup_tf.EvaluateOptions()
    )
    assert evaluations[0].metrics["num_images"] == 6
