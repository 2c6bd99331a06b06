"""The network of a run: what of it is trained, and what it is given of an image."""

import keras
import tensorflow as tf

from boxsup_tf.data import records
from boxsup_tf.data.records import Parsed
from boxsup_tf.models.scores import at_every_pixel, pad_to_grid
from boxsup_tf.models.split import split
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import FeatureCache

_WHOLE = "whole image"


class Network:
    """A network whose first blocks may be frozen, and their outputs read from a cache.

    Args:
        model: of `models`, its weights loaded.
        config: says what is frozen and cached; see `freeze`.

    Attributes:
        trained: from images, or from cached features, to logits.
        cache: of the frozen blocks' outputs; None: they are computed every time.
    """

    def __init__(self, model: keras.Model, config: TrainConfig) -> None:
        self.trained = model
        self.cache: FeatureCache | None = None
        if config.feature_cache:
            trunk, self.trained = split(model, _last_frozen_layer(config.frozen_blocks))
            self.cache = FeatureCache(config.feature_cache, trunk)

    def whole_image(self, parsed: Parsed) -> tf.Tensor:
        """What `logits` needs of a record's whole image, [1, h, w, channels], inside a graph."""
        if self.cache is None:
            return _padded_image(parsed)
        return self.cache.read(parsed, tf.constant(_WHOLE))[None]

    def logits(self, whole_image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        """Scores of every pixel: float32 [H, W, num_classes].

        Args:
            whole_image: of the function above.
            size: int [2], the image's height and width.
        """
        logits = self.trained(whole_image, training=False)
        return at_every_pixel(logits, *tf.unstack(tf.cast(size, tf.int32)))[0]

    def prepare(self, examples: tf.data.Dataset, description: str) -> None:
        """Computes the features of whole images, where they are to be read from a cache."""
        if self.cache is not None:
            self.cache.fill(
                examples,
                lambda parsed: tf.constant(_WHOLE),
                lambda parsed: _padded_image(parsed)[0],
                description,
            )


def freeze(model: keras.Model, frozen_blocks: int) -> None:
    """Takes the first blocks of VGG-16 out of the training."""
    for block in range(1, frozen_blocks + 1):
        for layer in model.layers:
            if layer.name.startswith(f"block{block}_"):
                layer.trainable = False


def _padded_image(parsed: Parsed) -> tf.Tensor:
    return pad_to_grid(records.decode_parsed_image(parsed)[None])


def _last_frozen_layer(frozen_blocks: int) -> str:
    return f"block{frozen_blocks}_pool"
