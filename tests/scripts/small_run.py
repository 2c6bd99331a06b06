"""A run of a tiny network and records for it, as scripts find them."""

import pathlib
from collections.abc import Sequence

import tensorflow as tf

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.io.json_file import write_json
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.writer import write_dataset
from tests.models.segmenters import make_segmenter


def write_run(folder: pathlib.Path, class_names: Sequence[str]) -> None:
    """A run of random weights."""
    folder.mkdir()
    model = make_segmenter(class_names, 0.05, seed=1).model
    tf.train.Checkpoint(model=model).save(str(folder / "ckpt"))
    config = {"class_names": class_names, "width_multiplier": 0.05, "train_data": "gone:box"}
    write_json(str(folder / "config.json"), config)


def write_shapes(
    folder: pathlib.Path, settings: dict, class_names: Sequence[str], number: int
) -> ShapesReader:
    """Records of so many generated images; returns their reader."""
    reader = ShapesReader(number, seed=1, image_size=64)
    write_dataset(
        str(folder),
        DatasetInfo(settings, tuple(class_names), num_shards=1),
        len(reader),
        lambda indices: [records.encode_example(reader[i], class_names) for i in indices],
        "write",
    )
    return reader
