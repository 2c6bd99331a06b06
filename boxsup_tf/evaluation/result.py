"""The result of an evaluation: what label maps scored, and the files in which that is kept."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.trimap import Trimap
from boxsup_tf.io import files
from boxsup_tf.io.json_file import number, parse_json, write_json
from boxsup_tf.metrics.metric_names import METRICS_FILE, TITLES
from boxsup_tf.schema import check_type

PER_IMAGE_FILE = "per_image.json"
TRIMAP_FILE = "trimap.json"
CONFUSION_FILE = "confusion.json"
SETTINGS_FILE = "evaluation.json"
PREDICTIONS = "predictions"
# Where, in the folder of a model's evaluation, that of the CRF's label maps is kept.
CRF_FOLDER = "crf"
# What these are, for messages.
EXPECTED = "a file that evaluate.py wrote"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Scores of a model's own label maps, or of those that the dense CRF made of them.

    Attributes:
        name: for people.
        path: the folder of its files; label maps ID.png are in `predictions`.
        data: the digest of the records that were evaluated; None where it is not known.
        metrics: `ConfusionMatrix.summary` over the set, `num_images` that were scored, and
            `num_images_without_mask`; empty where it is not known.
        images: of every image by id, worst first, its `mean_iou` over the classes that are true or
            predicted in it, `pixel_accuracy`, `classes`: the IoU of these classes, and `counts`:
            pixels by the names of their true and then their predicted class. The scores are None,
            and the rest is empty, where the mask is all void.
        trimap: without widths where it is not known.
        confusion: int64 [C, C], pixels by true and predicted label; C is 0 where it is not known.
        missing: paths of the files that were not found.
        model: whose label maps they are, for people; empty where it is not known.
    """

    name: str
    path: str
    data: str | None = None
    metrics: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    images: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    trimap: Trimap = dataclasses.field(default_factory=Trimap)
    confusion: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros([0, 0], np.int64))
    missing: tuple[str, ...] = ()
    model: str = ""

    @property
    def per_class(self) -> Mapping[str, float | None]:
        """IoU by class name over the whole set; None for a class that does not occur."""
        return self.metrics.get("per_class_iou", {})

    @property
    def predictions(self) -> str:
        """The folder of the label maps ID.png."""
        return os.path.join(self.path, PREDICTIONS)

    def write(self) -> None:
        """Writes per_image.json, confusion.json, trimap.json and, last, metrics.json."""
        contents = {
            PER_IMAGE_FILE: {
                "images": [{"id": key} | dict(self.images[key]) for key in self.images]
            },
            CONFUSION_FILE: {
                "class_names": list(self.per_class),
                "counts": self.confusion.tolist(),
            },
            TRIMAP_FILE: dataclasses.asdict(self.trimap),
            METRICS_FILE: self.metrics,
        }
        for name, content in contents.items():
            write_json(os.path.join(self.path, name), content)

    @classmethod
    def read(cls, path: str, name: str) -> "Evaluation":
        """What `write` wrote; what is not there is left out.

        Raises:
            InputError: no file is there, or one is damaged, or written by another program or an
                earlier version.
        """
        expected = [os.path.join(path, file) for file in (*_PARSERS, PREDICTIONS)]
        missing = tuple(file for file in expected if not files.exists(file))
        values: dict[str, Any] = {}
        for file, parse in zip(expected, _PARSERS.values(), strict=False):
            if file not in missing:
                values |= parse_json(file, EXPECTED, parse)
        if len(missing) == len(expected):
            raise InputError(f"{path}: no evaluation: expected a folder written by evaluate.py")
        return cls(name, path, **values, missing=missing)


