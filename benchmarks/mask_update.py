"""What each open choice of the mask update does to the pseudo-masks of a trained network.

    python benchmarks/mask_update.py --model_dir=runs/boxsup --data=records/train_mcg \
        --variants=belief=cross_entropy,belief=centred:feedback_weight=1,k=5

Each variant is the run's own settings with some of them changed; it chooses all masks once with the
run's network. A variant that begins with `none`, such as none:prior_weight=0.2, does not ask
the network: E_o and the preference for large candidates decide. The images need true masks.
"""

import dataclasses
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import program
from absl import flags
from assignments import parse_values

from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.plan import MaskUpdatePlan
from boxsup_tf.training.run_settings import read_config
from boxsup_tf.training.sources import empty_labelling, load_sources
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "A run of train.py.", required=True)
_DATA = flags.DEFINE_string("data", None, "Folder with pools and masks.", required=True)
_VARIANTS = flags.DEFINE_list(
    "variants", ["none"], "Settings that differ, such as belief=centred:feedback_weight=1."
)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_NONE = "none"


def main(_: object) -> None:
    own = read_config(_MODEL_DIR.value)
    sources = load_sources(f"{_DATA.value}:box")
    segmenter = load_segmenter(_MODEL_DIR.value, own.dtype_policy)
    num_classes = len(segmenter.class_names)
    labelling = empty_labelling(sources)
    results: dict[str, dict[str, Any]] = {}
    print(f"{'variant':60s} mean IoU coverage")
    for variant in _VARIANTS.value:
        changes = variant.split(":")
        asks = changes[0] != _NONE
        if not asks:
            del changes[0]
        config = dataclasses.replace(own, **parse_values(TrainConfig, changes, "variants"))
        weights = (config.feedback_weight, 0.0) if asks else (0.0, config.prior_weight)
        plan = MaskUpdatePlan(np.full(num_classes, weights[0]), np.full(num_classes, weights[1]))
        update = MaskUpdate(
            TrainingNetwork(segmenter, config), sources, labelling, config, Workers()
        )
        results[variant] = row = dataclasses.asdict(update.run(0, plan)[1])
        iou = row["pseudo_mask_mean_iou"]
        shown = "unknown" if iou is None else f"{iou:8.3f}"
        print(f"{variant:60s} {shown} {row['coverage']:7.3f}", flush=True)
        if _JSON.value:
            write_json(_JSON.value, results)


if __name__ == "__main__":
    program.run(main)
