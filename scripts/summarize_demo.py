"""Ends the demo: a table of what its runs reached, and summary.json."""

import dataclasses
import json
import os

from boxsup_tf.workers.stderr_filter import filtered_stderr

with filtered_stderr():  # they import TensorFlow, which has much to say
    from boxsup_tf.commands import command_line
    from boxsup_tf.io.json_file import write_json
    from boxsup_tf.metrics.metric_names import METRICS_FILE
    from boxsup_tf.training.pictures import EVOLUTION_FILE

_RUNS = {"rectangle": "rectangles", "box": "boxes, BoxSup", "mask": "true masks"}


@dataclasses.dataclass(frozen=True)
class Options:
    """What is summed up.

    Attributes:
        demo_dir: Folder of the demo.
        seconds: What the demo took; else as summary.json says.
    """

    demo_dir: str
    seconds: float | None = None


def run(options: Options) -> None:
    demo = options.demo_dir
    mean_iou = {
        run: _read(os.path.join(demo, run, "evaluation", METRICS_FILE))["mean_iou"] for run in _RUNS
    }
    epochs = _read(os.path.join(demo, "box", METRICS_FILE))["epochs"]
    by_epoch = [epoch.get("pseudo_mask_mean_iou") for epoch in epochs]
    updates = [value for value in by_epoch if value is not None]
    versions = [name for name in os.listdir(os.path.join(demo, "export")) if name.isdecimal()]
    summary = {
        "mean_iou": mean_iou,
        "pseudo_mask_mean_iou": updates,
        "saved_model": os.path.join(demo, "export", max(versions, key=int)),
        "picture": os.path.join(demo, "box", EVOLUTION_FILE),
    }
    path = os.path.join(demo, "summary.json")
    seconds = _read(path)["seconds"] if options.seconds is None else options.seconds
    write_json(path, summary | {"seconds": seconds})
    print("\ntrained from      mean IoU on unseen images")
    for source, name in _RUNS.items():
        share = mean_iou[source] / mean_iou["mask"]
        print(f"{name:16s}  {mean_iou[source]:.3f}  ({100 * share:.0f} % of true masks)")
    print("\npseudo-masks' own mean IoU, by mask update:")
    print(" ".join(f"{value:.3f}" for value in updates))
    print(f"\nmasks over the updates  {summary['picture']}")
    print(f"predictions             {os.path.join(demo, 'predictions')}")
    print(f"SavedModel              {summary['saved_model']}")
    print(f"figures                 {path} ({seconds:.0f} s)")
    print(f"TensorBoard             .venv/bin/tensorboard --logdir={demo}")


def _read(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


if __name__ == "__main__":
    command_line.call(run)
