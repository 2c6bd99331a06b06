"""training.training_predictor: the logits of every image, whoever passes the network with it."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.records import keys, records
from boxsup_tf.records.example import Example
from boxsup_tf.records.parsing import parse
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.training_example import TrainingExample
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.training_predictor import TrainingPredictor
from boxsup_tf.training.workers import Workers
from tests.models.segmenters import make_segmenter
from tests.training.folders import CLASS_NAMES

# Seven images of three sizes; the last one's pool has one candidate per box.
SIZES = [(33, 41), (20, 30), (33, 41), (33, 41), (20, 30), (41, 33), (33, 41)]
EXACT = {"update_precision": "float32"}


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return make_segmenter(CLASS_NAMES, seed=2)


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"image{i}": rng.integers(0, 256, (*size, 3), np.uint8) for i, size in enumerate(SIZES)}


class Examples:
    """What of an `ExampleTable` is used."""

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self._dataset = dataset
        self.sizes = np.array(SIZES)
        self.one_per_box = np.arange(len(SIZES)) == len(SIZES) - 1

    def __len__(self) -> int:
        return len(SIZES)

    def numbers(self) -> tf.data.Dataset:
        return tf.data.Dataset.range(len(SIZES))

    def read(self, numbers: tf.data.Dataset) -> tf.data.Dataset:
        return numbers.flat_map(lambda number: self._dataset.skip(number).take(1))


@pytest.fixture(scope="module")
def dataset(images) -> Examples:
    serialized = []
    for i, (name, image) in enumerate(images.items()):
        encoded = cv2.imencode(".png", image[:, :, ::-1])[1].tobytes()
        record = tf.train.Example.FromString(
            records.encode_example(Example(name, name, encoded, *image.shape[:2]), CLASS_NAMES)
        )
        one_per_box = record.features.feature[keys.CANDIDATES_ONE_PER_BOX].int64_list
        one_per_box.value.append(i == len(SIZES) - 1)
        serialized.append(record.SerializeToString())

    def example(serialized: tf.Tensor) -> TrainingExample:
        record = parse(serialized)
        return TrainingExample(record.source_id, tf.constant(True), record)

    return Examples(tf.data.Dataset.from_tensor_slices(serialized).map(example))


class Observed(TrainingNetwork):
    """A network that counts its traces and says how many images pass it together."""

    def __init__(self, segmenter, config: TrainConfig) -> None:
        super().__init__(segmenter, config)
        self.traces, self.together = 0, []

    def logits(self, whole_images, size, scale=1.0):
        self.traces += 1
        tf.py_function(lambda n: self.together.append(int(n)), [tf.shape(whole_images)[0]], [])
        return super().logits(whole_images, size, scale)


def _logits(predictor: TrainingPredictor, ask: bool = True) -> dict[str, np.ndarray]:
    found = predictor.predict_all(ask)
    return {example.id.numpy().decode(): logits.numpy() for example, logits in found}


def _predicted(network: TrainingNetwork, dataset, config: TrainConfig, ask: bool = True) -> dict:
    predictor = TrainingPredictor(network, dataset, config, Workers())
    for _ in range(2):  # as in two mask updates
        found = _logits(predictor, ask)
    assert len(found) == len(SIZES)
    return found


def _expected(segmenter, image: np.ndarray, scale: float) -> np.ndarray:
    """Resized by OpenCV there and back."""
    height, width = image.shape[:2]
    seen = image.astype(np.float32)
    if scale != 1:
        seen = cv2.resize(seen, (round(width * scale), round(height * scale)))
    logits = segmenter.logits(seen[None])[0].numpy()
    return cv2.resize(logits, (width, height))


@pytest.mark.parametrize(
    ("scale", "batch", "together"),
    [(1.0, 1, [1] * 6), (1.0, 2, [2, 2, 1, 1]), (1.5, 3, [3, 2, 1])],
)
def test_every_image_has_its_own_belief(segmenter, images, dataset, scale, batch, together):
    config = TrainConfig("", **EXACT, update_scale=scale, update_batch=batch)
    network = Observed(segmenter, config)
    found = _predicted(network, dataset, config)
    assert found.keys() == images.keys()
    *asked, fixed = images
    for name in asked:
        expected = _expected(segmenter, images[name], scale)
        np.testing.assert_allclose(found[name], expected, atol=1e-3 * np.ptp(expected))
    assert not found[fixed].any()
    assert network.together == 2 * together
    assert network.traces == 1


def test_a_float32_network_may_be_asked_in_bfloat16(segmenter, images, dataset):
    asked = list(images)[:-1]

    def differences(network: TrainingNetwork, config: TrainConfig) -> list[float]:
        """Largest ones to the float32 network as it is now, as a share of the range."""
        found = _predicted(network, dataset, config)
        expected = {name: _expected(segmenter, images[name], config.update_scale) for name in asked}
        return [np.abs(found[n] - expected[n]).max() / np.ptp(expected[n]) for n in asked]

    config = TrainConfig("", update_precision="bfloat16")
    in_bfloat16, network = TrainingNetwork(segmenter, config), TrainingNetwork(segmenter, config)
    assert 1e-3 < max(differences(in_bfloat16, config)) < 0.05
    in_float32 = TrainConfig("", update_precision="float32")
    assert max(differences(network, in_float32)) < 1e-3
    # What was trained since is seen.
    predictor, model = TrainingPredictor(network, dataset, config, Workers()), segmenter.model
    before = model.get_weights()
    found = []
    for factor in (1, -1):
        model.get_layer("fc8").kernel.assign(factor * before[-2])
        found.append(_logits(predictor))
    model.set_weights(before)
    for name in asked:
        first, second = (logits[name] for logits in found)
        np.testing.assert_allclose(second, -first, atol=1e-6)  # fc8's biases are 0


def test_a_network_that_is_not_asked_says_nothing(segmenter, images, dataset):
    config = TrainConfig("", update_batch=2)
    network = Observed(segmenter, config)
    found = _predicted(network, dataset, config, ask=False)
    assert list(found) == list(images)
    for name, image in images.items():
        assert found[name].shape == (*image.shape[:2], len(CLASS_NAMES))
        assert not found[name].any()
    assert not network.together


def test_cached_features_are_those_of_the_scale(segmenter, images, dataset, tmp_path):
    values = {"frozen_blocks": 2, "augmentations": 1, "feature_cache": str(tmp_path)}
    for scale in (1.0, 1.5):
        config = TrainConfig("", **EXACT, update_scale=scale, update_batch=3, **values)
        found = _predicted(TrainingNetwork(segmenter, config), dataset, config)
        for name in list(images)[:-1]:
            expected = _expected(segmenter, images[name], scale)
            np.testing.assert_allclose(found[name], expected, atol=0.02 * np.ptp(expected))
    # A file an image that is asked about and a scale.
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2 * (len(SIZES) - 1)
