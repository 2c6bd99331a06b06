r"""Turns a dataset into TFRecord shards: images, boxes and masks.

    boxsup prepare_data --dataset=voc --data_dir=VOCdevkit --split=train \
        --output_dir=records/voc_train
    boxsup prepare_data --dataset=sbd --data_dir=VOCdevkit --sbd_dir=benchmark_RELEASE \
        --split=train_aug --output_dir=records/voc_train_aug
    boxsup prepare_data --dataset=voc --data_dir=VOCdevkit --year=VOC2007 --image_set=Main \
        --split=trainval,test --output_dir=records/voc07
    boxsup prepare_data --dataset=coco --data_dir=coco --split=train2017 --class_set=voc \
        --output_dir=records/coco_train
    boxsup prepare_data --dataset=coco --data_dir=coco --split=train2017 \
        --classes=cat,couch=sofa --max_side=321 --output_dir=records/cats_and_sofas
    boxsup prepare_data --dataset=voc --data_dir=photos_with_xml --output_dir=records/train
    boxsup prepare_data --dataset=yolo --data_dir=exported --split=train --output_dir=records/yolo
    boxsup prepare_data --dataset=context --data_dir=VOCdevkit --context_path=pascal-context \
        --split=train --output_dir=records/context_train

docs/data.md shows every layout. Images that cannot be used are left out and named at the end, as is
what was mended in annotations; --strict stops instead. An interrupted run goes on where it stopped
when the same command is given again.
"""

import dataclasses
from typing import Any

from boxsup_tf.commands.next_step import beside, say_next
from boxsup_tf.data import prepare, reader
from boxsup_tf.data.box_files.reader import FORMATS
from boxsup_tf.data.coco.classes import CLASS_SETS
from boxsup_tf.data.sbd.lists import NUM_PUBLISHED
from boxsup_tf.data.shape_looks import LOOKS
from boxsup_tf.data.source_image import ImageOptions
from boxsup_tf.data.voc.layout import IMAGE_SETS
from boxsup_tf.data.voc.reader import ANNOTATIONS
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import MAX_MEGAPIXELS
from boxsup_tf.settings import check, option
from boxsup_tf.workers.runner import RUNNERS, make_runner

_MEGAPIXELS_TO_SHRINK = 250.0  # of images that --max_side makes smaller
_SHOWN_CLASSES = 30
_OWN = "dataset=" + "|".join(("voc", *FORMATS))


@dataclasses.dataclass(frozen=True)
class Options:
    """What is read, and what of it is written.

    Attributes:
        dataset: Kind of dataset.
        output_dir: Folder for the shards and dataset.json.
        All datasets:
        data_dir: Its folder, or several whose images become one data set. voc: the VOCdevkit that
          holds VOC2012, that folder, or images with XML files beside them. context: the one that
          holds VOC2010. shapes: not needed.
        split: Its part, or several that become one data set. Data without parts are split by a
          hash of the images' names: train, val or all. shapes: not needed.
        classes: Only these of its classes, labels in this order; @FILE has them one a line, with
          comments behind #. An entry theirs=ours renames its class, and several of its classes
          may share a name. Other classes' pixels become void, their boxes ignored; images with no
          chosen class are left out.
        only_ids: A file with an id a line: only these images.
        without_ids: A file with an id a line: these images are left out.
        max_side: Pixels. Larger images are made smaller and stored as PNG, with their boxes and
          masks; evaluation then happens at that size, too. 0: images as they are.
        strict: Stop at the first image that cannot be used or whose annotation needs mending.
        num_shards: Number of TFRecord files.
        runner: What makes the shards: this program, or a cluster through Apache Beam.
        beam_args: Beam's own flags, with spaces between: its runner, how many workers.
        Only where there are boxes and masks of your own (voc, and the formats of boxes):
        class_names: Your own classes, in the order of their labels; else those that the data name
          (masks' labelmap.txt, a format's own list, XML files beside their images), or VOC's 20.
        val_share: Share of the images that are in val where the data have no parts; the same in
          every command.
        Only with --dataset=voc:
        year: The folder in data_dir.
        image_set: The folder in ImageSets that has the list. auto: Segmentation or, failing that,
          Main. VOC 2007's boxes are listed in Main.
        annotations: Whether an image must have boxes or a mask. optional: for a test list.
        Only with --dataset=sbd:
        sbd_dir: SBD's benchmark_RELEASE, or the folder dataset in it. --split=train_aug is VOC's
          train list with both of SBD's, without VOC's val list; train and val are SBD's own.
        mask_dir: PNGs in place of SBD's masks or, with voc, of SegmentationClass, such as
          SegmentationClassAug; then --sbd_dir may be missing, if VOC's ImageSets/Segmentation has
          train_aug.txt or trainaug.txt.
        Only with --dataset=coco:
        class_set: COCO's 80, VOC's 20, or the file's categories.
        annotation_file: Instances JSON; else annotations/instances_SPLIT.json,
          SPLIT/_annotations.coco.json or another usual place.
        image_dir: Images; else found in data_dir.
        Only with --dataset=context:
        context_path: PASCAL-Context's masks: the folder that holds labels.txt and trainval/ID.mat;
          or trainval_merged.json of PASCAL in Detail.
        Only with --dataset=shapes:
        num_images: How many.
        seed: Another seed, other images.
        image_size: Mean side, pixels.
        look: colour: opaque objects; mats: most on a patch of ground that fits their box, among
          other patches, made to show what mask updates do; xray: grey shadows that are hard to tell
          from what is around them.
    """

    dataset: str = option(choices=prepare.DATASETS)
    output_dir: str = option(written=True)
    data_dir: tuple[str, ...] = ()
    split: tuple[str, ...] = (prepare.DEFAULT_SPLIT,)
    classes: tuple[str, ...] | None = None
    only_ids: str = ""
    without_ids: str = ""
    max_side: int = option(0, at_least=0)
    strict: bool = False
    num_shards: int = option(4, at_least=1)
    runner: str = option("local", choices=RUNNERS)
    beam_args: str = option("", only_with="runner=beam")
    class_names: tuple[str, ...] | None = option(None, only_with=_OWN)
    val_share: float = option(0.2, at_least=0, at_most=1, only_with=_OWN)
    year: str = option("VOC2012", only_with="dataset=voc")
    image_set: str = option("auto", choices=IMAGE_SETS, only_with="dataset=voc")
    annotations: str = option("required", choices=ANNOTATIONS, only_with="dataset=voc")
    sbd_dir: str = option("", only_with="dataset=sbd")
    mask_dir: str = option("", only_with="dataset=sbd|voc")
    class_set: str = option("coco", choices=CLASS_SETS, only_with="dataset=coco")
    annotation_file: str | None = option(None, only_with="dataset=coco")
    image_dir: str | None = option(None, only_with="dataset=coco")
    context_path: str = option("", only_with="dataset=context")
    num_images: int = option(1000, at_least=1, only_with="dataset=shapes")
    seed: int = option(0, at_least=0, only_with="dataset=shapes")
    image_size: int = option(128, at_least=64, only_with="dataset=shapes")
    look: str = option("colour", choices=tuple(LOOKS), only_with="dataset=shapes")

    def __post_init__(self) -> None:
        check(self)
        if not self.data_dir and self.dataset != "shapes":
            raise InputError(f"--data_dir is missing: --dataset={self.dataset} needs it")
        if not self.split:
            raise InputError("--split is empty: expected the name of a part, or several")
        if not self.sbd_dir and not self.mask_dir and self.dataset == "sbd":
            raise InputError("--sbd_dir is missing: --dataset=sbd needs it, or --mask_dir")
        if not self.context_path and self.dataset == "context":
            raise InputError("--context_path is missing: --dataset=context needs it")


