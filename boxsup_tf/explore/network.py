"""The network whose belief is asked: a run's, or an export's."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.inference.tiling import margin_of, predict_in_tiles
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.run_settings import read_config
from boxsup_tf.training.training_predictor import in_bfloat16

# Logits of one image, at 4 bytes a number: 1 GiB.
_MOST_LOGITS = 2**28
_LEAST_PROBABILITY = 1e-30


@dataclasses.dataclass(frozen=True)
class Network:
    """A network as a mask update asks it.

    Attributes:
        path: where it comes from, for display.
        class_names: index is label.
        config: of its run; None for an export, which does not know its run.
    """

    path: str
    class_names: tuple[str, ...]
    config: TrainConfig | None
    _logits: Callable[[np.ndarray], np.ndarray]
    _tile_margin: int

    def logits(self, image: np.ndarray) -> np.ndarray:
        """Logits of every pixel, float32 [H, W, C], whose softmax is the network's belief.

        Args:
            image: uint8 [H, W, 3], RGB; a side longer than a tile's passes in tiles.

        Raises:
            InputError: the image is too large for the memory that is granted.
        """
        height, width = image.shape[:2]
        if height * width * len(self.class_names) > _MOST_LOGITS:
            raise InputError(
                f"the image has {height} x {width} pixels (height x width): expected at most "
                f"{_MOST_LOGITS // len(self.class_names)} in all with "
                f"{len(self.class_names)} classes; prepare_data.py --max_side=1000 makes smaller "
                "ones"
            )
        return predict_in_tiles(self._logits, image[None], margin=self._tile_margin)[0]


def of_run(model_dir: str) -> Network:
    """The network of a run's newest checkpoint; of its best one, given the run's folder `best`.

    It looks at images as the run's mask updates do: at their scale and in their precision.

    Raises:
        InputError: see `load_segmenter` and `read_config`.
    """
    config = read_config(model_dir)
    segmenter = load_segmenter(model_dir, config.dtype_policy)
    if in_bfloat16(config):
        segmenter = segmenter.bfloat16_copy()

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)])
    def logits(images: tf.Tensor) -> tf.Tensor:
        return segmenter.logits(images, config.update_scale)

    margin = margin_of(segmenter.family.margin)
    names = tuple(segmenter.class_names)
    return Network(model_dir, names, config, lambda images: logits(images).numpy(), margin)


def of_export(path: str) -> Network:
    """An exported model.

    Raises:
        InputError: see `load_saved_model`.
    """
    model = load_saved_model(path)

    def logits(images: np.ndarray) -> np.ndarray:
        # The softmax of log P is P.
        return np.log(np.maximum(model.predict(images)[1].numpy(), _LEAST_PROBABILITY))

    return Network(path, tuple(model.class_names), None, logits, model.tile_margin)
