"""A large data set of small images, and the start of a training on it."""

import dataclasses
import os
import time
from collections.abc import Iterator

import numpy as np
import own_process
import tensorflow as tf

from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.proposals.methods import rectangle
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records import dataset_info, keys, records, writer
from boxsup_tf.records.example import decode_image
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.sources import empty_labelling, load_sources

_NUM_SHARDS = 64


def write_data(folder: str, num_images: int) -> None:
    """Writes so many records, or goes on with them; one that is whole is left as it is."""
    example = ShapesReader(1, seed=0, image_size=16)[0]
    boxes = np.array([[2, 2, 13, 14]], np.float32)
    no = np.zeros(1, bool)
    one_box = dataclasses.replace(
        example,
        boxes=boxes,
        labels=np.ones(1, np.int64),
        difficult=no,
        truncated=no,
        is_crowd=no,
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


def start_training(folder: str) -> dict[str, float]:
    """Times and memory from the folder to the first batch, in this process."""
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
        "rss_mb": own_process.resident_bytes(os.getpid()) / 1e6,
        "num_images": sum(len(source.examples) for source in sources),
    }
