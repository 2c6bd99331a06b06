"""What loose boxes cost, and what a tolerance band and boxes tightened by the network win back."""

import os
from typing import Any

from box_errors import loosened
from rewritten_records import write_changed
from trained_runs import train_and_score

SHARES = (0.1, 0.2)


def measure(tight: str, val_data: str, folder: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Mean IoU of networks, and of pseudo-masks, by how loose the boxes are and with what options.

    Args:
        tight: records with pools and tight boxes.
        val_data: records with masks.
        folder: keeps what is made.
        settings: of every training.
    """

    def scores(name: str, data: str, **options: Any) -> tuple[float, float]:
        run = train_and_score(
            os.path.join(folder, name),
            val_data,
            settings | {"train_data": f"{data}:box"} | options,
        )
        return run.mean_iou, run.masks[-1]

    found: dict[str, Any] = {"tight": scores("tight", tight)}
    for share in SHARES:
        name = f"loose_{share:g}"
        place = os.path.join(folder, f"data_{name}")
        loose = write_changed(
            tight, place, lambda example, share=share: loosened(example, share, 0), {"loose": share}
        )
        found[name] = scores(name, loose)
        found[f"{name}_band"] = scores(f"{name}_band", loose, box_tolerance=share)
        found[f"{name}_retightened"] = scores(
            f"{name}_retightened", loose, box_tolerance=share, retighten_boxes=True
        )
    return {"network_and_masks": found} | losses(found)


def losses(found: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Mean IoU lost against tight boxes, of the network and of the masks."""

    def lost(name: str) -> list[float]:
        return [tight - own for tight, own in zip(found["tight"], found[name], strict=True)]

    return {
        "loose_loss": {f"{share:g}": lost(f"loose_{share:g}") for share in SHARES},
        **{
            f"loose_loss_{option}": {f"{s:g}": lost(f"loose_{s:g}_{option}") for s in SHARES}
            for option in ("band", "retightened")
        },
    }
