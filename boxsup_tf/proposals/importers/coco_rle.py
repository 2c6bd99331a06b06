"""coco_rle: masks in COCO's JSON, such as a detector's results or those of Segment Anything.

The path is one JSON for all images, or a folder with one STEM.json per image. A JSON is a list of
results, or an object with a list `annotations`; each has a `segmentation`: run lengths, compressed
or not, or polygons. In one file for all images each also has an `image_id`, and the image is
found by

- the file name that an entry of `images` gives for that id, where the file has `images`, also
  without its folders where that is unique, and with or without COCO 2014's `COCO_val2014_`; or else
- the id itself: the image's name without its extension, a text ("2007_000033"), or the number that
  a name of COCO's or VOC's stands for (42 for 000000000042.jpg and COCO_val2014_000000000042.jpg,
  2007000033 for 2007_000033.jpg). Other names of digits alone (1.jpg) are not taken for an id of
  the same number, which may be one that the data set gave to another image.

Candidates are ordered by falling `score` (or `predicted_iou`, Segment Anything's), where all of an
image's have one, since results come in any order; otherwise they keep the file's order.
"""

import collections
import functools
import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.file import read_any_json
from boxsup_tf.data.coco.segmentation import encode_segmentation
from boxsup_tf.data.source_image import IMAGE_ENDINGS
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput

_EXPECTED = "candidates in COCO's JSON"
# COCO 2014's names, COCO 2017's and VOC's, whose two numbers are written as one.
_NUMBERED = re.compile(r"(?:COCO_[a-z]+\d{4}_)?(\d{12})|(\d{4})_(\d{6})")


def read(path: str, inputs: ProposalInput) -> CandidatePool:
    """The candidates of one image.

    Raises:
        InputError: there is no file or no entry of this image; it is not COCO's JSON; a
            segmentation is malformed or of another size than the image.
    """
    if files.is_folder(path):
        file = importers.find_own(path, inputs, (".json",))
        records = _records(read_any_json(file, _EXPECTED), file)
    else:
        file = path
        modified = files.modified_ns(path) if files.exists(path) else 0
        records = _find(_index(path, modified), path, inputs)
    height, width = inputs.image.shape[:2]

    def masks() -> Iterator[np.ndarray]:
        for number, record in enumerate(_by_score(records)):
            where = f"{file}: {inputs.filename}: candidate {number}"
            rle = encode_segmentation(record.get("segmentation"), height, width, where)
            if rle is not None and mask_utils.area(rle):
                yield mask_utils.decode(rle).astype(bool)

    return CandidatePool(*refine(masks(), height, width), "imported")


@functools.lru_cache(maxsize=1)
def _index(path: str, modified_ns: int) -> dict[str | int, list[dict]]:
    """The records of every image of a file, which is parsed once per process.

    By ids and names (texts without the image's extension), and by the numbers of `_number`.
    """
    del modified_ns  # only to read a file again that has changed
    content = read_any_json(path, _EXPECTED)
    by_id: dict[str | int, list[dict]] = {}
    for record in _records(content, path):
        by_id.setdefault(_key(record.get("image_id"), path), []).append(record)
    if not isinstance(content, dict) or "images" not in content:
        return by_id
    try:
        named = [(_stem(str(i["file_name"])), _key(i["id"], path)) for i in content["images"]]
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: images: {error!r}: expected `id` and `file_name`") from None
    found: dict[str | int, list[dict]] = {}
    shorter = (os.path.basename, _number)
    for shorten in shorter[::-1]:
        names = [(shorten(name), image_id) for name, image_id in named]
        count = collections.Counter(name for name, _ in names)
        found |= {n: by_id.get(i, []) for n, i in names if n is not None and count[n] == 1}
    return found | {name: by_id.get(image_id, []) for name, image_id in named}


def _find(index: dict[str | int, list[dict]], path: str, inputs: ProposalInput) -> list[dict]:
    names = importers.names_of_image(inputs)
    number = _number(names[-1])
    keys = [*names, *([] if number is None else [number, str(number)])]
    for key in keys:
        if key in index:
            return index[key]
    if names[-1].isdecimal() and int(names[-1]) in index:
        raise InputError(
            f"{path}: image_id {int(names[-1])} may be {inputs.filename} or an image that the data "
            f"set numbered so: expected `images` with file names, or image_id as the text "
            f"{names[-1]!r}"
        )
    raise InputError(
        f"{path}: no entry for {inputs.filename}: expected an image_id "
        f"{' or '.join(repr(key) for key in keys)}, or an entry of `images`"
    )


def _number(name: str) -> int | None:
    """The number that a name of COCO's or VOC's stands for; None for others."""
    numbered = _NUMBERED.fullmatch(os.path.basename(name))
    return int("".join(filter(None, numbered.groups()))) if numbered else None


def _stem(name: str) -> str:
    stem, extension = os.path.splitext(name.replace("\\", "/"))
    return stem if extension.lower() in IMAGE_ENDINGS else name


def _key(image_id: object, path: str) -> str | int:
    """An id as it is looked up: numbers as int, names without the image's extension."""
    if isinstance(image_id, str):
        return _stem(image_id)
    if isinstance(image_id, int):
        return image_id
    if isinstance(image_id, float) and image_id.is_integer():
        return int(image_id)
    raise InputError(f"{path}: image_id is {image_id!r}: expected a number or a name")


def _records(content: Any, path: str) -> list[dict]:
    """The list of results."""
    records = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise InputError(
            f"{path}: no list of objects: expected COCO's results, or an object with `annotations`"
        )
    return records


def _by_score(records: list[dict]) -> list[dict]:
    """The best first, where all have a score."""
    scores = [record.get("score", record.get("predicted_iou")) for record in records]
    if not all(isinstance(score, int | float) for score in scores):
        return records
    return [records[n] for n in np.argsort(-np.array(scores, float), kind="stable")]
