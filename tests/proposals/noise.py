"""A folder of images whose names say what is to happen to them."""

import pathlib
from collections.abc import Iterator

import cv2
import numpy as np

from boxsup_tf.records import dataset_info, records, writer
from boxsup_tf.records.example import Example


def noise_folder(folder: pathlib.Path, names: list[str], num_shards: int) -> str:
    """Examples of these names, each with one box."""

    def make_records(indices: range) -> Iterator[bytes]:
        for i in indices:
            image = np.random.default_rng(i).integers(0, 256, (16, 20, 3), np.uint8)
            encoded = cv2.imencode(".png", image)[1].tobytes()
            boxes = np.array([[2, 3, 9, 15]], np.float32)
            flags = {name: np.zeros(1, bool) for name in ("difficult", "truncated", "is_crowd")}
            example = Example(
                names[i], f"{names[i]}.png", encoded, 16, 20, boxes, np.ones(1, int), **flags
            )
            yield records.encode_example(example, ("background", "cat"))

    info = dataset_info.DatasetInfo({"dataset": "noise"}, ("background", "cat"), num_shards)
    writer.write_dataset(str(folder), info, len(names), make_records, "noise")
    return str(folder)
