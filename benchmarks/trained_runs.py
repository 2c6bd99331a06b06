"""Trainings that a benchmark compares: each once, in a process of its own, and what it scores."""

import os
from typing import Any, NamedTuple

import numpy as np
import own_process


class Scored(NamedTuple):
    """A finished run.

    Attributes:
        model_dir: its folder.
        masks: mean IoU of its first and last pseudo-masks with the truth; NaN where not known.
        counts: int64 [N, C, C], pixels of every validation image by true and predicted class.
    """

    model_dir: str
    masks: tuple[float, float]
    counts: np.ndarray

    @property
    def mean_iou(self) -> float:
        """Of the last network, on the validation images."""
        from boxsup_tf.metrics.confusion import ConfusionMatrix

        return float(ConfusionMatrix(self.counts.sum(axis=0)).mean_iou)


def train_and_score(model_dir: str, val_data: str, settings: dict[str, Any]) -> Scored:
    """Trains, or goes on, and scores the last network; what is done already is read.

    Args:
        settings: of `TrainConfig`; without validation data.
    """
    path = os.path.join(model_dir, "scored.npz")
    if not os.path.exists(path):
        print(f"== {model_dir}", flush=True)
        own_process.run(_train_and_score, model_dir, val_data, settings, path)
    with np.load(path) as file:
        return Scored(model_dir, tuple(file["masks"].tolist()), file["counts"])


def _train_and_score(model_dir: str, val_data: str, settings: dict[str, Any], path: str) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from boxsup_tf.evaluation.examples import read_examples
    from boxsup_tf.inference.segmentation_model import of_run
    from boxsup_tf.metrics.confusion import count_pixels
    from boxsup_tf.records.dataset_info import load_complete
    from boxsup_tf.records.example import decode_image
    from boxsup_tf.training.config import TrainConfig
    from boxsup_tf.training.trainer import train

    epochs = train(model_dir, TrainConfig(**settings))
    known = [epoch["pseudo_mask_mean_iou"] for epoch in epochs if "pseudo_mask_mean_iou" in epoch]
    known = [value for value in known if value is not None] or [np.nan]
    model = of_run(model_dir, (1.0,), False)
    counts = []
    for example in read_examples(val_data, load_complete(val_data), "score"):
        label_map = model.label_maps(decode_image(example.encoded).numpy()[None])[0]
        assert example.mask is not None
        counts.append(count_pixels(example.mask, label_map, len(model.class_names)))
    np.savez_compressed(path, masks=[known[0], known[-1]], counts=np.array(counts))
