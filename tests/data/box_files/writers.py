"""The same boxes as each labelling tool writes them."""

import csv
import json
import pathlib
from collections.abc import Callable

from tests.data.tiny import HEIGHT, WIDTH

# By image: class and box (xmin, ymin, xmax, ymax), half-open, from 0.
BOXES = {
    "a": [("dog", (2, 4, 12, 20)), ("cat", (0, 0, 32, 24))],
    "b c": [("cat", (10.5, 3.25, 20, 9))],
    "d": [],
}


def _yolo(root: pathlib.Path) -> None:
    (root / "classes.txt").write_text("cat\ndog\n")
    for name, boxes in BOXES.items():
        lines = [
            f"{('cat', 'dog').index(label)} {(x + u) / 2 / WIDTH!r} {(y + v) / 2 / HEIGHT!r} "
            f"{(u - x) / WIDTH!r} {(v - y) / HEIGHT!r}"
            for label, (x, y, u, v) in boxes
        ]
        if lines:
            (root / f"{name}.txt").write_text("\n".join(lines) + "\n")


def _labelme(root: pathlib.Path) -> None:
    for name, boxes in BOXES.items():
        shapes = [
            {"label": label, "points": [[u, v], [x, y]], "shape_type": "rectangle", "flags": {}}
            for label, (x, y, u, v) in boxes
        ]
        content = {"imagePath": f"..\\{name}.jpg", "imageHeight": HEIGHT, "imageWidth": WIDTH}
        (root / f"{name}.json").write_text(json.dumps(content | {"shapes": shapes}))


def _labelstudio(root: pathlib.Path) -> None:
    tasks = []
    for number, (name, boxes) in enumerate(BOXES.items()):
        result = [
            {
                "type": "rectanglelabels",
                "original_height": HEIGHT,
                "original_width": WIDTH,
                "value": {
                    "x": 100 * x / WIDTH,
                    "y": 100 * y / HEIGHT,
                    "width": 100 * (u - x) / WIDTH,
                    "height": 100 * (v - y) / HEIGHT,
                    "rotation": 0,
                    "rectanglelabels": [label],
                },
            }
            for label, (x, y, u, v) in boxes
        ]
        image = f"/data/upload/1/0123abcd-{name}.jpg"
        annotations = [{"was_cancelled": True, "result": [{}]}, {"result": result}]
        tasks.append({"id": number, "data": {"image": image}, "annotations": annotations})
    tasks.append({"id": 9, "data": {"image": "not_yet.jpg"}, "annotations": []})
    (root / "project.json").write_text(json.dumps(tasks))


def _cvat(root: pathlib.Path) -> None:
    images = ""
    for number, (name, boxes) in enumerate(BOXES.items()):
        shapes = "".join(
            f'<box label="{label}" occluded="0" xtl="{x}" ytl="{y}" xbr="{u}" ybr="{v}"/>'
            for label, (x, y, u, v) in boxes
        )
        images += f'<image id="{number}" name="{name}.jpg" width="32" height="24">{shapes}</image>'
    (root / "annotations.xml").write_text(f"<annotations>{images}</annotations>")


def _openimages(root: pathlib.Path) -> None:
    (root / "class-descriptions-boxable.csv").write_text("/m/01,cat\n/m/02,dog\n")
    with (root / "x-annotations-bbox.csv").open("w", newline="") as file:
        columns = ["ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax", "IsGroupOf"]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for name, boxes in BOXES.items():
            for label, (x, y, u, v) in boxes:
                edges = [x / WIDTH, u / WIDTH, y / HEIGHT, v / HEIGHT]
                code = {"cat": "/m/01", "dog": "/m/02"}[label]
                writer.writerow(dict(zip(columns, [name, code, *edges, 0], strict=True)))


def _csv(root: pathlib.Path) -> None:
    lines = ["filename;width;height;class;xmin;ymin;xmax;ymax"]
    for name, boxes in BOXES.items():
        rows = [f"{label};{x};{y};{u};{v}" for label, (x, y, u, v) in boxes] or [";;;;"]
        lines += [f"{name}.jpg;32;24;{row}" for row in rows]
    (root / "boxes.csv").write_text("\n".join(lines))


WRITERS: dict[str, Callable[[pathlib.Path], None]] = {
    "yolo": _yolo,
    "labelme": _labelme,
    "labelstudio": _labelstudio,
    "cvat": _cvat,
    "openimages": _openimages,
    "csv": _csv,
}
