"""Resident memory of a real training over its epochs."""

import contextlib
import json
import os

import numpy as np
import own_process
from generated_data import write_shapes

from boxsup_tf.metrics.metric_names import METRICS_FILE
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import train


def measure_growth(folder: str, num_images: int, epochs: int) -> list[float]:
    """Trains a narrow network on generated images, in a process of its own.

    Every epoch has a mask update, a validation, pictures and a checkpoint.

    Returns:
        Mean resident memory in every epoch, MiB [epochs].
    """
    data = write_shapes(os.path.join(folder, "data"), num_images, 128, max_candidates=500)
    model_dir = os.path.join(folder, "run")
    config = TrainConfig(
        train_data=f"{data}:box",
        val_data=data,
        init="random",
        width_multiplier=0.125,
        epochs=epochs,
        batch_size=4,
        crop_size=129,
    )
    samples: list[list[float]] = [[] for _ in range(epochs)]

    def sample(process: int) -> None:
        done = _epochs_done(model_dir)
        if done is not None and done < epochs:
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                samples[done].append(own_process.resident_bytes(process) / own_process.MIB)

    own_process.run(train, model_dir, config, watch=sample)
    return [float(np.mean(values)) for values in samples]


def _epochs_done(model_dir: str) -> int | None:
    """None before the first epoch has begun."""
    try:
        with open(os.path.join(model_dir, METRICS_FILE), encoding="utf-8") as file:
            entries = json.load(file)["epochs"]
    except (OSError, ValueError):
        return None
    return sum("loss" in entry for entry in entries)
