"""benchmarks/loose_boxes.py: what it says was lost."""

import pytest
from loose_boxes import losses


def test_losses_are_the_seeds_means_against_tight_boxes():
    found = {"tight": [(0.8, 0.9), (0.6, 0.9)]}
    for share, lost in (("0.1", 0.1), ("0.2", 0.2)):
        found[f"loose_{share}"] = [(0.8 - lost, 0.5), (0.6 - lost, 0.7)]
        found[f"loose_{share}_with_option"] = [(0.8, 0.9), (0.5, 0.9)]
        found[f"loose_{share}_with_option_and_retightened"] = found["tight"]
    made = losses(found)
    assert made["loose_loss"]["0.2"] == pytest.approx([0.2, 0.3])
    assert made["loose_loss_with_option"] == {
        share: pytest.approx([0.05, 0]) for share in ("0.1", "0.2")
    }
    assert made["loose_loss_with_option_and_retightened"]["0.1"] == pytest.approx([0, 0])
