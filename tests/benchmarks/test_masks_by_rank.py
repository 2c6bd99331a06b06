"""benchmarks/masks_by_rank.py: what it says of scores and rankings."""

import numpy as np
import pytest
from masks_by_rank import SHARES, ranking_quality, summary
from trained_runs import Scored

from boxsup_tf.box_quality.doubt import Doubt
from boxsup_tf.box_quality.mask_ranking import RankedImage, write_table
from boxsup_tf.metrics.confusion import ConfusionMatrix


def _run(right: int, seed: int) -> Scored:
    """Of 20 images with two classes; `right` of 10 pixels are predicted."""
    counts = np.zeros((20, 2, 2), np.int64)
    counts[:, 0, 0], counts[:, 1, 1], counts[:, 1, 0] = 10, right, 10 - right
    counts[: seed + 1, 0, 1] = 3
    return Scored("", (np.nan, np.nan), counts)


def test_the_gain_is_the_difference_of_mean_iou_over_the_set():
    runs = {"0 boxes": {seed: _run(5, seed) for seed in range(3)}}
    for share in SHARES:
        runs[f"{share:g} rank"] = {seed: _run(8, seed) for seed in range(3)}
        runs[f"{share:g} random"] = {seed: _run(8, seed) for seed in range(3)}
    found = summary(runs, draws=200)
    nothing = found["gain"]["0.05 rank over 0.05 random"]
    assert nothing["mean"] == pytest.approx(0) and nothing["interval"][0] == pytest.approx(0)
    gain = found["gain"]["0.05 rank over 0 boxes"]
    expected = [
        ConfusionMatrix(_run(8, s).counts.sum(0)).mean_iou
        - ConfusionMatrix(_run(5, s).counts.sum(0)).mean_iou
        for s in range(3)
    ]
    assert gain["mean"] == pytest.approx(np.mean(expected))
    low, high = gain["interval"]
    assert 0 < low <= gain["mean"] <= high
    scores = found["validation_mean_iou"]["0.05 rank"]
    assert scores["1"] == pytest.approx(ConfusionMatrix(_run(8, 1).counts.sum(0)).mean_iou)


def test_the_quality_of_a_ranking(tmp_path):
    wrong = [0.5, 0.4, 0.3, None, *np.linspace(0.2, 0, 17).tolist()]
    images = [
        RankedImage(str(i), 1 - i / 30, Doubt(i / 30, 0.3 * (i % 5), 0.1 * (i % 3), each))
        for i, each in enumerate(wrong)
    ]
    write_table(str(tmp_path / "table.csv"), images)
    found = ranking_quality([str(tmp_path / "table.csv")])
    assert found["spearman"]["score"] == [pytest.approx(1)]
    assert found["spearman"]["changed"] == [pytest.approx(-1)]
    total = sum(each or 0 for each in wrong)
    assert found["wrong_in_first"]["0.1"] == [pytest.approx(0.9 / total, abs=1e-4)]
