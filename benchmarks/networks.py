"""Networks side by side: parameters, size, and speed of training and prediction.

    python benchmarks/networks.py --json=networks.json

Every network takes turns with LargeFOV, so that the machine's moods hit both, and has random
weights. A training step is of --batch_size crops of --side pixels that lie in memory; a prediction
is of one image of that size, to probabilities of every pixel. Times are medians over repeats;
ratios, of LargeFOV's time to the network's, medians of the repeats' ratios.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable

import keras
import numpy as np
import program
import side_by_side
import tensorflow as tf
from absl import flags
from generated_data import CLASS_NAMES

from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers

_REFERENCE = "largefov"
_NETWORKS = flags.DEFINE_list(
    "networks",
    [
        *("deeplab", "fcn8s"),
        *("deeplab_v3_plus/resnet50/16", "deeplab_v3_plus/mobilenet_v2/16"),
        *("deeplab_v3_plus/mobilenet_v3_large/16", "deeplab_v3_plus/efficientnet_v2_b0/16"),
        "deeplab_v3_plus/convnext_tiny/16",
    ],
    "NETWORK, or NETWORK/BACKBONE/OUTPUT_STRIDE.",
)
_SIDE = flags.DEFINE_integer("side", 321, "Pixels of crops and images, 32 n + 1.", lower_bound=33)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 2, "Images of a step.", lower_bound=1)
_NUM_REPEATS = flags.DEFINE_integer("num_repeats", 3, "Times all is measured.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")


class _Network:
    """A network with what is timed of it."""

    def __init__(self, name: str) -> None:
        network, backbone, stride = [*name.split("/"), "", "0"][:3]
        config = TrainConfig(
            "",
            network=network,
            backbone=backbone,
            output_stride=int(stride),
            crop_size=_SIDE.value,
            batch_size=_BATCH_SIZE.value,
        )
        self.segmenter = Segmenter.build(config.architecture(CLASS_NAMES), config.dropout)
        self._predictor = Predictor(self.segmenter)
        optimizer = make_optimizer(config, steps_per_epoch=1)
        optimizer.build(self.segmenter.model.trainable_variables)
        loss = keras.metrics.Mean()
        training = TrainingNetwork(self.segmenter, config)
        self._update = NetworkUpdate(training, optimizer, Workers(), config, loss)
        rng = np.random.default_rng(0)
        shape = (_BATCH_SIZE.value, _SIDE.value, _SIDE.value)
        images = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
        labels = rng.integers(0, len(CLASS_NAMES), shape)
        self._image = tf.constant(images[:1])
        self._batch = self.segmenter.inputs_of(images), tf.constant(labels, tf.int32)

    def train(self) -> None:
        float(self._update.step(*self._batch)[0])

    def predict(self) -> None:
        self._predictor.probabilities(self._image).numpy()


def _compare(name: str) -> dict[str, float]:
    networks = {key: _Network(key) for key in {_REFERENCE, name}}
    work: dict[str, Callable[[], object]] = {}
    for key, network in networks.items():
        work |= {f"{key} train": network.train, f"{key} predict": network.predict}
    times = side_by_side.measure(work, _NUM_REPEATS.value)
    weights = networks[name].segmenter.model.weights
    figures = {
        "parameters": sum(int(np.prod(weight.shape)) for weight in weights),
        "megabytes": sum(weight.numpy().nbytes for weight in weights) / 1e6,
    }
    for kind, images in (("train", _BATCH_SIZE.value), ("predict", 1)):
        seconds = times[f"{name} {kind}"]
        figures[f"{kind}_images_per_second"] = images / float(np.median(seconds))
        figures[f"{kind}_speed_over_largefov"] = side_by_side.ratio(
            times[f"{_REFERENCE} {kind}"], seconds
        )
    return figures


def main(_: object) -> None:
    results = {}
    for name in [_REFERENCE, *_NETWORKS.value]:
        results[name] = _compare(name)
        figures = "  ".join(f"{key} {value:.4g}" for key, value in results[name].items())
        print(f"{name}: {figures}", flush=True)
        keras.backend.clear_session()
        if _JSON.value:
            write_json(_JSON.value, results)


if __name__ == "__main__":
    program.run(main)
