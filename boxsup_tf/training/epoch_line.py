"""The line on the console that stays of an epoch."""

import time
from collections.abc import Mapping


class EpochLines:
    """Lines of a run's epochs; the time left is what it takes if all go on as those so far.

    Args:
        done: epochs done before the first that is reported.
        num_epochs: of the run.
    """

    def __init__(self, done: int, num_epochs: int) -> None:
        self._before, self._num_epochs, self._started = done, num_epochs, time.monotonic()

    def line(
        self,
        done: int,
        metrics: Mapping[str, float | None],
        learning_rate: float,
        images_per_second: float | None,
    ) -> str:
        """What is to be said at the end of an epoch.

        Args:
            done: epochs done now, this one included.
            metrics: the epoch's, as in metrics.json.
            learning_rate: at its start.
            images_per_second: of its steps; None where all were done before.
        """
        parts = [f"loss {metrics['loss']:.4g}", f"learning rate {learning_rate:.3g}"]
        for title, name in (("validation", "val_mean_iou"), ("masks", "pseudo_mask_mean_iou")):
            if (value := metrics.get(name)) is not None:
                parts.append(f"{title} mean IoU {value:.3f}")
        if images_per_second is not None:
            parts.append(f"{images_per_second:.3g} images/s")
        if left := self._num_epochs - done:
            per_epoch = (time.monotonic() - self._started) / (done - self._before)
            parts.append(f"{duration(per_epoch * left)} left")
        return f"epoch {done}/{self._num_epochs}: {', '.join(parts)}"


def duration(seconds: float) -> str:
    """In two units at most: 45 s, 3 min 20 s, 5 h 12 min, 2 d 3 h."""
    left, parts = round(seconds), list[str]()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
