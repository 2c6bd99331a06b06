"""Small folders of records for the tests of what reads them."""

import pathlib
from collections.abc import Sequence

from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example
from boxsup_tf.records.records import encode_example
from boxsup_tf.records.writer import write_dataset
from tests.data.tiny import jpeg

CLASSES = ("background", "cat", "dog")


def write_numbered(folder: pathlib.Path, num: int = 10, num_shards: int = 3) -> DatasetInfo:
    """Images `id0`, `id1` ... without annotations."""
    records = [
        encode_example(Example(f"id{i}", f"{i}.jpg", jpeg(i), 24, 32), CLASSES) for i in range(num)
    ]
    return write_records(folder, records, num_shards)


def write_records(folder: pathlib.Path, records: Sequence[bytes], num_shards: int) -> DatasetInfo:
    """Writes serialised examples."""
    info = DatasetInfo({"dataset": "test"}, CLASSES, num_shards)
    return write_dataset(
        str(folder), info, len(records), lambda indices: [records[i] for i in indices], "test"
    )
