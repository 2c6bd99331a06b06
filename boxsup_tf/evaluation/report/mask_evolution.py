"""How the pseudo-masks of a few examples changed over the mask updates (the paper's Fig. 3)."""

import os

from boxsup_tf import drawing, sheet
from boxsup_tf.evaluation.report.markup import Node, node, scroller, section
from boxsup_tf.evaluation.report.pictures import jpeg_uri, read_picture
from boxsup_tf.io import files
from boxsup_tf.training.pictures import EVOLUTION_FILE, all_kept_masks, shown_updates

_WHOLE = (
    "One row per example: its boxes, pseudo-masks from the first mask update to the last, the "
    "truth where it is known, and the network's prediction."
)
_MASKS_ALONE = (
    "One row per example: its pseudo-masks from the first mask update to the last. The training "
    "has not ended: when it does, train.py draws them over the photographs."
)


def evolution_section(model_dir: str) -> Node | None:
    """The picture that the training drew at its end; before that, the pseudo-masks alone.

    Returns:
        None where the run's folder has neither.

    Raises:
        InputError: a picture is damaged.
    """
    path = os.path.join(model_dir, EVOLUTION_FILE)
    text = _WHOLE
    if files.exists(path):
        picture = read_picture(path, "RGB")
    else:
        text = _MASKS_ALONE
        rows = _mask_rows(model_dir)
        if not rows:
            return None
        updates = max(len(row.pictures) for row in rows)
        picture = sheet.sheet([f"mask {i + 1} of {updates}" for i in range(updates)], rows)
    image = node("img", src=jpeg_uri(picture), alt=text, class_="evolution", loading="lazy")
    frame = scroller("Mask evolution", image)
    return section("evolution", "Mask evolution", node("p", text), frame)


def _mask_rows(model_dir: str) -> list[sheet.Row]:
    rows = []
    for source_id, paths in all_kept_masks(model_dir):
        masks = [drawing.colorize(read_picture(path, "")) for path in shown_updates(paths)]
        rows.append(sheet.Row(source_id, masks))
    return rows
