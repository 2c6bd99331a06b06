"""Structured forests (P. Dollar, C. L. Zitnick. Fast Edge Detection Using Structured Forests.
TPAMI 2015), by OpenCV's ximgproc.

The model is a file that the user names: OpenCV's own is testdata/cv/ximgproc/model.yml.gz of the
repository opencv_extra.
"""

import functools

import cv2
import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.local_disk import local_copy

# What OpenCV reads of the file, with the least value it can work with.
_OPTIONS = {
    "stride": 1,
    "shrinkNumber": 1,
    "patchSize": 1,
    "patchInnerSize": 1,
    "numberOfGradientOrientations": 1,
    "selfsimilarityGridSize": 1,
    "numberOfTrees": 1,
    "numberOfTreesToEvaluate": 1,
    "gradientSmoothingRadius": 0,
    "regFeatureSmoothingRadius": 0,
    "ssFeatureSmoothingRadius": 0,
    "gradientNormalizationRadius": 0,
}
_LISTS = ("childs", "featureIds", "thresholds", "edgeBoundaries")
_SMALLER = (0.7, 0.5, 0.35)
_MIN_SIDE = 32  # the side of OpenCV's patches; smaller images are continued for it


def detect_edges(image: np.ndarray, model: str) -> np.ndarray:
    """The forest's edges; arguments and errors of `load_model`."""
    height, width = image.shape[:2]
    below, right = max(0, _MIN_SIDE - height), max(0, _MIN_SIDE - width)
    padded = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    edges = load_model(model).detectEdges(padded.astype(np.float32) / 255)
    return np.clip(edges[:height, :width], 0, 1)


def detect_scales(image: np.ndarray, model: str) -> np.ndarray:
    """`detect_edges` of the image at its size and at 0.7, 0.5 and 0.35 of it."""
    size = image.shape[1::-1]
    maps = [detect_edges(image, model)]
    for scale in _SMALLER:
        smaller = tuple(max(1, round(side * scale)) for side in size)
        edges = detect_edges(cv2.resize(image, smaller, interpolation=cv2.INTER_AREA), model)
        maps.append(cv2.resize(edges, size, interpolation=cv2.INTER_LINEAR))
    return np.stack(maps)


@functools.lru_cache(maxsize=1)  # reading OpenCV's model takes seconds
def load_model(path: str) -> cv2.ximgproc.StructuredEdgeDetection:
    """Reads a structured forest, a YAML, XML or JSON file, also gzipped, once per process.

    Raises:
        InputError: no model is named, or the file is no such model.
    """
    if not path:
        raise InputError(
            "--edge_model is not given: --edges=structured expects OpenCV's structured forest, "
            "such as model.yml.gz of opencv_extra/testdata/cv/ximgproc"
        )
    if not files.is_file(path):
        raise InputError(f"--edge_model={path}: not found: expected a structured forest's file")
    # OpenCV itself divides by the number of trees without a look, which ends the process.
    with local_copy(path) as local:
        if problem := _problem(local):
            raise InputError(
                f"--edge_model={path}: {problem}: expected a structured forest of OpenCV"
            )
        return cv2.ximgproc.createStructuredEdgeDetection(local)


def _problem(path: str) -> str:
    """What keeps a file from being a structured forest; empty where it is one."""
    try:
        storage = cv2.FileStorage(path, cv2.FILE_STORAGE_READ)
        opened = storage.isOpened()
    except (cv2.error, SystemError):  # the binding raises either
        opened = False
    if not opened:
        return "not a whole YAML, XML or JSON file"
    options = storage.getNode("options")
    for name, least in _OPTIONS.items():
        value = options.getNode(name) if options.isMap() else options
        if not (value.isInt() or value.isReal()):
            return f"no number options.{name}"
        if value.real() < least:
            return f"options.{name} is {value.real():g}, less than {least}"
    sizes = {name: _total_size(storage.getNode(name)) for name in _LISTS}
    num_trees, num_nodes = int(options.getNode("numberOfTrees").real()), sizes["childs"]
    if num_nodes == 0 or num_nodes % num_trees:
        return f"{num_nodes} nodes (childs) of {num_trees} trees"
    for name in ("featureIds", "thresholds"):
        if sizes[name] != num_nodes:
            return f"{sizes[name]} {name} of {num_nodes} nodes"
    if sizes["edgeBoundaries"] < num_nodes:
        return f"{sizes['edgeBoundaries']} edgeBoundaries of {num_nodes} nodes"
    return ""


def _total_size(node: cv2.FileNode) -> int:
    """The number of values in a list of lists; 0 for anything else."""
    return sum(node.at(i).size() for i in range(node.size())) if node.isSeq() else 0
