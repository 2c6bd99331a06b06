"""The examples of a folder of records, with a progress bar."""

from collections.abc import Iterator

from tqdm import tqdm

from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example
from boxsup_tf.records.shards import read_records


def read_examples(
    folder: str, info: DatasetInfo, description: str, with_all: bool = False
) -> Iterator[Example]:
    """Those with masks, or all; `description` is what the progress bar says.

    Raises:
        InputError: a shard is missing or damaged.
    """
    serialized = read_records(folder)
    for record in tqdm(serialized, desc=description, total=info.num_images, unit="image"):
        example = records.decode_example(record)
        if with_all or example.mask is not None:
            yield example
