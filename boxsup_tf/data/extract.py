"""Images out of TFRecords, back into files."""

import os

from boxsup_tf.records.dataset_info import load_complete
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records


def extract_images(input_dir: str, output_dir: str) -> int:
    """Writes every image of a folder of records as a file, byte for byte as it is stored.

    Args:
        input_dir: a folder of records.
        output_dir: created where missing.

    Returns:
        The number of images.

    Raises:
        InputError: the folder is missing, unfinished or damaged.
    """
    info = load_complete(input_dir)
    os.makedirs(output_dir, exist_ok=True)
    for serialized in read_records(input_dir, info.num_shards):
        example = decode_example(serialized)
        with open(os.path.join(output_dir, os.path.basename(example.filename)), "wb") as file:
            file.write(example.encoded)
    return info.num_images
