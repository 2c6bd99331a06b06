"""Scores of what makes label maps of records, not of images alone, as CFM does of candidates."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

from boxsup_tf.evaluation.evaluation_folder import SECONDS_FILE, EvaluationFolder
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.score_kept import score_kept
from boxsup_tf.evaluation.trimap import check_widths
from boxsup_tf.io.json_file import write_json
from boxsup_tf.records.dataset_info import check_same_classes, load_complete
from boxsup_tf.records.index import summarize
from boxsup_tf.records.shards import read_records


def evaluate_records(
    label_map: Callable[[bytes], np.ndarray],
    class_names: tuple[str, ...],
    settings: Mapping[str, Any],
    dataset_dir: str,
    output_dir: str,
    trimap_widths: tuple[float, ...],
) -> Evaluation:
    """Makes the label maps that are missing, and scores all, for `compare` and `report` to read.

    Args:
        label_map: of a serialised record, integers [H, W].
        class_names: its classes; index is label.
        settings: what decides its label maps, for JSON.
        dataset_dir: a folder of records; images without a mask are not scored.
        output_dir: see `evaluate.evaluate`.
        trimap_widths: see `evaluate.EvaluateOptions`.

    Raises:
        InputError: see `evaluate.evaluate`; or what `label_map` raises.
    """
    check_widths(trimap_widths)
    info = load_complete(dataset_dir)
    check_same_classes("the model", class_names, dataset_dir, info.class_names)
    info.check_masks(dataset_dir)
    # The digest is that of images and masks: candidates are told by these.
    candidates = {"method": info.settings.get("method"), "number": info.num_candidates}
    own = {"data": info.digest, "class_names": class_names, "candidates": candidates}
    folder = EvaluationFolder(output_dir, {**settings, **own})
    start, count = time.perf_counter(), 0
    serialized = read_records(dataset_dir)
    for record in tqdm(serialized, desc="predict", total=info.num_images, unit="image"):
        summary = summarize(record)
        if summary.has_mask and not folder.has_label_map(summary.source_id):
            folder.write_label_map(summary.source_id, label_map(record))
            count += 1
    seconds = {"predict": time.perf_counter() - start}
    (evaluation,) = score_kept(dataset_dir, info, [folder], trimap_widths)
    seconds["metrics"] = time.perf_counter() - start - seconds["predict"]
    write_json(folder.file(SECONDS_FILE), {"num_predicted": count} | seconds)
    return evaluation
