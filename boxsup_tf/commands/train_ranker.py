r"""Trains the rankers of mcg and scg on images with instance masks.

    boxsup train_ranker --data_dir=coco --edges=hed --output_dir=rankers \
        --annotations=coco/annotations/instances_train2017.json

Only needed to train your own rankers. Those of the package are files of the same names in
boxsup_tf/proposals/combinatorial.
"""

import dataclasses
import os
import shlex
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from boxsup_tf.data import instance_images
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial import ranker_training
from boxsup_tf.records.example import decode_checked, read_bytes
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What the rankers learn from.

    Attributes:
        data_dir: COCO's folder of images.
        annotations: Instances JSON files.
        output_dir: Folder for the weights.
        edges: Edge detector.
        edge_model: Model file of --edges=structured.
        seed: Of the sample, the weights and their order.
    """

    data_dir: str
    annotations: tuple[str, ...]
    output_dir: str = option(written=True)
    edges: str = option("hed", choices=edges.detector_names())
    edge_model: str = ""
    seed: int = option(0, at_least=0)


def run(options: Options) -> None:
    paths = ranker_training.train_rankers(
        _images(options), options.edges, options.edge_model, options.output_dir, options.seed
    )
    for path in paths:
        print(path)
    read_from = os.path.dirname(ranker_training.__file__)
    print(f"next: cp {shlex.join([*paths, read_from])}  # from where mcg and scg read them")


def _images(options: Options) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    found = instance_images.coco_instances(options.data_dir, options.annotations)
    for image in tqdm(found, desc="candidates", unit="image"):
        encoded, path = read_bytes(image.image_path, "an image"), image.image_path
        yield decode_checked(encoded, path).numpy(), image.masks()
