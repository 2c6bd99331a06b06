"""A trained network of CFM, as evaluation uses it: label maps of records with candidates."""

from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.cfm.network import CfmNetwork
from boxsup_tf.cfm.pasting import paste
from boxsup_tf.cfm.projection import project
from boxsup_tf.cfm.run_folder import load_network
from boxsup_tf.errors import InputError
from boxsup_tf.io.digest import digest_of
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.records import decode_example, decode_pool

_AT_ONCE = 64  # segments that pass fc6 together: 160 MB at the paper's width and image size


class CfmModel(tf.Module):
    """Label maps of images whose candidates are known.

    Args:
        network: trained.

    Attributes:
        class_names: index is label.
        settings: what decides the label maps, for JSON.
    """

    def __init__(self, network: CfmNetwork) -> None:
        super().__init__()
        self._network = network
        channels = network.trunk.output.shape[-1]
        # One trace over all image sizes.
        self._probabilities = tf.function(
            lambda *segments: tf.nn.softmax(network.scores(*segments)),
            input_signature=[
                tf.TensorSpec([None, None, channels], tf.float32),
                tf.TensorSpec([None, None, None], tf.bool),
                tf.TensorSpec([None, 4], tf.int32),
            ],
        )
        self.class_names = network.class_names
        weights = [*network.trunk.get_weights(), *network.head.get_weights()]
        self.settings: dict[str, Any] = {
            "weights": digest_of(weight.tobytes() for weight in weights),
            "scale": network.scale,
        }

    def label_map(self, serialized: bytes) -> np.ndarray:
        """int32 [H, W] of a record.

        Raises:
            InputError: it has no candidates.
        """
        example, pool = decode_example(serialized), decode_pool(serialized)
        if pool is None:
            raise InputError(
                f"{example.source_id} has no candidates: expected records of generate_proposals"
            )
        features = self._features(decode_image(example.encoded))
        masks, boxes = project(
            pool.superpixels, pool.membership, features.shape[:2], self._network.scale
        )
        some = (slice(first, first + _AT_ONCE) for first in range(0, len(masks), _AT_ONCE))
        parts = [self._probabilities(features, masks[each], boxes[each]) for each in some]
        none = np.zeros((0, len(self.class_names)), np.float32)
        return paste(pool.superpixels, pool.membership, np.concatenate([none, *parts]))

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    def _features(self, image: tf.Tensor) -> tf.Tensor:
        return self._network.features(self._network.inputs_of(image))


def load_cfm(model_dir: str) -> CfmModel:
    """The network of a training's folder.

    Raises:
        InputError: see `load_network`.
    """
    return CfmModel(load_network(model_dir))
