"""Trains a network from boxes, masks, or both.

    python scripts/train.py --train_data=records/train_union:box --val_data=records/val \
        --model_dir=runs/boxsup

An interrupted run goes on where it stopped when the same command is given again.
"""

import dataclasses
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors, settings
from boxsup_tf.training import config, loop

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of the run: checkpoints, TensorBoard events.", required=True
)


def main(_: object) -> None:
    names = [field.name for field in dataclasses.fields(config.TrainConfig)]
    values: dict[str, Any] = {name: flags.FLAGS[name].value for name in names}
    loop.train(_MODEL_DIR.value, config.TrainConfig(**values))


if __name__ == "__main__":
    settings.define_flags(config.TrainConfig)
    errors.run_script(main)
