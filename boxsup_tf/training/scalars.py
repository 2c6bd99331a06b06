"""TensorBoard's scalars of a run: their tags, in groups, and what each is."""

import math
from collections.abc import Mapping

import tensorflow as tf

# By the name in metrics.json, or of what is shown in TensorBoard alone.
_TAGS = {
    "loss": ("train/loss", "Mean loss of the epoch's steps."),
    "step_loss": ("train/step_loss", "Loss of single steps; the axis counts steps."),
    "train_mean_iou": (
        "train/mean_iou",
        "Network against the labels that it was trained on, over the epoch's crops.",
    ),
    "learning_rate": ("train/learning_rate", "At the start of the epoch."),
    "images_per_second": ("train/images_per_second", "Of the epoch's steps, on this machine."),
    "overlap_cost": ("masks/overlap_cost", "E_o, mean over the chosen candidates (eq. 2)."),
    "regression_cost": ("masks/regression_cost", "E_r, mean over the chosen candidates (eq. 3)."),
    "coverage": ("masks/coverage", "Share of a box's pixels that its candidate covers, mean."),
    "changed_share": ("masks/changed_share", "Boxes whose candidate changed in the update."),
    "num_rectangles": ("masks/num_rectangles", "Boxes without a candidate: their rectangle."),
    "foreground_share": ("masks/foreground_share", "Pixels of objects, of all that are painted."),
    "agreement": ("masks/agreement", "Mean IoU of the masks with those before the update."),
    "pseudo_mask_mean_iou": ("masks/mean_iou", "Mean IoU with true masks, where there are any."),
    "feedback_weight": ("masks/feedback_weight", "Lambda, the weight of E_r against E_o."),
    "classes_in_feedback": ("masks/classes_in_feedback", "Classes whose boxes ask the network."),
    "refused": ("masks/refused", "1 where the update was refused, as the masks collapsed."),
    "val_mean_iou": ("val/mean_iou", "Mean IoU on the validation images."),
    "val_foreground_mean_iou": (
        "val/foreground_mean_iou",
        "Mean IoU of background and all classes taken as one.",
    ),
    "val_mean_iou_classes_given": (
        "val/mean_iou_classes_given",
        "Mean IoU where the network chooses among the classes that are in the image.",
    ),
}
_CLASS = "val_iou/"  # before a class's name


def show(metrics: Mapping[str, float | None], step: int) -> None:
    """Writes metrics to TensorBoard's present writer, if there is one.

    Args:
        metrics: by name; those that are None or no finite number are left out.
        step: place on the axis.
    """
    for name, value in metrics.items():
        if value is None or not math.isfinite(value):
            continue
        if name.startswith(_CLASS):
            tag, description = f"val/iou/{name.removeprefix(_CLASS)}", "IoU of the class."
        else:
            tag, description = _TAGS.get(name, (f"other/{name}", ""))
        tf.summary.scalar(tag, value, step=step, description=description)
