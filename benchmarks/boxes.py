"""Boxes that can be trusted: wrong ones found, loose ones learnt from, images chosen for masks.

    python benchmarks/boxes.py --work_dir=/tmp/boxes --json=boxes.json
    python benchmarks/boxes.py --work_dir=/tmp/boxes --json=boxes.json --part=masks \
        --data_dir=VOCdevkit --weights=vgg16_notop.weights.h5

Shapes are generated; photographs (parts errors and masks) need --data_dir and --weights. What is
made stays in WORK_DIR, and a second call goes on there; what a part measures is written when it is
done. docs/boxes.md says what the figures are.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import json
from typing import Any

import program
from absl import flags

from boxsup_tf.io.json_file import read_json, write_json

_PARTS = ("errors", "loose", "masks")
_WORK_DIR = flags.DEFINE_string("work_dir", None, "Folder for data and runs.", required=True)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_CHOSEN = flags.DEFINE_multi_enum("part", _PARTS, _PARTS, "What is measured.")
_DATA_DIR = flags.DEFINE_string("data_dir", "", "VOCdevkit with photographs; empty: shapes alone.")
_WEIGHTS = flags.DEFINE_string("weights", "", "VGG-16's convolutions, a Keras weights file.")
_SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Of the trainings of loose and masks.")
_MAX_SIDE = flags.DEFINE_integer("max_side", 161, "Of photographs, pixels.", lower_bound=33)
_EPOCHS = flags.DEFINE_integer("epochs", 6, "Of runs on photographs.", lower_bound=3)

# Small and fresh, as in the demo (docs/architecture.md).
_ON_SHAPES: dict[str, Any] = {
    **{"init": "random", "width_multiplier": 0.25, "dropout": 0.0, "crop_size": 97},
    **{"batch_size": 4, "epochs": 8, "learning_rate": 0.03, "last_layer_rate": 1.0},
    **{"schedule": "poly", "clip_norm": 1.0, "loss_at": "pixels", "min_agreement": 0.0},
    **{"belief": "centred", "feedback_weight": 1.0, "update_scale": 1.0, "num_pictures": 0},
}


def main(_: object) -> None:
    figures: dict[str, Any] = {}
    if _JSON.value and os.path.exists(_JSON.value):
        figures = read_json(_JSON.value, "figures of this program")
    for part in _CHOSEN.value:
        figures |= _MEASURES[part](os.path.join(_WORK_DIR.value, part))
        print(json.dumps(figures, indent=2), flush=True)
        if _JSON.value:
            write_json(_JSON.value, figures)


def _seeds() -> list[int]:
    return [int(seed) for seed in _SEEDS.value]


def _shapes(seed: int) -> tuple[str, str]:
    """Records of generated images: with pools, and for validation."""
    from boxsup_tf.data.prepare import prepare
    from boxsup_tf.data.shapes import ShapesReader
    from boxsup_tf.proposals.generate import generate
    from boxsup_tf.proposals.registry import make_options

    names = (f"train_{seed}", f"pools_{seed}", "val")
    train, pools, val = (os.path.join(_WORK_DIR.value, name) for name in names)
    prepare(ShapesReader(1000, seed=seed, image_size=96), train, 2)
    prepare(ShapesReader(200, seed=2, image_size=96), val, 2)
    options = {"edges": "gradient", "sigma": 0.5, "min_area": 20, "max_regions": 1}
    generate(train, pools, "scg", make_options("scg", options), 1)
    return pools, val


def _errors(folder: str) -> dict[str, Any]:
    import box_errors
    import masks_by_rank

    # Others than those on which the scores were developed: images of seed 1, errors of seed 0.
    data = _shapes(seed=5)
    found = {"shapes": box_errors.measure(*data, f"{folder}/shapes", _ON_SHAPES, seed=1)}
    if _DATA_DIR.value:
        place = os.path.join(_WORK_DIR.value, "masks")
        photographs = masks_by_rank.prepare_photographs(place, _DATA_DIR.value, _MAX_SIDE.value)
        settings = masks_by_rank.settings_of(place, _WEIGHTS.value, _MAX_SIDE.value, _EPOCHS.value)
        found["photographs"] = box_errors.measure(*photographs, f"{folder}/photographs", settings)
    best = found["shapes"]["with_pools"]
    return {
        "errors": found,
        "precision_at_100": best["precision_at"]["100"],
        "chance": best["chance"],
    }


def _loose(folder: str) -> dict[str, Any]:
    from loose_boxes import measure

    return measure(*_shapes(seed=1), folder, _ON_SHAPES, _seeds())


def _masks(folder: str) -> dict[str, Any]:
    if not _DATA_DIR.value:
        return {}
    from masks_by_rank import measure

    sizes = _MAX_SIDE.value, _EPOCHS.value
    return measure(folder, _DATA_DIR.value, _WEIGHTS.value, _seeds(), *sizes)


_MEASURES = {"errors": _errors, "loose": _loose, "masks": _masks}


if __name__ == "__main__":
    program.run(main)
