"""training.feature_cache and training_network: cached features are what the network computes."""

import os
import pathlib

import numpy as np
import pytest

from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import TrainingPipeline, fill_crops
from boxsup_tf.training.sources import Source, load_sources
from boxsup_tf.training.trainer import train
from boxsup_tf.training.training_example import ExampleTable, read_examples
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers
from tests.models.segmenters import make_segmenter
from tests.training.folders import CLASS_NAMES, SIDE, make_example, scattered, write

FROZEN = 3
SEED = 3


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Source]:
    examples = [make_example(f"image{i}", i) for i in range(5)]
    return load_sources(
        f"{write(tmp_path_factory.mktemp('cache') / 'data', examples, scattered)}:box"
    )


def _config(folder: pathlib.Path | None, **values) -> TrainConfig:
    options = {"batch_size": 2, "crop_size": 25, "augmentations": 2, "frozen_blocks": FROZEN}
    cache = "" if folder is None else str(folder)
    return TrainConfig("", feature_cache=cache, **(options | values))


def _segmenter(seed: int = SEED) -> Segmenter:
    return make_segmenter(CLASS_NAMES, dropout=0.0, seed=seed)


def _records(sources):
    return read_examples(sources).map(lambda example: example.record)


def _prepare(network: TrainingNetwork, sources) -> None:
    examples = ExampleTable(sources)
    network.prepare(examples, np.arange(len(examples)), "features", Workers())


def _labelling(sources) -> Labelling:
    return Labelling({f"0/{e.source_id}": e.num_boxes for e in sources[0].examples})


def _crops(pipeline: TrainingPipeline, epoch: int) -> dict[bytes, tuple]:
    pipeline.start(epoch, 0)
    return {
        example_id: (inputs, label_map)
        for batch in pipeline.dataset.as_numpy_iterator()
        for inputs, label_map, example_id in zip(*batch, strict=True)
    }


def test_cached_crops_are_the_trunks_view_of_the_crops(sources, tmp_path):
    segmenter, labelling = _segmenter(), _labelling(sources)
    config = _config(tmp_path)
    network = TrainingNetwork(segmenter, config)
    fill_crops(network.cache, sources, config, Workers())
    cached = TrainingPipeline(sources, labelling, config, network.cache)
    plain = TrainingPipeline(sources, labelling, _config(None))
    trunk, _ = segmenter.split(FROZEN)
    seen = []
    for epoch in range(3):
        features, images = _crops(cached, epoch), _crops(plain, epoch)
        assert features.keys() == images.keys() and len(images) == 5
        for name, (image, label_map) in images.items():
            expected = trunk(image[None])[0].numpy()
            np.testing.assert_allclose(
                features[name][0].astype(np.float32), expected, rtol=2**-8, atol=1e-5
            )
            np.testing.assert_array_equal(features[name][1], label_map)
        seen.append(images)
    # Two crops an image, taken in turn.
    for name in seen[0]:
        np.testing.assert_array_equal(seen[0][name][0], seen[2][name][0])
        assert (seen[0][name][0] != seen[1][name][0]).any()


def test_whole_images_score_as_without_a_cache(sources, tmp_path):
    segmenter = _segmenter()
    cached, plain = (TrainingNetwork(segmenter, _config(cache)) for cache in (tmp_path, None))
    _prepare(cached, sources)
    for record in _records(sources):
        ours, expected = (n.logits(n.whole_image(record), record.size) for n in (cached, plain))
        assert ours.shape == (1, SIDE, SIDE, len(CLASS_NAMES))
        scale = np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, atol=0.02 * scale)


def test_only_what_is_missing_is_computed(sources, tmp_path):
    network = TrainingNetwork(_segmenter(), _config(tmp_path))
    _prepare(network, sources)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 5
    times = [os.stat(path).st_mtime_ns for path in files]
    before = files[2].read_bytes()
    files[2].unlink()
    _prepare(TrainingNetwork(_segmenter(), _config(tmp_path)), sources)
    assert files[2].read_bytes() == before
    changed = [os.stat(path).st_mtime_ns != time for path, time in zip(files, times, strict=True)]
    assert changed == [i == 2 for i in range(5)]
    # Other weights, other features.
    _prepare(TrainingNetwork(_segmenter(seed=4), _config(tmp_path)), sources)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 10


def test_frozen_blocks_keep_their_weights_with_and_without_a_cache(sources, tmp_path):
    losses = []
    for cache in ("", str(tmp_path / "features")):
        config = TrainConfig(
            f"{sources[0].folder}:box",
            **{"init": "random", "crop_size": 25, "batch_size": 2, "epochs": 2, "k": 1},
            **{"frozen_blocks": FROZEN, "augmentations": 2, "feature_cache": cache},
            **{"num_pictures": 0, "warmup_epochs": 0, "width_multiplier": 0.1},
            **{"dropout": 0.0, "seed": SEED},
        )
        run = tmp_path / f"run{len(losses)}"
        losses.append([epoch["loss"] for epoch in train(str(run), config)])
        trained = load_segmenter(str(run)).model
        fresh = _segmenter().model
        moved = {
            layer.name
            for layer, other in zip(trained.layers, fresh.layers, strict=True)
            for ours, theirs in zip(layer.get_weights(), other.get_weights(), strict=True)
            if (ours != theirs).any()
        }
        assert {"block4_conv1", "fc8"} <= moved
        assert not any(name.startswith(("block1", "block2", "block3")) for name in moved)
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.01)


def test_a_cache_needs_something_that_stays_the_same(tmp_path):
    for values in ({"augmentations": 0}, {"frozen_blocks": 0}):
        with pytest.raises(Exception, match="--feature_cache"):
            _config(tmp_path, **values)


def test_equal_weights_of_other_networks_have_features_of_their_own(tmp_path):
    """Their poolings take other steps, and other skips pass by."""
    config = _config(tmp_path, frozen_blocks=5)
    weights = []
    for network in ("largefov", "deeplab", "fcn16s", "fcn8s"):
        segmenter = make_segmenter(CLASS_NAMES, 0.05, network, seed=SEED)
        TrainingNetwork(segmenter, config)
        weights.append(segmenter.split(5)[0].get_weights())
    for other in weights[1:]:
        for ours, theirs in zip(weights[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert len(list(tmp_path.iterdir())) == 3  # LargeFOV's and DeepLab's blocks are the same
