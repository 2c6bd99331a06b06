"""combinatorial.ranker_training: what is learnt from, and that it is learnt."""

import numpy as np
import pytest

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.combinatorial import ranker_training
from boxsup_tf.proposals.combinatorial.grouping import GroupingOptions, propose_candidates
from boxsup_tf.proposals.combinatorial.ranker_training import (
    sample_candidates,
    train_ranker,
    train_rankers,
)
from boxsup_tf.proposals.combinatorial.ranking import make_ranker
from boxsup_tf.proposals.edges import gradient
from boxsup_tf.records.example import decode_image

OPTIONS = GroupingOptions("gradient", max_superpixels=60, max_candidates=100)


def _image(seed: int, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """A generated image and the masks of its kinds of object."""
    example = ShapesReader(1, seed=seed, image_size=size)[0]
    kinds = np.unique(example.labels)
    return decode_image(example.encoded).numpy(), example.mask[None] == kinds[:, None, None]


def _sample(image: np.ndarray, masks: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    maps = gradient.detect_scales(image)
    return sample_candidates(image, maps, masks, OPTIONS, np.random.default_rng(seed))


def test_targets_are_the_best_overlaps_of_the_masks(monkeypatch):
    monkeypatch.setattr(ranker_training, "_ROWS_PER_IMAGE", 10**9)  # takes all
    image, masks = _image(2)
    masks = np.concatenate([masks, np.zeros_like(masks[:1])])
    masks[-1, 10:40, 20:50] = True  # one more that overlaps the others
    assert len(masks) >= 2
    features, targets = _sample(image, masks)
    partition, candidates = propose_candidates(image, gradient.detect_scales(image), OPTIONS)
    np.testing.assert_array_equal(features, candidates.features)
    assert targets.shape == (len(features),) and targets.dtype == np.float32
    for members, target in zip(candidates.members, targets, strict=True):
        inside = members[partition.superpixels]
        expected = max((inside & mask).sum() / (inside | mask).sum() for mask in masks)
        assert target == pytest.approx(expected, abs=1e-6)
    assert targets.max() > 0.7


def test_good_candidates_are_taken_more_often(monkeypatch):
    image, masks = _image(2)
    monkeypatch.setattr(ranker_training, "_ROWS_PER_IMAGE", 10**9)
    everything = _sample(image, masks)[1]
    monkeypatch.setattr(ranker_training, "_ROWS_PER_IMAGE", 300)
    samples = [_sample(image, masks, seed)[1] for seed in range(3)]
    for targets in samples:
        assert 60 < len(targets) < len(everything) / 2
        assert targets.mean() > everything.mean() + 0.02
    assert len({targets.tobytes() for targets in samples}) == 3
    np.testing.assert_array_equal(_sample(image, masks, 1)[1], samples[1])


def _made_up_samples(seed: int, num: int) -> tuple[np.ndarray, np.ndarray]:
    """Features on very different scales, and a target that some of them decide."""
    rng = np.random.default_rng(seed)
    features = rng.normal([0, 5, -2, 100, 0], [1, 0.1, 3, 40, 0], (num, 5)).astype(np.float32)
    x, y = features[:, 0], (features[:, 3] - 100) / 40
    targets = 0.5 + 0.2 * np.tanh(x) * y + 0.1 * np.abs(y)
    return features, (targets + rng.normal(0, 0.02, num)).astype(np.float32)


def test_a_simple_function_is_learnt_and_learnt_the_same_again(monkeypatch):
    monkeypatch.setattr(ranker_training, "_NETWORKS", 2)
    monkeypatch.setattr(ranker_training, "_BATCH", 200)  # steps enough for so few rows
    monkeypatch.setattr(ranker_training, "_EPOCHS_AT_RATE", ((5, 2e-3), (2, 2e-4)))
    features, targets = _made_up_samples(0, 6000)
    samples = [(features[:2000], targets[:2000]), (features[2000:], targets[2000:])]
    arrays = train_ranker(samples, seed=5)
    unseen, expected = _made_up_samples(1, 2000)
    estimates = make_ranker(arrays).estimate(unseen)
    assert np.corrcoef(estimates, expected)[0, 1] > 0.9
    assert np.abs(estimates - expected).mean() < 0.06
    again = train_ranker(iter(samples), seed=5)
    assert arrays.keys() == again.keys()
    for name, array in arrays.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, again[name])
    one, other = arrays["kernel0"]
    assert np.abs(one - other).max() > 0.1, "the networks are not copies of each other"


def test_bad_input_is_named(tmp_path):
    small = np.zeros((1, 30, 30), bool)
    small[0, :19, :20] = True
    images = [(np.zeros((30, 30, 3), np.uint8), small)]
    with pytest.raises(InputError, match="no image has an object of 400 pixels or more"):
        train_rankers(images, "gradient", "", str(tmp_path / "out"), 0)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="--edges=canny: expected one of"):
        train_rankers(images, "canny", "", str(tmp_path / "out"), 0)
