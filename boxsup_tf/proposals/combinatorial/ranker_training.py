"""Trains the rankers of mcg and scg on images with instance masks."""

import os
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial.grouping import GroupingOptions, propose_candidates
from boxsup_tf.proposals.combinatorial.ranking import ranker_file

_ROWS_PER_IMAGE = 6000
_MIN_INSTANCE_AREA = 400  # pixels
_NETWORKS = 4
_HIDDEN = (64, 64)
_BATCH = 1024
_EPOCHS_AT_RATE = ((4, 2e-3), (4, 5e-4), (4, 1e-4))

Sample = tuple[np.ndarray, np.ndarray]


def sample_candidates(
    image: np.ndarray,
    edge_maps: np.ndarray,
    instances: np.ndarray,
    options: GroupingOptions,
    rng: np.random.Generator,
) -> Sample:
    """Features and targets of some candidates of an image, good ones more often than bad ones.

    Args:
        image, edge_maps, options: see `grouping.group`.
        instances: bool [G, H, W], the objects' masks, at least one.
        rng: draws the sample.

    Returns:
        features: float32 [S, F].
        targets: float32 [S], the best IoU with any object.
    """
    partition, candidates = propose_candidates(image, edge_maps, options)
    num = partition.num_superpixels
    held = [np.bincount(partition.superpixels[mask], minlength=num) for mask in instances]
    shares = np.array(held, np.float32)
    shared = candidates.members.astype(np.float32) @ shares.T
    union = candidates.areas[:, None] + shares.sum(axis=1)[None, :] - shared
    iou = (shared / union).max(axis=1)
    taken = rng.random(len(iou)) < _ROWS_PER_IMAGE / len(iou) * (0.3 + 3 * iou**2)
    return candidates.features[taken], iou[taken]


def train_ranker(samples: Iterable[Sample], seed: int) -> dict[str, np.ndarray]:
    """Fits small networks to the targets, by mean squared error.

    Args:
        samples: of `sample_candidates`, one per image.
        seed: of weights and order.

    Returns:
        The arrays of `ranking.make_ranker`.
    """
    features, targets = (np.concatenate(parts) for parts in zip(*samples, strict=True))
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    normalised = (features - mean) / scale
    networks = []
    for number in range(_NETWORKS):
        keras.utils.set_random_seed(seed * _NETWORKS + number)
        hidden = [keras.layers.Dense(units, activation="relu") for units in _HIDDEN]
        model = keras.Sequential([keras.Input([features.shape[1]]), *hidden, keras.layers.Dense(1)])
        model.compile(keras.optimizers.AdamW(weight_decay=1e-3), "mse")
        for epochs, rate in _EPOCHS_AT_RATE:
            model.optimizer.learning_rate = rate
            model.fit(normalised, targets, _BATCH, epochs, verbose=0)
        networks.append([layer.get_weights() for layer in model.layers])
    arrays = {"mean": mean, "scale": scale}
    for i, layers in enumerate(zip(*networks, strict=True)):
        kernels, biases = zip(*layers, strict=True)
        arrays |= {f"kernel{i}": np.stack(kernels), f"bias{i}": np.stack(biases)}
    return arrays


def train_rankers(
    images: Iterable[tuple[np.ndarray, np.ndarray]],
    detector: str,
    edge_model: str,
    output_dir: str,
    seed: int,
) -> list[str]:
    """Trains the rankers of mcg and scg for one edge detector and writes their weights.

    Args:
        images: uint8 [H, W, 3], RGB, each with the masks of its objects, bool [G, H, W].
        detector, edge_model: see `edges.check_model`.
        output_dir: created where missing.
        seed: of the sample, of weights and order.

    Returns:
        The files' paths.

    Raises:
        InputError: no image has an object that is large enough.
    """
    detector = edges.resolve(detector)
    options = GroupingOptions(detector, edge_model)
    rng = np.random.default_rng(seed)
    samples: dict[str, list[Sample]] = {"mcg": [], "scg": []}
    for image, masks in images:
        large = masks[masks.sum(axis=(1, 2)) >= _MIN_INSTANCE_AREA]
        if len(large) == 0:
            continue
        maps = edges.detect_scales(image, detector, edge_model)
        samples["mcg"].append(sample_candidates(image, maps, large, options, rng))
        samples["scg"].append(sample_candidates(image, maps[:1], large, options, rng))
    if not samples["mcg"]:
        raise InputError(f"no image has an object of {_MIN_INSTANCE_AREA} pixels or more")
    files.make_folders(output_dir)
    paths = []
    for method, rows in samples.items():
        arrays = train_ranker(rows, seed)
        halves: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
        paths.append(os.path.join(output_dir, ranker_file(method, detector)))
        with atomic_write(paths[-1], "wb") as file:
            np.savez_compressed(file, **halves)
    return paths
