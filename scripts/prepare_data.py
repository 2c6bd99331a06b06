"""Turns a dataset into TFRecord shards: images, boxes and masks.

    python scripts/prepare_data.py --dataset=voc --data_dir=VOCdevkit --split=train \
        --output_dir=records/voc_train
    python scripts/prepare_data.py --dataset=coco --data_dir=coco --split=train2017 \
        --class_set=voc --output_dir=records/coco_train
    python scripts/prepare_data.py --dataset=coco --data_dir=coco --split=train2017 \
        --classes=cat,couch=sofa --max_side=321 --output_dir=records/cats_and_sofas

An interrupted run goes on where it stopped when the same command is given again.
"""

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.data import coco, prepare, reader
from boxsup_tf.labels import VOC_CLASSES

_DATASET = flags.DEFINE_enum("dataset", None, prepare.DATASETS, "Kind of dataset.", required=True)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "", "Its folder. voc: the VOCdevkit that holds VOC2012. shapes: not needed."
)
_SPLIT = flags.DEFINE_string("split", "train", "Its part. shapes: not needed.")
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder for the shards and dataset.json.", required=True
)
_CLASSES = flags.DEFINE_list(
    "classes",
    None,
    "Only these of its classes, labels in this order; theirs=ours renames, and several may share "
    "a name. Other classes' pixels become void, their boxes ignored; images with no chosen class "
    "are left out.",
)
_MAX_SIDE = flags.DEFINE_integer(
    "max_side",
    0,
    "Pixels. Larger images are made smaller and stored as PNG, with their boxes and masks; "
    "evaluation then happens at that size, too. 0: images as they are.",
    lower_bound=0,
)
_NUM_SHARDS = flags.DEFINE_integer("num_shards", 4, "Number of TFRecord files.", lower_bound=1)

_YEAR = flags.DEFINE_string("year", "VOC2012", "voc: the folder in data_dir.")
_CLASS_NAMES = flags.DEFINE_list(
    "class_names", None, "voc: your own classes, in the order of their labels; else VOC's 20."
)
_CLASS_SET = flags.DEFINE_enum(
    "class_set", "coco", coco.CLASS_SETS, "coco: COCO's 80, VOC's 20, or the file's categories."
)
_ANNOTATION_FILE = flags.DEFINE_string(
    "annotation_file", None, "coco: instances JSON; else annotations/instances_SPLIT.json."
)
_IMAGE_DIR = flags.DEFINE_string("image_dir", None, "coco: images; else found in data_dir.")
_NUM_IMAGES = flags.DEFINE_integer("num_images", 1000, "shapes: how many.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "shapes: another seed, other images.", lower_bound=0)
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "shapes: mean side, pixels.", lower_bound=64)

_OPTIONS = {
    "voc": (_YEAR, _CLASS_NAMES),
    "coco": (_CLASS_SET, _ANNOTATION_FILE, _IMAGE_DIR),
    "shapes": (_NUM_IMAGES, _SEED, _IMAGE_SIZE),
}


def main(_: object) -> None:
    for dataset, holders in _OPTIONS.items():
        for holder in holders:
            if dataset != _DATASET.value and holder.present:
                raise errors.InputError(
                    f"--{holder.name} is for --dataset={dataset}: "
                    f"it has no effect with --dataset={_DATASET.value}"
                )
    if not _DATA_DIR.value and _DATASET.value != "shapes":
        raise errors.InputError(f"--data_dir is missing: --dataset={_DATASET.value} needs it")
    options: dict[str, Any] = {holder.name: holder.value for holder in _OPTIONS[_DATASET.value]}
    if _DATASET.value == "voc":
        own = _CLASS_NAMES.value
        options["class_names"] = (
            VOC_CLASSES if own is None else reader.with_background(own, "--class_names")
        )
    options |= {"classes": _CLASSES.value, "max_side": _MAX_SIDE.value}
    source = prepare.make_reader(_DATASET.value, _DATA_DIR.value, _SPLIT.value, **options)
    info = prepare.prepare(source, _OUTPUT_DIR.value, _NUM_SHARDS.value)
    print(
        f"{_OUTPUT_DIR.value}: {info.num_images} images, {info.num_boxes} boxes in "
        f"{info.num_images_with_boxes} images, {info.num_images_with_masks} masks, "
        f"{len(info.class_names)} classes with the background"
    )
    if _CLASSES.value is not None:
        print(
            f"{_OUTPUT_DIR.value}: {info.num_ignored_boxes} of the boxes are of other classes and "
            f"ignored; {info.settings['num_left_out']} images without a chosen class left out"
        )


if __name__ == "__main__":
    errors.run_script(main)
