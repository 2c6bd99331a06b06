"""What evaluate.py left in a folder, as the results that a report sets side by side."""

import dataclasses
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation import evaluation_folder as files
from boxsup_tf.io.json_file import read_json
from boxsup_tf.metrics.metric_names import TITLES

# IoU and other shares, 0 .. 1, by a name; None where nothing was to be scored.
Shares = Mapping[str, float | None]


@dataclasses.dataclass(frozen=True)
class Trimap:
    """Mean IoU near the true boundaries and away from them, by width of the band.

    Attributes:
        widths: of the bands, pixels.
        inside, outside: 0 .. 1, by width; None where nothing was to be scored.
    """

    widths: list[float]
    inside: list[float | None]
    outside: list[float | None]


@dataclasses.dataclass(frozen=True)
class Result:
    """One way of labelling the images: a network, or a network with the dense CRF.

    Attributes:
        name: for people.
        predictions: a folder of label maps ID.png; it may be missing.
        data: the digest of the records that were evaluated; None where it is not known.
        scores: of the whole set, by the names of `metric_names.TITLES`.
        per_class: IoU by class name, over the whole set.
        num_images: that were scored; None where it is not known.
        image_scores: mean IoU by image id.
        image_classes: IoU by image id and class name.
        trimap: None where it was not measured.
        confusion: int64 [C, C], pixels by true and predicted label; None where not known.
    """

    name: str
    predictions: str
    data: str | None = None
    scores: Shares = dataclasses.field(default_factory=dict)
    per_class: Shares = dataclasses.field(default_factory=dict)
    num_images: int | None = None
    image_scores: Shares = dataclasses.field(default_factory=dict)
    image_classes: Mapping[str, Shares] = dataclasses.field(default_factory=dict)
    trimap: Trimap | None = None
    confusion: np.ndarray | None = None


def load_results(folders: Sequence[str]) -> tuple[list[Result], list[str]]:
    """Reads the folders of evaluations; one with a CRF gives two results.

    Args:
        folders: that evaluate.py wrote.

    Returns:
        The results in the order of the folders, and the paths of what is missing in them.

    Raises:
        InputError: a folder holds no evaluation, or a file in it is damaged.
    """
    results: list[Result] = []
    missing: list[str] = []
    names = [os.path.basename(os.path.normpath(folder)) for folder in folders]
    if len(set(names)) < len(names):
        names = list(folders)
    for folder, name in zip(folders, names, strict=True):
        plain, lacking = _load(folder, name, False)
        if len(lacking) == len(_PARSERS) + 1:
            raise InputError(f"{folder}: no evaluation: expected a folder written by evaluate.py")
        results.append(plain)
        missing += lacking
        with_crf, _ = _load(folder, f"{name} + CRF", True)
        if with_crf.scores:
            results.append(with_crf)
    return results, missing


def parse_json(path: str, parse: Callable[..., Any], *arguments: object) -> Any:
    """What `parse` makes of a JSON file's content and `arguments`; None where there is no file.

    Raises:
        InputError: the file is not JSON, or not what `parse` expects.
    """
    if not os.path.exists(path):
        return None
    content = read_json(path, "a file that evaluate.py or train.py wrote")
    try:
        return parse(content, *arguments)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: damaged, or of another program ({what})") from None


def share(value: float | None) -> float | None:
    """A figure of a JSON file; None for one that is no number."""
    return float(value) if value is not None and math.isfinite(value) else None


def _load(folder: str, name: str, refined: bool) -> tuple[Result, list[str]]:
    """The result of the label maps that the CRF refined, or of the others; what is missing."""
    predictions = files.label_map_folder(folder, refined)
    missing = [] if os.path.isdir(predictions) else [predictions]
    values: dict[str, Any] = {}
    for file, parse in _PARSERS.items():
        path = os.path.join(folder, file)
        parsed = parse_json(path, parse, files.SUFFIXES[refined])
        if parsed is None:
            missing.append(path)
        else:
            values |= parsed
    return Result(name, predictions, **values), missing


def _shares(values: Mapping[str, float | None]) -> Shares:
    return {name: share(value) for name, value in values.items()}


def _parse_settings(content: dict, crf: str) -> dict[str, Any]:
    return {"data": content["data"]}


def _parse_metrics(content: dict, crf: str) -> dict[str, Any]:
    values = content.get("crf") if crf else content
    if not values:
        return {}
    return {
        "scores": {name: share(values.get(name)) for name in TITLES},
        "per_class": _shares(values["per_class_iou"]),
        "num_images": content["num_images"],
    }


def _parse_per_image(content: dict, crf: str) -> dict[str, Any]:
    images = content["images"]
    if crf and not all(f"classes{crf}" in image for image in images):
        return {}
    return {
        "image_scores": {image["id"]: share(image[f"mean_iou{crf}"]) for image in images},
        "image_classes": {image["id"]: _shares(image[f"classes{crf}"]) for image in images},
    }


def _parse_trimap(content: dict, crf: str) -> dict[str, Any]:
    if crf and f"inside{crf}" not in content:
        return {}
    widths = [float(width) for width in content["widths"]]
    inside, outside = content[f"inside{crf}"], content[f"outside{crf}"]
    if not len(widths) == len(inside) == len(outside):
        raise ValueError(f"expected {len(widths)} values a curve, one for every width")
    return {"trimap": Trimap(widths, list(map(share, inside)), list(map(share, outside)))}


def _parse_confusion(content: dict, crf: str) -> dict[str, Any]:
    if crf and f"counts{crf}" not in content:
        return {}
    counts = np.array(content[f"counts{crf}"], np.int64)
    num_classes = len(content["class_names"])
    if counts.shape != (num_classes, num_classes):
        raise ValueError(f"counts of shape {counts.shape}: expected a row and a column a class")
    return {"confusion": counts}


_PARSERS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    files.SETTINGS_FILE: _parse_settings,
    files.METRICS_FILE: _parse_metrics,
    files.PER_IMAGE_FILE: _parse_per_image,
    files.TRIMAP_FILE: _parse_trimap,
    files.CONFUSION_FILE: _parse_confusion,
}
