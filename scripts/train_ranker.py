"""Trains the rankers of mcg and scg on images with instance masks.

    python scripts/train_ranker.py --data_dir=coco --edges=hed --output_dir=rankers \
        --annotations=coco/annotations/instances_train2017.json

Only for who wants other rankers than those that come with the package, which are files of the
same names in boxsup_tf/proposals/combinatorial.
"""

import os
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import flags
from tqdm import tqdm

from boxsup_tf import errors
from boxsup_tf.data import instance_images
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial import ranker_training
from boxsup_tf.records.example import decode_image, read_bytes

_DATA_DIR = flags.DEFINE_string("data_dir", None, "COCO's folder of images.", required=True)
_ANNOTATIONS = flags.DEFINE_list("annotations", None, "Instances JSON files.", required=True)
_EDGES = flags.DEFINE_enum("edges", "hed", edges.detector_names(), "Edge detector.")
_EDGE_MODEL = flags.DEFINE_string("edge_model", "", "Model file of --edges=structured.")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for the weights.", required=True)
_SEED = flags.DEFINE_integer("seed", 0, "Of the sample, the weights and their order.")


def _images() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    found = instance_images.coco_instances(_DATA_DIR.value, _ANNOTATIONS.value)
    for image in tqdm(found, desc="candidates", unit="image"):
        yield decode_image(read_bytes(image.image_path, "an image")).numpy(), image.masks()


def main(_: object) -> None:
    paths = ranker_training.train_rankers(
        _images(), _EDGES.value, _EDGE_MODEL.value, _OUTPUT_DIR.value, _SEED.value
    )
    for path in paths:
        print(path)


if __name__ == "__main__":
    errors.run_script(main)
