"""Writes the images of a folder of TFRecords back as files.

boxsup extract_images --input_dir=records/val --output_dir=images
"""

import dataclasses

from boxsup_tf.data.extract import extract_images


@dataclasses.dataclass(frozen=True)
class Options:
    """From where to where.

    Attributes:
        input_dir: Folder of records.
        output_dir: Folder for the images.
    """

    input_dir: str
    output_dir: str


def run(options: Options) -> None:
    count = extract_images(options.input_dir, options.output_dir)
    print(f"{options.output_dir}: {count} images")
