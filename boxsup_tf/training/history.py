"""metrics.json and TensorBoard scalars of a run, one entry per epoch."""

import math
import os
from typing import Any

from boxsup_tf.io import files
from boxsup_tf.io.json_file import parse_json, write_json
from boxsup_tf.metrics.metric_names import METRICS_FILE
from boxsup_tf.schema import check_type
from boxsup_tf.training import scalars


def read_epochs(path: str) -> list[dict[str, Any]]:
    """The metrics of a run by epoch, each with its number as `epoch`; None where not known.

    Raises:
        InputError: the file is missing or damaged.
    """

    def parse(found: dict[str, Any]) -> list[dict[str, Any]]:
        epochs = found["epochs"]
        check_type(epochs, list[dict[str, float | None]], "epochs")
        for place, entry in enumerate(epochs):
            if entry.get("epoch") != place:
                raise ValueError(f"epochs[{place}] says epoch {entry.get('epoch')}")
        return epochs

    return parse_json(path, "the metrics of a run: delete it to go on", parse)


class History:
    """Metrics by epoch, on disk after every change.

    Args:
        model_dir: the run's folder.
        num_epochs: entries from before a resume that are kept; later ones are redone.
        writes: whether the file is written; of several processes one does.

    Raises:
        InputError: metrics.json is damaged.
    """

    def __init__(self, model_dir: str, num_epochs: int, writes: bool = True) -> None:
        self._writes = writes
        self._path = os.path.join(model_dir, METRICS_FILE)
        self.epochs: list[dict] = []
        if files.exists(self._path):
            self.epochs = read_epochs(self._path)[:num_epochs]

    def add(self, epoch: int, metrics: dict[str, float | None]) -> None:
        """Adds metrics to the entry of an epoch and shows them in TensorBoard.

        Metrics that are None or NaN are stored as null and not shown.
        """
        while len(self.epochs) <= epoch:  # more than one where the file was lost
            self.epochs.append({"epoch": len(self.epochs)})
        for name, value in metrics.items():
            known = value is not None and math.isfinite(value)
            self.epochs[epoch][name] = value if known else None
        scalars.show(metrics, epoch)
        if self._writes:
            write_json(self._path, {"epochs": self.epochs})
