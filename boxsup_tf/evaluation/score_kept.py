"""All scores of the label maps that folders keep, and the files that show them."""

from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.confusion_picture import draw_confusion
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.examples import read_examples
from boxsup_tf.evaluation.plots import write_png
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.set_scores import score
from boxsup_tf.evaluation.trimap_picture import draw_trimap
from boxsup_tf.evaluation.worst_images import draw_worst
from boxsup_tf.records.dataset_info import DatasetInfo


def score_kept(
    dataset_dir: str,
    info: DatasetInfo,
    folders: Sequence[EvaluationFolder],
    trimap_widths: Sequence[float],
) -> list[Evaluation]:
    """Scores the label maps of every image that has a mask, and writes what `evaluate` says.

    Args:
        dataset_dir: the records.
        info: their dataset.json.
        folders: with all label maps; the pictures of all go into the first.
        trimap_widths: of the bands around boundaries, pixels.

    Returns:
        A result for every folder.

    Raises:
        InputError: a label map is missing or damaged, or there is nothing to score.
    """
    names, without_mask = info.class_names, info.num_images - info.num_images_with_masks
    examples = read_examples(dataset_dir, info, "score")
    evaluations = score(examples, folders, names, trimap_widths, without_mask)
    if not evaluations:
        raise InputError(f"{dataset_dir}: every pixel of the masks is void: nothing to score")
    for folder, evaluation in zip(folders, evaluations, strict=True):
        evaluation.write()
        write_png(draw_confusion(evaluation.confusion, names), folder.file("confusion.png"))
    trimaps = [evaluation.trimap for evaluation in evaluations]
    write_png(draw_trimap(trimaps), folders[0].file("trimap.png"))
    worst_first = list(evaluations[0].images)
    draw_worst(
        read_examples(dataset_dir, info, "draw the worst"),
        folders,
        worst_first,
        num_classes=len(names),
    )
    return evaluations
