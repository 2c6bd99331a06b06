"""Segmenter: a network with all that its users need to know of it."""

import keras
import tensorflow as tf

from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.bfloat16_copy import bfloat16_copy, copy_weights
from boxsup_tf.models.grid import on_grid, scaled_size, upsample
from boxsup_tf.models.network_family import NetworkFamily, NetworkOptions, family_of


class Segmenter:
    """A network that scores every pixel of photographs of any size.

    Args:
        architecture: of the network.
        model: its Keras model, see `NetworkFamily.build`.

    Raises:
        ValueError: the names do not fit the classes of the network.

    Attributes:
        architecture, model: as given.
        family: what is to be known of the network.
    """

    def __init__(self, architecture: Architecture, model: keras.Model) -> None:
        num_scores, num_names = model.output_shape[-1], len(architecture.class_names)
        if num_scores != num_names:
            raise ValueError(f"the network has {num_scores} classes, but {num_names} class names")
        self.architecture, self.model = architecture, model
        self.family = _family(architecture)

    @classmethod
    def build(
        cls,
        architecture: Architecture,
        dropout: float = 0.5,
        seed: int = 0,
        dtype_policy: str = "float32",
        batch_norm: str = "frozen",
    ) -> "Segmenter":
        """A network with random weights.

        Args:
            architecture: of the network.
            dropout, seed, dtype_policy, batch_norm: see `NetworkOptions`.

        Raises:
            ValueError: no such network or policy, or no channel would be left.
            InputError: see `family_of`; or the backbone has no such width.
        """
        num_classes, width = len(architecture.class_names), architecture.width_multiplier
        options = NetworkOptions(num_classes, width, dropout, seed, dtype_policy, batch_norm)
        return cls(architecture, _family(architecture).build(options))

    def load_weights(self, init: str) -> None:
        """Fills in initial weights from a named source or a file; see `--init`.

        Raises:
            InputError: no such source, or weights that do not fit the network.
        """
        self.family.load_weights(self.model, init, self.architecture.width_multiplier)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Index is label; background first."""
        return self.architecture.class_names

    def logits(self, images: tf.Tensor, scale: float = 1.0) -> tf.Tensor:
        """Logits of every pixel.

        Args:
            images: [B, H, W, 3] RGB, 0 .. 255.
            scale: the network sees the images at this many times their size.

        Returns:
            float32 [B, H, W, num_classes].
        """
        logits = self.model(self.inputs_of(images, scale), training=False)
        return self.at_every_pixel(logits, tf.shape(images)[1:3], scale)

    def label_maps(self, images: tf.Tensor) -> tf.Tensor:
        """The class of highest score at every pixel, int32 [B, H, W], of images as above."""
        return tf.argmax(self.logits(images), axis=-1, output_type=tf.int32)

    def inputs_of(self, images: tf.Tensor, scale: float = 1.0) -> tf.Tensor:
        """What the network is given of whole images.

        They are padded at the bottom and right with the mean colour to sides of side_step * n + 1.

        Args:
            images: [B, H, W, 3] RGB, 0 .. 255.
            scale: factor of their size.

        Returns:
            float32 [B, H', W', 3], preprocessed.
        """
        if scale != 1:
            size = scaled_size(tf.shape(images)[1:3], scale)
            images = tf.image.resize(tf.cast(images, tf.float32), size)
        size = tf.shape(images)[1:3]
        bottom, right = tf.unstack(on_grid(size, self.family.side_step) - size)
        return tf.pad(self.family.preprocess(images), [[0, 0], [0, bottom], [0, right], [0, 0]])

    def at_every_pixel(self, logits: tf.Tensor, size: tf.Tensor, scale: float = 1.0) -> tf.Tensor:
        """Logits of all pixels, bilinearly from those of the network; the padding is cut off.

        Args:
            logits: [B, h, w, C] of `inputs_of(images, scale)`.
            size: int [2], the images' own height and width.
            scale: as above.

        Returns:
            float32 [B, height, width, C].
        """
        height, width = tf.unstack(scaled_size(size, scale))
        step = self.family.side_step
        logits = upsample(tf.cast(logits, tf.float32), on_grid(height, step), on_grid(width, step))
        logits = logits[:, :height, :width]
        return logits if scale == 1 else tf.image.resize(logits, tf.cast(size, tf.int32))

    def freeze(self, num_blocks: int) -> None:
        """Takes the first blocks out of the training."""
        if num_blocks:
            for layer in self.split(num_blocks)[0].layers:
                layer.trainable = False

    def split(self, num_blocks: int) -> tuple[keras.Model, keras.Model]:
        """Cuts the network behind its first blocks, at least one.

        Both halves hold the very layers of `model`: training, loading or freezing one of them is
        seen by all three. `head(trunk(inputs))` computes what `model(inputs)` does.

        Returns:
            The trunk, from preprocessed images to the last block's output (in its compute dtype),
            and the head, from there to the logits. Where skips cross the cut, features are a tuple:
            those of the last block, and of the skips.
        """
        end = self.model.get_layer(self.family.block_ends[num_blocks - 1])
        blocks = keras.Model(self.model.input, end.output, name="trunk")
        skips = [layer for layer in blocks.layers[:-1] if layer.name in self.family.skips]
        if not skips:
            return blocks, keras.Model(end.output, self.model.output, name="head")
        features = tuple(layer.output for layer in (end, *skips))
        trunk = keras.Model(self.model.input, features, name="trunk")
        return trunk, keras.Model(features, self.model.output, name="head")

    def learning_rate_factors(
        self, variables: list[keras.Variable], last_layer_rate: float
    ) -> list[float]:
        """DeepLab's factors of the learning rate, for each variable.

        Args:
            variables: trainable ones of the network or of a half of it.
            last_layer_rate: factor of the last layers; biases have twice their layer's rate.
        """
        last = tuple(f"{name}/" for name in self.family.last_layers)
        return [
            (last_layer_rate if variable.path.startswith(last) else 1.0)
            * (2.0 if variable.path.endswith("/bias") else 1.0)
            for variable in variables
        ]

    def bfloat16_copy(self, stored: bool = False) -> "Segmenter":
        """The network with its present weights, computing in bfloat16; see `bfloat16_copy`."""
        copy = bfloat16_copy(self.model, self.family.last_layers, stored)
        copy_weights(self.model, copy)
        return Segmenter(self.architecture, copy)


def _family(architecture: Architecture) -> NetworkFamily:
    return family_of(architecture.network, architecture.backbone, architecture.output_stride)
