"""What recipes read of the published data, looked for before any work.

`DATA_ROOT/VOCdevkit` holds VOC2012, VOC2007 and VOC2010; `benchmark_RELEASE` is SBD's; `coco` holds
COCO 2014; `pascal-context` holds labels.txt and trainval/*.mat. For the recipes in `small`,
`voc_subset` is a part of VOC 2012 in its own layout, and `vgg16_imagenet_notop.weights.h5` what
Keras publishes of VGG-16.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_DEVKIT = "VOCdevkit"
# What ids look like: VOC 2012's begin with the year in which a photograph came.
_IDS = {"VOC2012": r"\d{4}_\d{6}", "VOC2010": r"\d{4}_\d{6}", "VOC2007": r"\d{6}"}
# An image and its annotation, by the folder of a VOC year.
_IMAGE, _BOXES, _MASK = "JPEGImages/{}.jpg", "Annotations/{}.xml", "SegmentationClass/{}.png"


def problems(data_root: str, needs: Iterable[str]) -> list[str]:
    """What is missing or wrong, a line each.

    Args:
        data_root: the folder of the published data.
        needs: names of `NEEDS`, each once.

    Raises:
        InputError: a name is unknown.
    """
    found: list[str] = []
    for need in needs:
        if need not in NEEDS:
            raise InputError(f"data {need!r}: expected some of {', '.join(NEEDS)}")
        found += NEEDS[need](data_root)
    return list(dict.fromkeys(found))


def _voc(
    root: str, folder: str, year: str, lists: dict[str, str], parts: tuple[str, ...]
) -> list[str]:
    """Problems of a year of VOC.

    Args:
        root: the data's.
        folder: in it, that holds the year.
        year: such as VOC2012.
        lists: files below ImageSets, by a name for each.
        parts: what must be there of the first image of every list.
    """
    place = os.path.join(root, folder, year)
    if not files.is_folder(place):
        others = sorted(map(os.path.basename, files.matching(os.path.dirname(place), "VOC*")))
        instead = f" (there is {', '.join(others)})" if others else ""
        return [f"{place}: no such folder{instead}: expected {year} of PASCAL VOC"]
    found, ids = [], {}
    for name, file in lists.items():
        path = os.path.join(place, "ImageSets", file)
        try:
            ids[name] = read_ids(path)
        except InputError as error:
            found.append(str(error))
            continue
        wrong = next((each for each in ids[name] if not re.fullmatch(_IDS[year], each)), None)
        if wrong:
            found.append(f"{path}: image {wrong!r} is none of {year}: expected its own list")
            continue
        for part in parts:
            needed = os.path.join(place, part.format(ids[name][0]))
            if not files.exists(needed):
                found.append(f"{needed}: not found: expected it for {path}")
    found += _overlap(place, ids)
    return found


def _overlap(place: str, ids: dict[str, list[str]]) -> Iterator[str]:
    """Validation images in the list for training."""
    both = sorted(set(ids.get("train", ())) & set(ids.get("val", ())))
    if both:
        yield (
            f"{place}: {len(both)} images of the validation list are in the training "
            f"list, {both[0]!r} first: expected none"
        )


def _voc2012(root: str) -> list[str]:
    segmentation = {name: f"Segmentation/{name}.txt" for name in ("train", "val")}
    return _voc(root, _DEVKIT, "VOC2012", segmentation, (_IMAGE, _BOXES, _MASK))


def _voc2012_test(root: str) -> list[str]:
    return _voc(root, _DEVKIT, "VOC2012", {"test": "Segmentation/test.txt"}, (_IMAGE,))


def _voc2007(root: str) -> list[str]:
    main = {name: f"Main/{name}.txt" for name in ("trainval", "test")}
    return _voc(root, _DEVKIT, "VOC2007", main, (_IMAGE, _BOXES))


def _missing(folder: str, parts: Iterable[str], what: str) -> list[str]:
    """Problems of a folder in which files or folders must be."""
    if not files.is_folder(folder):
        return [f"{folder}: no such folder: expected {what}"]
    paths = [os.path.join(folder, part) for part in parts]
    return [f"{path}: not found: expected {what}" for path in paths if not files.exists(path)]


def _sbd(root: str) -> list[str]:
    place = os.path.join(root, "benchmark_RELEASE", "dataset")
    return _missing(place, ("cls", "inst", "train.txt", "val.txt"), "SBD's benchmark_RELEASE")


def _coco2014(root: str) -> list[str]:
    parts = ("train2014", "val2014")
    annotations = [f"annotations/instances_{part}.json" for part in parts]
    return _missing(os.path.join(root, "coco"), (*annotations, *parts), "COCO 2014")


def _context(root: str) -> list[str]:
    place, voc = os.path.join(root, "pascal-context"), os.path.join(root, _DEVKIT, "VOC2010")
    found = _missing(place, ("labels.txt",), "the label maps of PASCAL-Context")
    found += _missing(voc, ("JPEGImages",), "the images of VOC 2010")
    if found:
        return found
    ids = {}
    for split in ("train", "val"):
        lists = [os.path.join(place, f"{split}.txt")]
        lists.append(os.path.join(voc, "ImageSets", "Main", f"{split}.txt"))
        path = next(filter(files.exists, lists), lists[0])
        try:
            ids[split] = read_ids(path)
        except InputError as error:
            found.append(str(error))
    return [*found, *_overlap(place, ids)]


def _voc_subset(root: str) -> list[str]:
    segmentation = {name: f"Segmentation/{name}.txt" for name in ("train", "val")}
    return _voc(root, "voc_subset", "VOC2012", segmentation, (_IMAGE, _BOXES, _MASK))


def _vgg16_notop(root: str) -> list[str]:
    return _missing(root, ("vgg16_imagenet_notop.weights.h5",), "VGG-16's weights by Keras")


NEEDS: dict[str, Callable[[str], list[str]]] = {
    "voc2012": _voc2012,
    "voc2012_test": _voc2012_test,
    "voc2007": _voc2007,
    "sbd": _sbd,
    "coco2014": _coco2014,
    "context": _context,
    "voc_subset": _voc_subset,
    "vgg16_notop": _vgg16_notop,
}
