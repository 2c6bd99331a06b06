"""Writes the images of a folder of TFRecords back as files.

python scripts/extract_images.py --input_dir=records/val --output_dir=images
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.data.extract import extract_images

_INPUT_DIR = flags.DEFINE_string("input_dir", None, "Folder of records.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for the images.", required=True)


def main(_: object) -> None:
    count = extract_images(_INPUT_DIR.value, _OUTPUT_DIR.value)
    print(f"{_OUTPUT_DIR.value}: {count} images")


if __name__ == "__main__":
    errors.run_script(main)
