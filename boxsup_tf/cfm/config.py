"""CfmConfig: everything that decides what a training of CFM computes."""

import dataclasses

from boxsup_tf.models.architecture import MAX_WIDTH
from boxsup_tf.settings import check, option


@dataclasses.dataclass(frozen=True)
class CfmConfig:
    """A training's settings.

    Attributes:
        Data:
        train_data: a folder of records with masks and candidates, which generate_proposals wrote.
        scale: factor of an image's size at which the network sees it.
        Network:
        init: where weights come from: `imagenet` (VGG-16 with its classifier), `hed`, `random`, the
            path of a Keras VGG-16 weights file, or the folder of a run of a VGG-16 network, of
            which all layers that fit are taken.
        width_multiplier: of the network's channels.
        frozen_blocks: of VGG-16's five blocks, from the first, whose weights stay as they were
            loaded.
        dropout: after the fully connected layers.
        Optimisation:
        epochs: passes over the images.
        segments: of an image, the most of each kind in a step: of objects, of stuff, of neither.
        learning_rate: at the start; times 0.1 every `decay_epochs`.
        decay_epochs: see there.
        momentum: of SGD.
        weight_decay: of kernels, not of biases.
        clip_norm: largest global norm of a gradient; 0: not clipped.
        seed: of weights, dropout, order and the choice of segments.
    """

    train_data: str
    scale: float = option(1.5, above=0)
    init: str = "imagenet"
    width_multiplier: float = option(1.0, above=0, at_most=MAX_WIDTH)
    frozen_blocks: int = option(5, at_least=0, at_most=5)
    dropout: float = option(0.5, at_least=0, below=1)
    epochs: int = option(40, at_least=1)
    segments: int = option(32, at_least=1)
    learning_rate: float = option(0.001, above=0)
    decay_epochs: int = option(30, at_least=1)
    momentum: float = option(0.9, at_least=0, at_most=1)
    weight_decay: float = option(5e-4, at_least=0)
    clip_norm: float = option(0.0, at_least=0)
    seed: int = option(0, at_least=0)

    def __post_init__(self) -> None:
        check(self)
