"""Time and memory from a large data set's folder to the first batch of its training.

    python benchmarks/startup.py --folder=/tmp/startup --json=startup.json

The data set is as large as COCO's, of copies of one image of 16 x 16 pixels with a rectangle as its
pool; it is made once and kept in --folder. Figures are of a fresh process, from after its imports.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import time
from collections.abc import Iterator

import numpy as np
import own_process
import program
import tensorflow as tf
from absl import flags

from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.io.json_file import write_json
from boxsup_tf.proposals.methods import rectangle
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records import dataset_info, keys, records, writer
from boxsup_tf.records.example import decode_image
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.sources import empty_labelling, load_sources

_FOLDER = flags.DEFINE_string("folder", None, "Made, with the data set, if need be.", required=True)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 123_287, "Images.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_NUM_SHARDS = 64


def main(_: object) -> None:
    folder = os.path.join(_FOLDER.value, str(_NUM_IMAGES.value))
    _write_data(folder, _NUM_IMAGES.value)
    figures = own_process.run(_start_training, folder)
    for name, value in figures.items():
        print(f"{name:>18} {value:8.2f}")
    if _JSON.value:
        write_json(_JSON.value, figures)


def _write_data(folder: str, num_images: int) -> None:
    example = ShapesReader(1, seed=0, image_size=16)[0]
    boxes = np.array([[2, 2, 13, 14]], np.float32)
    one_box = dataclasses.replace(
        example,
        boxes=boxes,
        labels=np.ones(1, np.int64),
        **{name: np.zeros(1, bool) for name in ("difficult", "truncated", "is_crowd")},
    )
    inputs = ProposalInput(decode_image(example.encoded).numpy(), boxes)
    serialized = records.encode_example(one_box, SHAPE_CLASSES)
    record = tf.train.Example.FromString(
        records.add_pool(serialized, rectangle.propose(inputs, rectangle.Options()))
    )

    def make_records(indices: range) -> Iterator[bytes]:
        for index in indices:
            source_id = f"{index:012d}".encode()
            record.features.feature[keys.IMAGE_SOURCE_ID].bytes_list.value[:] = [source_id]
            yield record.SerializeToString()

    info = dataset_info.DatasetInfo({"dataset": "startup"}, SHAPE_CLASSES, _NUM_SHARDS)
    writer.write_dataset(folder, info, num_images, make_records, "startup")


def _start_training(folder: str) -> dict[str, float]:
    before = own_process.resident_bytes(os.getpid())
    config = TrainConfig(train_data=f"{folder}:box", crop_size=17, batch_size=8)
    times = [time.perf_counter()]
    sources = load_sources(config.train_data)
    times.append(time.perf_counter())
    labelling = empty_labelling(sources)
    times.append(time.perf_counter())
    next(iter(TrainingPipeline(sources, labelling, config).dataset))
    times.append(time.perf_counter())
    return {
        "start_seconds": times[-1] - times[0],
        "sources_seconds": times[1] - times[0],
        "labelling_seconds": times[2] - times[1],
        "batch_seconds": times[3] - times[2],
        "extra_rss_mb": (own_process.own_peak_bytes() - before) / 1e6,
        "num_images": sum(len(source.examples) for source in sources),
    }


if __name__ == "__main__":
    program.run(main)
