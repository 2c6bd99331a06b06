"""Tiny made-up datasets on disk, for tests to break."""

import dataclasses
import json
import pathlib

import cv2
import numpy as np
from PIL import Image

from boxsup_tf.records.example import Example

HEIGHT, WIDTH = 24, 32


def jpeg(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def voc_object(name: str = "cat", box: tuple = (3, 5, 12, 20), extra: str = "") -> str:
    """An <object>; box is (xmin, ymin, xmax, ymax), 1-based and inclusive, as VOC writes it."""
    tags = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    bounds = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    return f"<object><name>{name}</name>{extra}<bndbox>{bounds}</bndbox></object>"


def voc_xml(objects: str = "", height: object = HEIGHT, width: object = WIDTH) -> str:
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation>{size}{objects}</annotation>"


def assert_equal(a: Example, b: Example) -> None:
    for field in dataclasses.fields(Example):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_allclose(left, right, atol=1e-5)
        else:
            assert left == right, field.name


class VocFolder:
    """A VOCdevkit to which a test adds images one by one."""

    def __init__(self, root: pathlib.Path) -> None:
        self.data_dir = str(root)
        self.root = root / "VOC2012"
        for name in ("Annotations", "JPEGImages", "SegmentationClass"):
            (self.root / name).mkdir(parents=True)
        self.list_path = self.root / "ImageSets" / "Segmentation" / "train.txt"
        self.list_path.parent.mkdir(parents=True)
        self.list_path.touch()

    def add(self, name: str, xml: str | None = None, mask: np.ndarray | None = None) -> None:
        (self.root / "JPEGImages" / f"{name}.jpg").write_bytes(jpeg(len(name)))
        if xml is not None:
            (self.root / "Annotations" / f"{name}.xml").write_text(xml)
        if mask is not None:
            image = Image.fromarray(mask).convert("L")
            image.putpalette(np.random.default_rng(0).integers(0, 255, 768, np.uint8).tobytes())
            assert image.mode == "P"
            image.save(self.root / "SegmentationClass" / f"{name}.png")
        with self.list_path.open("a") as file:
            file.write(f"{name}\n")


class CocoFolder:
    """A COCO folder whose JSON a test changes before it is written."""

    def __init__(self, root: pathlib.Path) -> None:
        self.data_dir = str(root)
        self.path = root / "annotations" / "instances_train.json"
        self.images = root / "train"
        self.path.parent.mkdir(parents=True)
        self.images.mkdir()
        (self.images / "a.jpg").write_bytes(jpeg())
        self.json: dict = {
            "categories": [{"id": 18, "name": "dog"}, {"id": 24, "name": "zebra"}],
            "images": [{"id": 7, "file_name": "a.jpg", "height": HEIGHT, "width": WIDTH}],
            "annotations": [],
        }

    def annotate(self, category_id: int, bbox: list, **values: object) -> dict:
        """Adds an annotation whose segmentation is, unless given, its box as a polygon."""
        x, y, w, h = bbox
        annotation = {
            "id": len(self.json["annotations"]) + 1,
            "image_id": 7,
            "category_id": category_id,
            "bbox": bbox,
            "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
        } | values
        self.json["annotations"].append(annotation)
        return annotation

    def save(self) -> str:
        self.path.write_text(json.dumps(self.json))
        return self.data_dir
