"""What loose boxes cost, and what a tolerance band and boxes tightened by the network win back."""

import functools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from box_errors import loosened
from rewritten_records import write_changed
from trained_runs import train_and_score

SHARES = (0.1, 0.2)


OPTIONS: dict[str, dict[str, bool]] = {
    "with_option": {},
    "with_option_and_retightened": {"retighten_boxes": True},
}
Scores = list[tuple[float, float]]  # of every seed: of the network, and of its last pseudo-masks


def measure(
    tight: str, val_data: str, folder: str, settings: dict[str, Any], seeds: Sequence[int]
) -> dict[str, Any]:
    """Mean IoU of networks, and of pseudo-masks, by how loose the boxes are and with what options.

    Args:
        tight: records with pools and tight boxes.
        val_data: records with masks.
        folder: keeps what is made.
        settings: of every training.
        seeds: of the trainings; the boxes are loosened once.
    """

    def scores(name: str, data: str, **options: Any) -> Scores:
        runs = [
            train_and_score(
                os.path.join(folder, f"{name}_seed{seed}"),
                val_data,
                settings | {"train_data": f"{data}:box", "seed": seed} | options,
            )
            for seed in seeds
        ]
        return [(run.mean_iou, run.masks[-1]) for run in runs]

    found = {"tight": scores("tight", tight)}
    for share in SHARES:
        name = f"loose_{share:g}"
        place = os.path.join(folder, f"data_{name}")
        change = functools.partial(loosened, share=share, seed=0)
        loose = write_changed(tight, place, change, {"loose": share})
        found[name] = scores(name, loose)
        for option, more in OPTIONS.items():
            own = scores(f"{name}_{option}", loose, box_tolerance=share, **more)
            found[f"{name}_{option}"] = own
    return {"loose_boxes": found} | losses(found)


def losses(found: dict[str, Scores]) -> dict[str, dict[str, list[float]]]:
    """Mean IoU lost against tight boxes by share: of the network and of the masks, seeds' means."""
    means = {name: np.mean(scores, axis=0) for name, scores in found.items()}

    def lost(ending: str) -> dict[str, list[float]]:
        names = {f"{share:g}": f"loose_{share:g}{ending}" for share in SHARES}
        return {share: (means["tight"] - means[name]).tolist() for share, name in names.items()}

    return {"loose_loss": lost("")} | {
        f"loose_loss_{option}": lost(f"_{option}") for option in OPTIONS
    }
