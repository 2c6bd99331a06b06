"""training.epoch_line: what the console keeps of an epoch."""

import pytest

from boxsup_tf.training import epoch_line
from boxsup_tf.training.epoch_line import EpochLines, duration


def test_a_line_has_what_is_known(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(epoch_line.time, "monotonic", lambda: now[0])
    lines = EpochLines(2, 12)
    now[0] = 160.0
    metrics = {"loss": 0.123456, "val_mean_iou": 0.5, "pseudo_mask_mean_iou": None}
    assert lines.line(4, metrics, 0.001, 12.3456) == (
        "epoch 4/12: loss 0.1235, learning rate 0.001, validation mean IoU 0.500, 12.3 images/s, "
        "4 min 0 s left"
    )
    metrics = {"loss": 2.0, "pseudo_mask_mean_iou": 0.75}
    assert lines.line(12, metrics, 1e-5, None) == (
        "epoch 12/12: loss 2, learning rate 1e-05, masks mean IoU 0.750"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (180000, "2 d 2 h"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert duration(seconds) == text
