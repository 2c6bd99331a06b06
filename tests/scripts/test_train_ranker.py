"""scripts/train_ranker.py as a user runs it: from COCO's files to rankers that rank."""

import json
import os
import pathlib

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.proposals.combinatorial.grouping import GroupingOptions
from boxsup_tf.proposals.combinatorial.ranker_training import sample_candidates
from boxsup_tf.proposals.combinatorial.ranking import make_ranker
from boxsup_tf.proposals.edges import gradient
from boxsup_tf.records.example import Example, decode_image
from tests.in_process import Completed, run_script

_ROOT = pathlib.Path(__file__).parents[2]


def _coco_folder(folder: pathlib.Path, num_images: int) -> str:
    """Generated images in COCO's layout, and one without objects.

    An object is what its kind covers of its box, as run lengths.
    """
    (folder / "train").mkdir()
    images, annotations = [], []
    for number, example in enumerate(ShapesReader(num_images, seed=1, image_size=112)):
        (folder / "train" / example.filename).write_bytes(example.encoded)
        size = {"height": example.height, "width": example.width}
        images.append({"id": number, "file_name": example.filename, **size})
        for mask in _masks(example) if number else []:
            run_lengths = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": mask_utils.toBbox(run_lengths).tolist(),
                    "segmentation": run_lengths | {"counts": run_lengths["counts"].decode()},
                    "iscrowd": 0,
                }
            )
    path = folder / "instances_train.json"
    categories = [{"id": 1, "name": "shape"}]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return str(path)


def _masks(example: Example) -> np.ndarray:
    """bool [I, H, W]: of the kinds of object in a generated image."""
    return example.mask[None] == np.unique(example.labels)[:, None, None]


def _run(*arguments: str) -> Completed:
    return run_script("train_ranker.py", *arguments)


def test_annotated_images_become_rankers_that_rank(tmp_path):
    annotations, out = _coco_folder(tmp_path, 5), tmp_path / "new" / "folder"
    flags = [f"--data_dir={tmp_path}", "--edges=gradient", f"--output_dir={out}"]
    result = _run(*flags, f"--annotations={annotations}")
    assert result.returncode == 0, result.stderr
    paths = [f"{out}/ranker_mcg_gradient.npz", f"{out}/ranker_scg_gradient.npz"]
    *printed, following = result.stdout.splitlines()
    assert printed == paths and following.startswith(f"next: cp {paths[0]} {paths[1]} ")
    unseen = ShapesReader(1, seed=7, image_size=112)[0]
    image, masks = decode_image(unseen.encoded).numpy(), _masks(unseen)
    maps, options = gradient.detect_scales(image), GroupingOptions("gradient")
    for path, num_maps in zip(paths, (4, 1), strict=True):
        assert os.path.getsize(path) < 100_000
        with np.load(path) as arrays:
            ranker = make_ranker({name: arrays[name].astype(np.float32) for name in arrays})
        rng = np.random.default_rng(0)
        features, overlaps = sample_candidates(image, maps[:num_maps], masks, options, rng)
        assert np.corrcoef(ranker.estimate(features), overlaps)[0, 1] > 0.3


def test_an_image_that_is_damaged_is_said_in_one_line(tmp_path):
    annotations = _coco_folder(tmp_path, 2)
    (path, *_) = sorted((tmp_path / "train").iterdir())
    path.write_bytes(path.read_bytes()[:-200])
    flags = [f"--data_dir={tmp_path}", "--edges=gradient", f"--output_dir={tmp_path}/out"]
    result = _run(*flags, f"--annotations={annotations}")
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"error: {path}: the image is damaged" in result.stderr
