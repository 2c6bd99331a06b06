"""Writes a mask and an overlay for every image, with an exported model.

    python scripts/predict.py --saved_model=exports/voc --images='photos/*.jpg' \
        --output_dir=predictions

Give --images again for more folders; quote patterns, the program expands them itself. An
interrupted run goes on where it stopped when the same command is given again.
"""

import glob
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.inference.predict_files import predict_files
from boxsup_tf.inference.saved_model import load_saved_model

_SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "Folder that export.py wrote.", required=True
)
_IMAGES = flags.DEFINE_multi_string("images", None, "File or quoted pattern.", required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder for masks/ and overlays/.", required=True
)


def main(_: object) -> None:
    paths: list[str] = []
    for pattern in _IMAGES.value:
        # A file's own name may look like a pattern.
        found = [pattern] if os.path.isfile(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not found:
            raise errors.InputError(f"--images={pattern}: no such file: expected a file or pattern")
        paths += found
    done = predict_files(load_saved_model(_SAVED_MODEL.value), paths, _OUTPUT_DIR.value)
    print(f"{_OUTPUT_DIR.value}: {done} new of {len(set(paths))} images")


if __name__ == "__main__":
    errors.run_script(main)
