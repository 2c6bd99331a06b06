"""Trains a network from boxes, masks, or both.

    python scripts/train.py --train_data=records/train_scg:box --val_data=records/val \
        --model_dir=runs/boxsup

An interrupted run goes on where it stopped when the same command is given again.
"""

import dataclasses
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.supervision import scoring
from boxsup_tf.training import config, loop

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of the run: checkpoints, TensorBoard events.", required=True
)

_CHOICES = {
    "optimizer": config.OPTIMIZERS,
    "schedule": config.SCHEDULES,
    "loss_at": config.LOSS_AT,
    "belief": scoring.BELIEFS,
    "normaliser": scoring.NORMALISERS,
}


def _define_config_flags() -> None:
    """A flag for every field of TrainConfig, with its default and its line of documentation."""
    helps = config.field_docs()
    for field in dataclasses.fields(config.TrainConfig):
        name, required = field.name, field.default is dataclasses.MISSING
        default: Any = None if required else field.default
        if name in _CHOICES:
            flags.DEFINE_enum(name, default, _CHOICES[name], helps[name])
        elif isinstance(default, bool):
            flags.DEFINE_bool(name, default, helps[name])
        elif isinstance(default, int):
            flags.DEFINE_integer(name, default, helps[name])
        elif isinstance(default, float):
            flags.DEFINE_float(name, default, helps[name])
        else:
            flags.DEFINE_string(name, default, helps[name], required=required)


def main(_: object) -> None:
    names = [field.name for field in dataclasses.fields(config.TrainConfig)]
    values: dict[str, Any] = {name: flags.FLAGS[name].value for name in names}
    settings = config.TrainConfig(**values)
    loop.train(_MODEL_DIR.value, settings)


if __name__ == "__main__":
    _define_config_flags()
    errors.run_script(main)
