"""The network of CFM on VGG-16: what is computed once per image, and what once per segment.

Two ways lead from conv5 to the classes, one for the features in a segment's box and one for those
of the segment itself, each with fc6 and fc7 of its own; the classes see both (the paper's design A,
which is its design for VGG-16). Otherwise than in the paper, the last layer's softmax is the
classifier, where the paper trains linear SVMs on fc7 afterwards.
"""

import keras
import tensorflow as tf

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.pooling import BINS, pool_segments
from boxsup_tf.cfm.projection import STRIDE
from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.saved_network import start_from
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.models.vgg16 import FixedScale
from boxsup_tf.models.vgg16_weights import POOL5_SCALE

_LAST_CONVOLUTION = "block5_conv3"
_WAYS = ("region", "segment")
# VGG-16 with all of its poolings, and fc6 and fc7 of VGG-16's own size.
_VGG16 = "fcn32s"


class CfmNetwork:
    """Scores segments of images of any size.

    Args:
        class_names: index is label; label 0 stands for segments of no class.
        config: of the training.

    Attributes:
        class_names: as given.
        scale: factor of an image's size at which it is seen.
        trunk: from preprocessed images, float32 [B, H, W, 3], to conv5, float32 [B, h, w, C], of
            stride 16.
        head: from features of regions and of segments, each float32 [S, 7, 7, C], to logits,
            float32 [S, num_classes].
    """

    def __init__(self, class_names: tuple[str, ...], config: CfmConfig) -> None:
        self.class_names, self.scale = class_names, config.scale
        architecture = Architecture(_VGG16, config.width_multiplier, class_names)
        self._segmenter = Segmenter.build(architecture, seed=config.seed)
        self._segmenter.freeze(config.frozen_blocks)
        model = self._segmenter.model
        self.trunk = keras.Model(model.input, model.get_layer(_LAST_CONVOLUTION).output)
        width = model.get_layer("fc6").filters
        self.head = _build_head(self.trunk.output.shape[-1], width, len(class_names), config)

    def load_weights(self, init: str) -> None:
        """Initial weights: both ways begin with the same fc6 and fc7.

        Raises:
            InputError: see `start_from`.
        """
        start_from(self._segmenter, init)
        model = self._segmenter.model
        for way in _WAYS:
            self.head.get_layer(f"{way}_scale").set_weights(
                model.get_layer(POOL5_SCALE).get_weights()
            )
            for layer in ("fc6", "fc7"):
                kernel, bias = model.get_layer(layer).get_weights()
                flat = kernel.reshape(-1, kernel.shape[-1])
                self.head.get_layer(f"{way}_{layer}").set_weights([flat, bias])

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """Of both parts, without those of frozen blocks."""
        return [*self.trunk.trainable_variables, *self.head.trainable_variables]

    def inputs_of(self, image: tf.Tensor) -> tf.Tensor:
        """What `features` is given of an image [H, W, 3], RGB, 0 .. 255: float32 [H', W', 3]."""
        return self._segmenter.inputs_of(image[None], self.scale)[0]

    def feature_size(self, inputs_size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the features of inputs of this height and width."""
        height, width = inputs_size
        return (height - 1) // STRIDE + 1, (width - 1) // STRIDE + 1

    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        """conv5 of one image, float32 [h, w, C]."""
        return self.trunk(inputs[None], training=False)[0]

    def scores(
        self, features: tf.Tensor, masks: tf.Tensor, boxes: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """Logits of segments of one image, float32 [S, num_classes].

        Args:
            features: of the image.
            masks, boxes: of the segments, see `projection.project`.
            training: with dropout.
        """
        return self.head(pool_segments(features, masks, boxes), training=training)


def _build_head(channels: int, width: int, num_classes: int, config: CfmConfig) -> keras.Model:
    inputs = tuple(keras.Input([BINS, BINS, channels], name=way) for way in _WAYS)
    ends = []
    for number, (way, x) in enumerate(zip(_WAYS, inputs, strict=True)):
        x = keras.layers.Flatten(name=f"{way}_flat")(FixedScale(name=f"{way}_scale")(x))
        for layer in (6, 7):
            seed = config.seed + 10 * number + layer
            normal = keras.initializers.HeNormal(seed)
            x = keras.layers.Dense(
                width, "relu", kernel_initializer=normal, name=f"{way}_fc{layer}"
            )(x)
            x = keras.layers.Dropout(config.dropout, seed=seed, name=f"{way}_drop{layer}")(x)
        ends.append(x)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=config.seed)
    both = keras.layers.Concatenate(name="both")(ends)
    logits = keras.layers.Dense(num_classes, kernel_initializer=small, name="classes")(both)
    return keras.Model(inputs, logits, name="cfm")
