"""The classes of a COCO file: which categories are one, and what is left out."""

from collections.abc import Collection

from boxsup_tf.data.coco.file import CocoFile
from boxsup_tf.data.other_classes import fold_others, label_of
from boxsup_tf.data.reader import with_background
from boxsup_tf.errors import InputError, warn
from boxsup_tf.labels import BACKGROUND_NAME, COCO_CLASSES, VOC_CLASSES, coco_to_voc

CLASS_SETS = ("coco", "voc", "file")


def classes_of(
    file: CocoFile, class_set: str, chosen: Collection[str] = ()
) -> tuple[tuple[str, ...], dict[int | str, int]]:
    """The class names of a class set, and the label of every category id that is kept.

    Args:
        file: whose categories these are.
        class_set: one of `CLASS_SETS`.
        chosen: names that alone are of interest: where a mask could not tell all classes apart, all
            others are one.

    Raises:
        InputError: the categories do not fit the class set, or the class set is unknown.
    """
    ordered = sorted(file.categories, key=lambda c: (isinstance(c["id"], str), c["id"]))
    names: dict[int | str, str | None] = {c["id"]: c["name"] for c in ordered}
    if class_set == "coco":
        class_names = COCO_CLASSES
        unknown = [name for name in names.values() if name not in COCO_CLASSES[1:]]
        if unknown:
            raise InputError(
                f"{file.path}: category {unknown[0]!r} is not one of COCO's 80: expected only "
                "those (--class_set=file takes the categories of the file)"
            )
    elif class_set == "voc":
        class_names = VOC_CLASSES
        strange = [n for n in names.values() if n not in COCO_CLASSES and not coco_to_voc(n or "")]
        names = {key: coco_to_voc(name or "") for key, name in names.items()}
        if not any(names.values()):
            raise InputError(f"{file.path}: no category is one of VOC's 20 classes: expected some")
        if strange:
            warn(
                f"{file.path}: categories that are none of VOC's or COCO's classes count as "
                f"background: {', '.join(map(repr, strange))}"
            )
    elif class_set == "file":
        class_names, names = _own(file.path, names, chosen)
    else:
        raise InputError(f"class_set {class_set!r}: expected one of {', '.join(CLASS_SETS)}")
    labels = {k: label_of(name, class_names) for k, name in names.items() if name is not None}
    return class_names, {k: label for k, label in labels.items() if label is not None}


def _own(
    path: str, names: dict[int | str, str | None], chosen: Collection[str]
) -> tuple[tuple[str, ...], dict[int | str, str | None]]:
    given = [name for name in names.values() if name]
    if background := [name for name in given if name.lower() == BACKGROUND_NAME]:
        warn(f"{path}: the category {background[0]!r} and its annotations are left out")
        names = {k: None if n and n.lower() == BACKGROUND_NAME else n for k, n in names.items()}
    kept = list(dict.fromkeys(name for name in names.values() if name))
    if len(kept) < len(given) - len(background):
        twice = next(name for name in kept if given.count(name) > 1)
        warn(f"{path}: several categories are named {twice!r}: they are one class")
    return with_background(fold_others(kept, chosen, path), path), names
