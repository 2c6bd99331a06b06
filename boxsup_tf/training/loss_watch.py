"""Losses of steps that the device has not yet done, looked at a few at a time."""

import math
import time

import numpy as np
import tensorflow as tf

from boxsup_tf.training.checkpoints import Checkpoints

_MOST = 10  # steps that a device is ahead of being looked at
_SECONDS = 1.0


class LossWatch:
    """Makes sure that losses are finite, without waiting for the device after every step.

    Args:
        checkpoints: say what is kept where a loss is not.
        strategy: of the run.
        epoch, step: of the first loss that comes.
    """

    def __init__(
        self, checkpoints: Checkpoints, strategy: tf.distribute.Strategy, epoch: int, step: int
    ) -> None:
        self._checkpoints, self._strategy = checkpoints, strategy
        self._epoch, self._step = epoch, step
        self._waiting: list[tuple[tf.Tensor, tf.Tensor]] = []
        self._looked = time.monotonic()

    def add(self, loss: tf.Tensor, example_ids: tf.Tensor) -> None:
        """Takes the loss of the next step.

        Args:
            loss: float32 scalar, which the device may still be computing.
            example_ids: string [b], of what it was computed; a value per replica where there are
                several.
        """
        self._waiting.append((loss, example_ids))

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        return len(self._waiting) >= _MOST or time.monotonic() - self._looked > _SECONDS

    def look(self) -> float:
        """Waits for all losses; returns the last one, NaN where none has come since the last look.

        Raises:
            InputError: one is not a finite number; it names the first such step and its images.
        """
        if not self._waiting:
            return math.nan
        losses = tf.stack([loss for loss, _ in self._waiting]).numpy()  # one copy for all
        for number in np.flatnonzero(~np.isfinite(losses)):
            parts = self._strategy.experimental_local_results(self._waiting[number][1])
            names = ", ".join(name.decode() for part in parts for name in part.numpy())
            place = f"epoch {self._epoch + 1}, step {self._step + number} (images {names})"
            raise self._checkpoints.diverged(f"the loss is {losses[number]}", place)
        self._step += len(losses)
        self._waiting, self._looked = [], time.monotonic()
        return float(losses[-1])
