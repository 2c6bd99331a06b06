"""Trains a network from boxes, masks, or both.

    python scripts/train.py --train_data=records/train_union:box --val_data=records/val \
        --model_dir=runs/boxsup

An interrupted run goes on where it stopped when the same command is given again.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors, settings
from boxsup_tf.training import config, trainer

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of the run: checkpoints, TensorBoard events.", required=True
)


def main(_: object) -> None:
    trainer.train(_MODEL_DIR.value, settings.parsed_flags(config.TrainConfig))


if __name__ == "__main__":
    settings.define_flags(config.TrainConfig)
    errors.run_script(main)