def run(options: Options, images: ImageOptions) -> None:
    output_dir = options.output_dir
    runner = make_runner(options.runner, options.beam_args)
    source = prepare.make_reader(
        options.dataset, options.data_dir or "", options.split, **_reader_options(options, images)
    )
    if parts := source.settings.get("lists"):
        _show_lists(parts)
    info = prepare.prepare(source, output_dir, options.num_shards, runner, options.strict)
    prepare.report(info)
    if len(info.class_names) <= _SHOWN_CLASSES:
        print("classes: " + ", ".join(f"{n} {name}" for n, name in enumerate(info.class_names)))
    print(
        f"{output_dir}: {info.num_images} images, {info.num_boxes} boxes in "
        f"{info.num_images_with_boxes} images, {info.num_images_with_masks} masks, "
        f"{len(info.class_names)} classes with the background"
    )
    if options.classes is not None:
        print(
            f"{output_dir}: {info.num_ignored_boxes} of the boxes are of other classes and "
            f"ignored; {info.settings['num_left_out']} images without a chosen class left out"
        )
    if info.num_boxes:
        say_next("generate_proposals", input_dir=output_dir, output_dir=beside(output_dir, "union"))
    else:
        say_next("train", train_data=f"{output_dir}:mask", model_dir=beside(output_dir, "run"))


def _show_lists(lists: dict[str, int]) -> None:
    """Says from which lists the images of train_aug come, and whether they are all."""
    total = sum(lists.values())
    counts = " + ".join(f"{number} ({name})" for name, number in lists.items())
    verdict = (
        "as published" if total == NUM_PUBLISHED else f"the published list has {NUM_PUBLISHED}"
    )
    print(f"train_aug: {total} images = {counts}: {verdict}")


def _reader_options(options: Options, images: ImageOptions) -> dict[str, Any]:
    names = ["classes", "max_side", "only_ids", "without_ids"]
    for field in dataclasses.fields(options):
        flag, _, wanted = field.metadata.get("only_with", "").partition("=")
        if flag == "dataset" and options.dataset in wanted.split("|"):
            names.append(field.name)
    chosen = {name: getattr(options, name) for name in names}
    if own := chosen.get("class_names"):
        chosen["class_names"] = reader.with_background(own, "--class_names")
    if options.dataset in ("voc", "coco", *FORMATS):
        if options.max_side and images.max_megapixels == MAX_MEGAPIXELS:
            images = dataclasses.replace(images, max_megapixels=_MEGAPIXELS_TO_SHRINK)
        chosen["images"] = images
    elif images.settings:
        name = next(iter(images.settings))
        raise InputError(f"--{name} has no effect with --dataset={options.dataset}")
    return chosen
