"""Quality and time of proposal methods on images with instance masks.

    python benchmarks/proposals.py --data_dir=coco --methods=mcg,scg,selective_search \
        --annotations=coco/annotations/instances_val2017.json --json=proposals.json
    python benchmarks/proposals.py --data_dir=VOCdevkit --split=val --methods=scg:edges=gradient \
        --plot=proposals.png --curves='curves/pascal2012_val2012_*.txt'

The table says for the first n candidates of an image: the mean best Jaccard index over instances,
and the share of instances found with a Jaccard index of 0.5, 0.7 and 0.85. Times are meaningful
on an idle machine only.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import program
from absl import flags
from proposal_benchmark import (
    Benchmark,
    Quality,
    measure,
    parse_method,
)
from voc_instances import voc_instances

from boxsup_tf import errors
from boxsup_tf.data import instance_images
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.io.json_file import write_json

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of images: COCO's, or of VOC's layout.", required=True
)
_ANNOTATIONS = flags.DEFINE_list("annotations", [], "COCO: instances JSON files.")
_SPLIT = flags.DEFINE_list("split", ["val"], "VOC's layout: lists in ImageSets/Segmentation.")
_METHODS = flags.DEFINE_list(
    "methods", ["mcg"], "Methods, with options like scg:edges=gradient:min_area=20."
)
_MIN_INSTANCE_AREA = flags.DEFINE_integer(
    "min_instance_area", 400, "Pixels; smaller instances do not count.", lower_bound=1
)
_NUM_WORKERS = flags.DEFINE_integer("num_workers", 2, "Processes of one thread.", lower_bound=1)
_VAL_LIST = flags.DEFINE_string(
    "val_list", None, "A list of image ids, one per line: a second table for these alone."
)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_PLOT = flags.DEFINE_string("plot", None, "Draw quality against number into this PNG.")
_CURVES = flags.DEFINE_string(
    "curves", None, "Folder, or pattern, of published curves (tab-separated) to draw beside it."
)

_COLUMNS = ("mean_candidates", "mean_best_jaccard", "recall_50", "recall_70", "recall_85")


def main(_: object) -> None:
    if _ANNOTATIONS.value:
        images = instance_images.coco_instances(_DATA_DIR.value, _ANNOTATIONS.value)
    else:
        images = voc_instances(_DATA_DIR.value, _SPLIT.value)
    subset = set(read_ids(_VAL_LIST.value)) if _VAL_LIST.value else set()
    unknown = subset - {image.image_id for image in images}
    if unknown:
        raise errors.InputError(
            f"{_VAL_LIST.value}: image {min(unknown)!r} is not among the {len(images)} measured"
        )
    for method in _METHODS.value:
        parse_method(method)
    if _PLOT.value:
        import proposal_plot  # beside this file; matplotlib is needed for --plot only

        published = proposal_plot.read_curves(_CURVES.value)
    results = {}
    for method in _METHODS.value:
        results[method] = measure(
            method, images, _NUM_WORKERS.value, _MIN_INSTANCE_AREA.value, subset
        )
        print(_report(method, results[method]))
        if _JSON.value:  # after each, for a method takes long
            figures = {"num_workers": _NUM_WORKERS.value}
            write_json(
                _JSON.value, {name: figures | each.as_dict() for name, each in results.items()}
            )
    if _PLOT.value:
        curves = {name: result.quality.rows for name, result in results.items()}
        proposal_plot.plot(_PLOT.value, curves, published)


def _report(method: str, result: Benchmark) -> str:
    """The figures of one method as text."""
    lines = [
        "",
        f"{method}: {result.seconds_per_image:.2f} s per image with {_NUM_WORKERS.value} processes "
        f"({result.seconds_per_image_without_edges:.2f} without edges), "
        f"{result.bytes_per_image / 1000:.1f} kB per image",
        *_table("all images", result.quality),
    ]
    if result.subset_quality:
        lines += _table(str(_VAL_LIST.value), result.subset_quality)
    return "\n".join(lines)


def _table(title: str, quality: Quality) -> list[str]:
    lines = [
        f"{title}: {quality.num_images} images, {quality.num_instances} instances, "
        f"box_choice_iou {quality.box_choice_iou:.3f}",
        f"{'n':>6} " + " ".join(f"{name:>17}" for name in _COLUMNS),
    ]
    for row in quality.rows:
        n = "all" if row is quality.rows[-1] else str(row["n"])
        values = (f"{row[name]:>17.{1 if name == 'mean_candidates' else 3}f}" for name in _COLUMNS)
        lines.append(f"{n:>6} " + " ".join(values))
    return lines


if __name__ == "__main__":
    program.run(main)
