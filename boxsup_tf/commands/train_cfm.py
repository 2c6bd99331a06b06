r"""Trains a network that classifies candidates (CFM), from masks.

    boxsup generate_proposals --input_dir=records/train --method=mcg --output_dir=records/train_mcg
    boxsup train_cfm --train_data=records/train_mcg --model_dir=runs/cfm

Convolutional feature masking, a row of the paper's Table 5: docs/recipes.md. An interrupted
training goes on with the epoch in which it stopped when the same command is given again.
"""

import dataclasses

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.train import train_cfm
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """Where the training is.

    Attributes:
        model_dir: Folder of the training: checkpoint, settings, metrics.
    """

    model_dir: str = option(written=True)


def run(config: CfmConfig, options: Options) -> None:
    train_cfm(options.model_dir, config)
