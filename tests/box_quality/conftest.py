"""A run of random weights, and records for it."""

import dataclasses

import pytest
import tensorflow as tf

from boxsup_tf.io.json_file import write_json
from boxsup_tf.training.config import TrainConfig
from tests.models.segmenters import make_segmenter
from tests.training.folders import CLASS_NAMES, blocks, make_example, write


@pytest.fixture(scope="package")
def records(tmp_path_factory) -> str:
    """Six images with boxes and pools, all but the first two with masks."""
    examples = [make_example(f"image{i}", i, mask=i > 1) for i in range(6)]
    return write(tmp_path_factory.mktemp("box_quality") / "records", examples, blocks)


@pytest.fixture(scope="package")
def run(records, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("box_quality_run")
    model = make_segmenter(CLASS_NAMES, 0.05, seed=1).model
    tf.train.Checkpoint(model=model).save(str(folder / "ckpt"))
    config = TrainConfig(
        train_data=f"{records}:box", width_multiplier=0.05, update_scale=1, min_box_iou=0.2
    )
    write_json(
        str(folder / "config.json"), dataclasses.asdict(config) | {"class_names": CLASS_NAMES}
    )
    return str(folder)
