"""Writes the images of a folder of TFRecords back as files.

boxsup extract_images --input_dir=records/val --output_dir=images

They are byte for byte as they are stored, by the names of their ids, with the folders in these. A
file that is there already stays: one of another content is an error.
"""

import dataclasses
import os

from boxsup_tf.commands.next_step import beside, say_next
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.names import path_below
from boxsup_tf.records.dataset_info import load_complete
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """From where to where.

    Attributes:
        input_dir: Folder of records.
        output_dir: Folder for the images.
    """

    input_dir: str
    output_dir: str = option(written=True)


def run(options: Options) -> None:
    info = load_complete(options.input_dir)
    files.make_folders(options.output_dir)
    for serialized in read_records(options.input_dir):
        example = decode_example(serialized)
        ending = os.path.splitext(example.filename)[1]
        path = path_below(options.output_dir, example.source_id + ending)
        if files.exists(path) and files.read(path) != example.encoded:
            raise InputError(
                f"{path}: there already, another file than the image of {options.input_dir}: "
                "expected none; choose another --output_dir"
            )
        files.make_folders(os.path.dirname(path))
        with atomic_write(path, "wb") as file:
            file.write(example.encoded)
    print(f"{options.output_dir}: {info.num_images} images")
    output_dir = beside(options.output_dir, "predicted")
    say_next("predict", saved_model="EXPORT", images=options.output_dir, output_dir=output_dir)
