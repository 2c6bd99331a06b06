"""The network of a run: the part of it that is trained, and the inputs of that part."""

import numpy as np
import tensorflow as tf

from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.records.parsing import Record
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import FeatureCache, Features
from boxsup_tf.training.training_example import ExampleTable
from boxsup_tf.training.workers import Workers

_WHOLE = "whole image"


def build_segmenter(config: TrainConfig, class_names: tuple[str, ...]) -> Segmenter:
    """The segmenter of a run, with fresh weights, its first blocks frozen."""
    segmenter = Segmenter.build(
        config.architecture(class_names),
        config.dropout,
        config.seed,
        config.dtype_policy,
        config.batch_norm,
    )
    segmenter.freeze(config.frozen_blocks)
    return segmenter


class TrainingNetwork:
    """A segmenter whose first blocks may be frozen, and their outputs read from a cache.

    Args:
        segmenter: its weights loaded, its first `config.frozen_blocks` blocks frozen.
        config: says whether frozen blocks are cached.

    Attributes:
        segmenter: as given.
        trained: from images, or from cached features, to logits.
        cache: of the frozen blocks' outputs; None: they are computed every time.
    """

    def __init__(self, segmenter: Segmenter, config: TrainConfig) -> None:
        self.segmenter, self.trained = segmenter, segmenter.model
        self.cache: FeatureCache | None = None
        if config.feature_cache:
            trunk, self.trained = segmenter.split(config.frozen_blocks)
            self.cache = FeatureCache(config.feature_cache, trunk, segmenter.family.cache_key)

    @property
    def input_spec(self) -> tf.TensorSpec | tuple[tf.TensorSpec, ...]:
        """Of what `whole_image` gives, for several images together."""
        kind = tf.float32 if self.cache is None else tf.bfloat16
        return tf.nest.map_structure(
            lambda inputs: tf.TensorSpec([None, None, None, inputs.shape[-1]], kind),
            self.trained.input,
        )

    def whole_image(self, record: Record, scale: float = 1.0) -> Features:
        """What `trained` is given of the whole image of a record, inside a graph.

        Args:
            record: of the image.
            scale: the network sees the image at this many times its size.

        Returns:
            [1, h, w, channels], as `input_spec` says.
        """
        if self.cache is None:
            return self.segmenter.inputs_of(record.image()[None], scale)
        features = self.cache.read(record.encoded, _view(scale))
        return tf.nest.map_structure(lambda part: part[None], features)

    def logits(self, whole_images: Features, size: tf.Tensor, scale: float = 1.0) -> tf.Tensor:
        """Logits of every pixel: float32 [B, H, W, num_classes].

        Args:
            whole_images: [B, h, w, channels] of `whole_image`, of images of equal size.
            size: int [2], the images' own height and width.
            scale: that of `whole_image`.
        """
        logits = self.trained(whole_images, training=False)
        return self.segmenter.at_every_pixel(logits, size, scale)

    def prepare(
        self,
        examples: ExampleTable,
        numbers: np.ndarray,
        description: str,
        workers: Workers,
        scale: float = 1.0,
    ) -> None:
        """Computes the features of whole images, where they are to be read from a cache.

        Args:
            examples: of the images.
            numbers: of those that are wanted.
            description: what the progress bar says.
            workers: that share the work.
            scale: the network sees the images at this many times their size.
        """
        if self.cache is not None:
            self.cache.fill(
                examples,
                numbers,
                lambda record: _view(scale),
                lambda record: self.segmenter.inputs_of(record.image()[None], scale)[0],
                description,
                workers,
            )


def _view(scale: float) -> tf.Tensor:
    """The name of the whole image at a scale among an image's views."""
    return tf.constant(_WHOLE if scale == 1 else f"{_WHOLE} at {scale:g}")
