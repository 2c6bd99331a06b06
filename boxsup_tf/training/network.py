"""The network of a run: what of it is trained, and what it is given of an image."""

import copy

import keras
import tensorflow as tf

from boxsup_tf.models.bfloat16 import bfloat16_twin, copy_weights
from boxsup_tf.models.scores import at_every_pixel, pad_to_grid
from boxsup_tf.models.split import split
from boxsup_tf.records import records
from boxsup_tf.records.records import Parsed
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

    def bfloat16_twin(self) -> "Network":
        """The network as one that computes in bfloat16 and reads the same cache."""
        twin = copy.copy(self)
        twin.trained = bfloat16_twin(self.trained)
        return twin

    def take_weights_of(self, other: "Network") -> None:
        copy_weights(other.trained, self.trained)

    @property
    def input_spec(self) -> tf.TensorSpec:
        """Of what `logits` needs of some images."""
        kind = tf.float32 if self.cache is None else tf.bfloat16
        return tf.TensorSpec([None, None, None, self.trained.input.shape[-1]], kind)

    def whole_image(self, parsed: Parsed, scale: float = 1.0) -> tf.Tensor:
        """What `logits` needs of a record's whole image, inside a graph.

        Args:
            parsed: the record.
            scale: the network sees the image at so many times its size.

        Returns:
            [1, h, w, channels], as `input_spec` says.
        """
        if self.cache is None:
            return _padded_image(parsed, scale)
        return self.cache.read(parsed, _view(scale))[None]

    def logits(self, whole_images: tf.Tensor, size: tf.Tensor, scale: float = 1.0) -> tf.Tensor:
        """Scores of every pixel: float32 [B, H, W, num_classes].

        Args:
            whole_images: [B, h, w, channels] of the function above, of images of equal size.
            size: int [2], the images' own height and width.
            scale: that of the function above.
        """
        logits = self.trained(whole_images, training=False)
        logits = at_every_pixel(logits, *tf.unstack(_scaled(size, scale)))
        return logits if scale == 1 else tf.image.resize(logits, tf.cast(size, tf.int32))

    def prepare(self, examples: tf.data.Dataset, description: str, scale: float = 1.0) -> None:
        """Computes the features of whole images, where they are to be read from a cache."""
        if self.cache is not None:
            self.cache.fill(
                examples,
                lambda parsed: _view(scale),
                lambda parsed: _padded_image(parsed, scale)[0],
                description,
            )


def freeze(model: keras.Model, frozen_blocks: int) -> None:
    """Takes the first blocks of VGG-16 out of the training."""
    for block in range(1, frozen_blocks + 1):
        for layer in model.layers:
            if layer.name.startswith(f"block{block}_"):
                layer.trainable = False


def _padded_image(parsed: Parsed, scale: float) -> tf.Tensor:
    images = records.decode_parsed_image(parsed)[None]
    if scale != 1:
        images = tf.image.resize(images, _scaled(records.image_size(parsed), scale))
    return pad_to_grid(images)


def _scaled(size: tf.Tensor, scale: float) -> tf.Tensor:
    """int32 [2]: height and width at a scale, of at least a pixel."""
    return tf.maximum(tf.cast(tf.round(tf.cast(size, tf.float32) * scale), tf.int32), 1)


def _view(scale: float) -> tf.Tensor:
    """The name of the whole image at a scale among an image's views."""
    return tf.constant(_WHOLE if scale == 1 else f"{_WHOLE} at {scale:g}")


def _last_frozen_layer(frozen_blocks: int) -> str:
    return f"block{frozen_blocks}_pool"
