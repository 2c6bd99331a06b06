"""The files of an evaluation: figures as JSON, and their pictures."""

from collections.abc import Sequence
from typing import Any

from boxsup_tf.evaluation import evaluation_folder as files
from boxsup_tf.evaluation.confusion_picture import draw_confusion
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.set_scores import SetScores
from boxsup_tf.evaluation.trimap import inside_and_outside
from boxsup_tf.evaluation.trimap_picture import draw_trimap
from boxsup_tf.metrics.confusion import ConfusionMatrix


def write_results(
    folder: EvaluationFolder,
    scores: Sequence[SetScores],
    images: Sequence[dict[str, Any]],
    class_names: Sequence[str],
    widths: Sequence[float],
    num_images_without_mask: int,
) -> dict[str, Any]:
    """Writes per_image.json, confusion.json and .png, trimap.json and .png, and metrics.json last.

    Args:
        folder: to write into.
        scores: of the model's own label maps and, if there are, of those that the CRF refined.
        images: see `per_image`.
        class_names: index is label.
        widths: of the bands, pixels, ascending.
        num_images_without_mask: images that were not scored.

    Returns:
        What metrics.json holds, see `evaluate.evaluate`.
    """
    folder.write_json(files.PER_IMAGE_FILE, {"images": images})
    _write_confusion(folder, [kind.total for kind in scores], class_names)
    _write_trimap(folder, scores, widths)
    summaries = [kind.total.summary(class_names) for kind in scores]
    metrics = summaries[0] | {
        "num_images": len(images),
        "num_images_without_mask": num_images_without_mask,
    }
    if len(summaries) > 1:
        metrics["crf"] = summaries[1]
    folder.write_json(files.METRICS_FILE, metrics)
    return metrics


def per_image(scores: Sequence[SetScores]) -> list[dict[str, Any]]:
    """What `SetScores.images` holds, of all scores side by side and with the `id`, worst first.

    The order is that of the model's own mean IoU; images without a figure come last.
    """

    def rank(source_id: str) -> tuple[bool, float, str]:
        mean_iou = scores[0].images[source_id]["mean_iou"]
        return mean_iou is None, mean_iou or 0.0, source_id

    return [
        {"id": source_id}
        | {
            f"{name}{suffix}": value
            for kind, suffix in zip(scores, files.SUFFIXES, strict=False)
            for name, value in kind.images[source_id].items()
        }
        for source_id in sorted(scores[0].images, key=rank)
    ]


def _write_confusion(
    folder: EvaluationFolder, totals: Sequence[ConfusionMatrix], class_names: Sequence[str]
) -> None:
    by_name = zip(files.SUFFIXES, totals, strict=False)
    counts = {f"counts{suffix}": total.counts.tolist() for suffix, total in by_name}
    folder.write_json(files.CONFUSION_FILE, {"class_names": list(class_names)} | counts)
    folder.write_figure(files.CONFUSION_PICTURE, draw_confusion(totals[0].counts, class_names))


def _write_trimap(
    folder: EvaluationFolder, scores: Sequence[SetScores], widths: Sequence[float]
) -> None:
    mean_ious: dict[str, list[float | None]] = {}
    for kind, suffix in zip(scores, files.SUFFIXES, strict=False):
        inside, outside = inside_and_outside(kind.rings)
        mean_ious |= {f"inside{suffix}": inside, f"outside{suffix}": outside}
    folder.write_json(files.TRIMAP_FILE, {"widths": list(widths)} | mean_ious)
    folder.write_figure(files.TRIMAP_PICTURE, draw_trimap(widths, mean_ious))
