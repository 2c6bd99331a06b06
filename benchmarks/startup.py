"""Time and memory from a large data set's folder to the first batch of its training.

    python benchmarks/startup.py --folder=/tmp/startup --json=startup.json

The data set is as large as COCO's, of copies of one image of 16 x 16 pixels with a rectangle as its
pool; it is made once and kept in --folder. Figures are of a fresh process, from after its imports.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import own_process
import program
from absl import flags
from startup_data import start_training, write_data

from boxsup_tf.io.json_file import write_json

_FOLDER = flags.DEFINE_string("folder", None, "Made, with the data set, if need be.", required=True)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 123_287, "Images.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")


def main(_: object) -> None:
    folder = os.path.join(_FOLDER.value, str(_NUM_IMAGES.value))
    write_data(folder, _NUM_IMAGES.value)
    figures = own_process.run(start_training, folder)
    for name, value in figures.items():
        print(f"{name:>18} {value:8.2f}")
    if _JSON.value:
        write_json(_JSON.value, figures)


if __name__ == "__main__":
    program.run(main)