def short_names(folders: Sequence[str]) -> list[str]:
    """Names for folders: what differs of their paths; of a single one its last part.

    So `runs/rectangles/evaluation` beside `runs/boxsup/evaluation` is `rectangles`.
    """
    paths = [os.path.normpath(folder).split(os.sep) for folder in folders]
    if len(paths) == 1:
        return [paths[0][-1]]
    first = 0
    while all(path[first:] and path[first] == paths[0][first] for path in paths):
        first += 1
    last = 0
    rest = [path[first:] for path in paths]
    while all(len(path) > last + 1 and path[-1 - last] == rest[0][-1 - last] for path in rest):
        last += 1
    return [os.sep.join(path[: len(path) - last]) or folders[i] for i, path in enumerate(rest)]


def read_evaluations(path: str, name: str) -> list[Evaluation]:
    """An evaluation and, where evaluate.py ran with --crf, that of the CRF's label maps.

    Args:
        path: `--output_dir` of evaluate.py.
        name: of the first; the other's is that and " + CRF".

    Raises:
        InputError: see `Evaluation.read`.
    """
    found = [Evaluation.read(path, name)]
    refined = os.path.join(path, CRF_FOLDER)
    if files.exists(os.path.join(refined, METRICS_FILE)):
        found.append(Evaluation.read(refined, f"{name} + CRF"))
    return found


class _Model(TypedDict, total=False):
    model: str


class _Settings(_Model):
    data: str


class _Metrics(TypedDict):
    mean_iou: float | None
    pixel_accuracy: float | None
    mean_accuracy: float | None
    frequency_weighted_iou: float | None
    per_class_iou: dict[str, float | None]
    num_images: int


class _Image(TypedDict):
    id: str
    mean_iou: float | None
    classes: dict[str, float | None]
    counts: dict[str, dict[str, int]]


class _Images(TypedDict):
    images: list[_Image]


class _Trimap(TypedDict):
    widths: list[float]
    inside: list[float | None]
    outside: list[float | None]


class _Confusion(TypedDict):
    class_names: list[str]
    counts: list[list[int]]


def _parse_settings(content: dict) -> dict[str, Any]:
    check_type(content, _Settings, "")
    return {"data": content["data"], "model": content.get("model", "")}


def _parse_metrics(content: dict) -> dict[str, Any]:
    if "epochs" in content:
        raise InputError("the metrics of a training run: expected an --output_dir of evaluate.py")
    if "crf" in content:
        raise ValueError("an earlier version wrote the CRF's scores into it; evaluate again")
    check_type(content, _Metrics, "")
    metrics = content | {name: number(content[name]) for name in TITLES}
    per_class = {name: number(iou) for name, iou in content["per_class_iou"].items()}
    return {"metrics": metrics | {"per_class_iou": per_class, "num_images": content["num_images"]}}


def _parse_per_image(content: dict) -> dict[str, Any]:
    check_type(content, _Images, "")
    images = {}
    for image in content["images"]:
        classes = {name: number(iou) for name, iou in image["classes"].items()}
        scores = {"mean_iou": number(image["mean_iou"]), "classes": classes}
        images[image["id"]] = scores | {"counts": image["counts"]}
    return {"images": images}


def _parse_trimap(content: dict) -> dict[str, Any]:
    check_type(content, _Trimap, "")
    widths = [float(width) for width in content["widths"]]
    inside, outside = ([number(iou) for iou in content[name]] for name in ("inside", "outside"))
    if not len(widths) == len(inside) == len(outside):
        raise ValueError(f"expected {len(widths)} values a curve, one for every width")
    return {"trimap": Trimap(widths, inside, outside)}


def _parse_confusion(content: dict) -> dict[str, Any]:
    check_type(content, _Confusion, "")
    counts = np.array(content["counts"], np.int64)
    num_classes = len(content["class_names"])
    if counts.shape != (num_classes, num_classes):
        raise ValueError(f"counts of shape {counts.shape}: expected a row and a column per class")
    return {"confusion": counts}


_PARSERS: dict[str, Callable[[dict], dict[str, Any]]] = {
    SETTINGS_FILE: _parse_settings,
    METRICS_FILE: _parse_metrics,
    PER_IMAGE_FILE: _parse_per_image,
    TRIMAP_FILE: _parse_trimap,
    CONFUSION_FILE: _parse_confusion,
}
