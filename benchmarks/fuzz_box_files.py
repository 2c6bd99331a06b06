"""What fuzz.py damages of labelling tools."""

import functools
import json

from fuzz_annotations import coco_content
from fuzz_reader import SIDE, Reader, digest_of_examples, put, shapes

from boxsup_tf.data.box_files.reader import BoxesReader
from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.voc.reader import VocReader

_NAMES = ("a", "b")
_WITH_SPLITS = ("yolo", "openimages", "csv")
_BOX = (3, 4, 20, 30)  # xmin, ymin, xmax, ymax


def _images(folder: str) -> tuple[int, int]:
    image = shapes()[0]
    for name in _NAMES:
        put(folder, f"{name}.jpg", image.encoded)
    return image.height, image.width


def _yolo(folder: str) -> None:
    image = shapes()[0]
    put(folder, "data.yaml", "names: [cat, dog]\npath: .\ntrain: images/train\nval: images/val\n")
    for name in _NAMES:
        put(folder, f"images/train/{name}.jpg", image.encoded)
        put(folder, f"labels/train/{name}.txt", "0 0.5 0.5 0.2 0.3\n1 0.1 0.1 0.5 0.2 0.3 0.9\n")


def _labelme(folder: str) -> None:
    height, width = _images(folder)
    points = {"rectangle": [[3, 4], [20, 30]], "circle": [[20, 20], [25, 20]]}
    points["polygon"] = [[3, 4], [20, 4], [9, 30]]
    shapes_ = [{"label": "cat", "points": points[k], "shape_type": k, "flags": {}} for k in points]
    for name in _NAMES:
        content = {"imagePath": f"{name}.jpg", "imageHeight": height, "imageWidth": width}
        put(folder, f"{name}.json", json.dumps(content | {"shapes": shapes_}))


def _labelstudio(folder: str) -> None:
    height, width = _images(folder)
    size = {"original_height": height, "original_width": width}
    box = {"x": 10, "y": 10, "width": 30, "height": 40, "rotation": 20, "rectanglelabels": ["cat"]}
    outline = {"points": [[10, 10], [30, 10], [20, 50]], "polygonlabels": ["dog"]}
    result = [{"type": "rectanglelabels", **size, "value": box}]
    result.append({"type": "polygonlabels", **size, "value": outline})
    tasks = [
        {"id": n, "data": {"image": f"/upload/{name}.jpg"}, "annotations": [{"result": result}]}
        for n, name in enumerate(_NAMES)
    ]
    put(folder, "project.json", json.dumps(tasks))


def _cvat(folder: str) -> None:
    height, width = _images(folder)
    box = '<box label="cat" xtl="3" ytl="4" xbr="20" ybr="30" rotation="10.0"/>'
    outline = '<polygon label="dog" points="3.0,4.0;20.0,4.0;9.0,30.0"/>'
    images = "".join(
        f'<image id="0" name="{n}.jpg" width="{width}" height="{height}">{box}{outline}</image>'
        for n in _NAMES
    )
    put(folder, "annotations.xml", f"<annotations>{images}</annotations>")


def _openimages(folder: str) -> None:
    _images(folder)
    put(folder, "class-descriptions-boxable.csv", "/m/01,cat\n/m/02,dog\n")
    lines = ["ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf"]
    lines += [f"{name},/m/0{n},0.1,0.5,0.2,0.9,{n - 1}" for name in _NAMES for n in (1, 2)]
    put(folder, "train-annotations-bbox.csv", "\n".join(lines))


def _csv(folder: str) -> None:
    _images(folder)
    lines = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
    row = ",".join(map(str, _BOX))
    lines += [f"{name}.jpg,{SIDE},{SIDE},{label},{row}" for name in _NAMES for label in ("c", "d")]
    put(folder, "train.csv", "\n".join(lines))


def _labelimg(folder: str) -> None:
    height, width = _images(folder)
    tags = zip(("xmin", "ymin", "xmax", "ymax"), _BOX, strict=True)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    objects = f"<object><name>cup</name><bndbox>{box}</bndbox></object>"
    for name in _NAMES:
        put(folder, f"{name}.xml", f"<annotation>{size}{objects}</annotation>")


def _roboflow(folder: str) -> None:
    image = shapes()[0]
    for number in range(2):
        put(folder, f"train/{number}.jpg", image.encoded)
    put(folder, "train/_annotations.coco.json", json.dumps(coco_content()))


def _read(file_format: str, folder: str) -> list[str]:
    split = "train" if file_format in _WITH_SPLITS else "all"
    return digest_of_examples(BoxesReader(file_format, folder, split), folder)


def _reader(file_format: str, write, *files: str) -> Reader:
    return Reader(files, write, functools.partial(_read, file_format))


READERS = {
    "yolo": _reader("yolo", _yolo, "data.yaml", "labels/train/a.txt"),
    "labelme": _reader("labelme", _labelme, "a.json"),
    "labelstudio": _reader("labelstudio", _labelstudio, "project.json"),
    "cvat": _reader("cvat", _cvat, "annotations.xml"),
    "openimages": _reader(
        "openimages", _openimages, "train-annotations-bbox.csv", "class-descriptions-boxable.csv"
    ),
    "csv": _reader("csv", _csv, "train.csv"),
    "labelimg": Reader(
        ("a.xml",),
        _labelimg,
        lambda folder: digest_of_examples(VocReader(folder, "all"), folder),
    ),
    "roboflow": Reader(
        ("train/_annotations.coco.json",),
        _roboflow,
        lambda folder: digest_of_examples(CocoReader(folder, "train", "file"), folder),
    ),
}
