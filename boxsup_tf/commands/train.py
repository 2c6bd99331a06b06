r"""Trains a network from boxes, masks, or both.

    boxsup train --train_data=records/train_union:box --val_data=records/val \
        --model_dir=runs/boxsup

An interrupted run goes on where it stopped when the same command is given again.
"""

import dataclasses
import os

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import train


@dataclasses.dataclass(frozen=True)
class Options:
    """Where the run is.

    Attributes:
        model_dir: Folder of the run: checkpoints, TensorBoard events.
    """

    model_dir: str


def run(config: TrainConfig, options: Options) -> None:
    train(options.model_dir, config)
    model_dir = options.model_dir
    if config.val_data:
        evaluation = os.path.join(model_dir, "evaluation")
        say_next("evaluate", model_dir=model_dir, data=config.val_data, output_dir=evaluation)
    else:
        say_next("export", model_dir=model_dir, output_dir=os.path.join(model_dir, "export"))
