"""The readers that fuzz.py tries, and how their inputs are damaged."""

import copy
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.io

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.reader import Reader as DataReader
from boxsup_tf.data.sbd.mat import read_classes
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.mask import read_voc_mask
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.drawing import write_palette_png
from boxsup_tf.io import files
from boxsup_tf.io.json_file import write_json
from boxsup_tf.proposals.importers import mcg_mat
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.dataset_info import load_complete
from boxsup_tf.records.records import decode_example, encode_example
from boxsup_tf.records.shards import read_records

_SIDE = 48


@dataclasses.dataclass(frozen=True)
class Reader:
    """A reader and a good input of it.

    Attributes:
        file: the one that is damaged, below the folder.
        kind: how: `json`, `xml` or `bytes`.
        write: makes the folder's files.
        read: gives what a JSON can hold, equal where the same was read.
        has_checksum: another content than the undamaged is a fault.
    """

    file: str
    kind: str
    write: Callable[[str], None]
    read: Callable[[str], Any]
    has_checksum: bool = False

    def path(self, folder: str) -> str:
        return os.path.join(folder, *self.file.split("/"))


def damage(whole: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """One or several changes, such as sizes that lie; never none."""
    while True:
        if kind == "json" and rng.random() < 0.8:
            damaged = _damage_json(whole, rng)
        elif kind == "xml" and rng.random() < 0.8:
            damaged = _damage_xml(whole, rng)
        else:
            damaged = _damage_bytes(whole, rng)
        if damaged != whole:
            return damaged


_NUMBERS = (0, -1, 1, 0.5, 1e6, 1e9, -1e9, 1e308, 2**31, 2**63, 10**400)
_NUMBERS += (float("nan"), float("inf"))
_TEXTS = ("", " ", "../x", "/etc/passwd", "a\0b", "\ud800", "\u2028", "<b>", "$x$", "9" * 5000)
_OTHERS = (None, True, [], {}, [[]], [1, 2, 3, 4], {"size": [10**6, 10**6], "counts": [10**12]})


def _damage_json(whole: bytes, rng: np.random.Generator) -> bytes:
    value = copy.deepcopy(json.loads(whole))
    if rng.random() < 0.02:
        return b"[" * 100_000
    for _ in range(rng.integers(1, 4)):
        at = value
        while True:
            keys = list(at) if isinstance(at, dict) else range(len(at))
            if not len(keys):
                break
            key = keys[rng.integers(len(keys))]
            if isinstance(at[key], dict | list) and rng.random() < 0.85:
                at = at[key]
                continue
            action = rng.random()
            if action < 0.1:
                del at[key]
            elif action < 0.2 and isinstance(at, list):
                at.append(copy.deepcopy(at[key]))
            else:
                values = (_NUMBERS, _TEXTS, _OTHERS)[rng.choice(3, p=(0.5, 0.25, 0.25))]
                at[key] = copy.deepcopy(values[rng.integers(len(values))])
            break
    return json.dumps(value).encode()


def _damage_xml(whole: bytes, rng: np.random.Generator) -> bytes:
    pattern = rb">[^<>]+<" if rng.random() < 0.8 else rb"<[^<>]+>"
    places = list(re.finditer(pattern, whole))
    place = places[rng.integers(len(places))]
    values = [*map(str, _NUMBERS[:-3]), "nan", "inf", *_TEXTS, "&lol;", "<a>" * 5000]
    new = values[rng.integers(len(values))].encode(errors="surrogatepass")
    new = b">" + new + b"<" if place[0].startswith(b">") else new
    damaged = whole[: place.start()] + new + whole[place.end() :]
    if rng.random() < 0.1:
        names = (b"utf-16", b"shift_jis", b"utf-7", b"rot13", b"none")
        name = names[rng.integers(len(names))]
        damaged = b'<?xml version="1.0" encoding="' + name + b'"?>' + damaged
    return damaged


def _damage_bytes(whole: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        place, action = int(rng.integers(len(damaged) + 1)), rng.integers(6)
        if action == 0:
            damaged[place : place + 1] = bytes([rng.integers(256)])
        elif action == 1:  # a number that lies
            number = (0, 2**31 - 1, 2**32 - 1, 10**9, 60_000)[rng.integers(5)]
            damaged[place : place + 4] = number.to_bytes(4, ("little", "big")[rng.integers(2)])
        elif action == 2:
            del damaged[place:]
        elif action == 3:
            del damaged[place : place + int(rng.integers(1, 40))]
        elif action == 4:
            damaged[place:place] = damaged[place : place + int(rng.integers(1, 400))]
        else:
            damaged[place:place] = rng.bytes(int(rng.integers(1, 40)))
    return bytes(damaged)


def _digest(data: DataReader) -> list[str]:
    found = [encode_example(data[index], data.class_names) for index in range(len(data))]
    return [hashlib.sha256(record).hexdigest() for record in found]


def _shapes() -> ShapesReader:
    return ShapesReader(2, seed=1, image_size=_SIDE)


def _write(path: str, content: bytes) -> None:
    files.make_folders(os.path.dirname(path))
    with files.create(path, "wb") as file:
        file.write(content)


def _write_coco(folder: str) -> None:
    images, annotations, example = [], [], _shapes()[0]
    height, width = example.height, example.width
    polygon = [[5, 5, 30, 5, 30, 30, 5, 30]]
    runs = {"size": [height, width], "counts": [100, 200, height * width - 300]}
    for number in range(2):
        _write(os.path.join(folder, "train", f"{number}.jpg"), example.encoded)
        size = {"height": height, "width": width}
        images.append({"id": number, "file_name": f"{number}.jpg", **size})
        for crowd, segmentation in enumerate((polygon, runs)):
            common = {"id": 2 * number + crowd, "image_id": number, "category_id": 1 + crowd}
            shape = {"bbox": [5, 5, 25, 25], "segmentation": segmentation, "iscrowd": crowd}
            annotations.append(common | shape)
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    files.make_folders(os.path.join(folder, "annotations"))
    write_json(os.path.join(folder, "annotations", "instances_train.json"), content)


def _write_voc(folder: str) -> None:
    root = os.path.join(folder, "VOC2012")
    _write(os.path.join(root, "ImageSets", "Main", "train.txt"), b"a\n")
    image = _shapes()[0]
    _write(os.path.join(root, "JPEGImages", "a.jpg"), image.encoded)
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"
    object_ = f"<object><name>cat</name><difficult>0</difficult>{box}</object>"
    size = f"<size><width>{image.width}</width><height>{image.height}</height></size>"
    text = f"<annotation><filename>a.jpg</filename>{size}{object_ * 2}</annotation>"
    _write(os.path.join(root, "Annotations", "a.xml"), text.encode())


def _read_mcg(folder: str) -> list:
    inputs = ProposalInput(
        np.zeros((_SIDE, _SIDE, 3), np.uint8), np.zeros((0, 4), np.float32), "a.jpg"
    )
    pool = mcg_mat.read(folder, inputs)
    return [hashlib.sha256(part).hexdigest() for part in pool.pack()]


def _write_mcg(folder: str) -> None:
    rng = np.random.default_rng(0)
    labels = np.empty((20, 1), object)
    for number in range(20):
        labels[number, 0] = rng.choice(30, 5, replace=False)[None] + 1.0
    superpixels = np.repeat(np.arange(_SIDE**2) * 30 // _SIDE**2 + 1, 1).reshape(_SIDE, _SIDE)
    content = {"superpixels": superpixels, "labels": labels}
    scipy.io.savemat(os.path.join(folder, "a.mat"), content, do_compression=True)


def _write_sbd(folder: str) -> None:
    labels = np.minimum(_shapes()[0].mask, 20)
    content = {"GTcls": {"Segmentation": labels}}
    scipy.io.savemat(os.path.join(folder, "a.mat"), content)


def _read_shards(folder: str) -> list[str]:
    load_complete(folder)
    found = list(read_records(folder))
    for record in found:
        decode_example(record)
    return [hashlib.sha256(record).hexdigest() for record in found]


def _array(values: np.ndarray) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


def _write_records(folder: str) -> None:
    prepare(_shapes(), folder, 1)


READERS: dict[str, Reader] = {
    "coco": Reader(
        "annotations/instances_train.json",
        "json",
        _write_coco,
        lambda folder: _digest(CocoReader(folder, "train", "file")),
    ),
    "voc_xml": Reader(
        "VOC2012/Annotations/a.xml",
        "xml",
        _write_voc,
        lambda folder: _digest(VocReader(folder, "train")),
    ),
    "voc_mask": Reader(
        "a.png",
        "bytes",
        lambda folder: write_palette_png(os.path.join(folder, "a.png"), _shapes()[0].mask),
        lambda folder: _array(read_voc_mask(os.path.join(folder, "a.png"))),
    ),
    "sbd_mat": Reader(
        "a.mat",
        "bytes",
        _write_sbd,
        lambda folder: _array(read_classes(os.path.join(folder, "a.mat"))),
    ),
    "mcg_mat": Reader("a.mat", "bytes", _write_mcg, _read_mcg),
    "dataset_json": Reader("dataset.json", "json", _write_records, _read_shards),
    "shard": Reader(
        "data-00000-of-00001.tfrecord", "bytes", _write_records, _read_shards, has_checksum=True
    ),
}
