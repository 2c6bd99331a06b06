"""Puts the report together: one HTML file with everything in it."""

import json
import os
import string
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.report.confusion_table import confusion_section
from boxsup_tf.evaluation.report.curves import training_section, trimap_section
from boxsup_tf.evaluation.report.html_page import html_page, resource
from boxsup_tf.evaluation.report.markup import Node, node, to_html
from boxsup_tf.evaluation.report.mask_evolution import evolution_section
from boxsup_tf.evaluation.report.panels import panels_data
from boxsup_tf.evaluation.report.summary import classes_section, summary_section
from boxsup_tf.evaluation.result import Evaluation, read_evaluations, short_names
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.metrics.metric_names import METRICS_FILE
from boxsup_tf.records.dataset_info import DatasetInfo, check_same_classes, load_complete
from boxsup_tf.training.pictures import EVOLUTION_FILE


def write_report(
    evaluations: Sequence[str], data: str, model_dir: str, output: str, max_side: int = 500
) -> list[str]:
    """Writes a page of the scores, plots and images of evaluations of one data set.

    The same files give the same bytes. What is missing is left out, and the page says so.

    Args:
        evaluations: folders that evaluate.py wrote; set side by side.
        data: the folder of records that was evaluated.
        model_dir: a run's folder, for curves and mask evolution; "" for none.
        output: path of the HTML file; appears only when it is whole, its folder before.
        max_side: larger pictures are reduced to it, pixels.

    Returns:
        What was left out, a path and a reason each.

    Raises:
        InputError: see `Evaluation.read` and `panels.panels_data`; the data set is missing or
            unfinished; or an evaluation is of other data or classes.
        OSError: the file cannot be written.
    """
    if max_side < 1:
        raise InputError(f"--max_side={max_side}: expected at least 1 pixel")
    info = load_complete(data)
    results = _read(evaluations)
    _check_same_data(results, data, info)
    files.make_folders(os.path.dirname(output) or ".")  # before the long part
    left_out = [f"{path}: not found" for result in results for path in result.missing]
    sections = [
        summary_section(results),
        classes_section(results),
        trimap_section(results),
        confusion_section(results, info.class_names),
    ]
    if model_dir:
        if not files.is_folder(model_dir):
            raise InputError(f"--model_dir={model_dir}: no such folder: expected one of train.py")
        curves, evolution = training_section(model_dir), evolution_section(model_dir)
        if curves is None:
            left_out.append(f"{os.path.join(model_dir, METRICS_FILE)}: no epoch found")
        if evolution is None:
            left_out.append(f"{os.path.join(model_dir, EVOLUTION_FILE)}: not found")
        sections += [curves, evolution]
    else:
        left_out.append("training curves and mask evolution: no run's folder was given")
    images = panels_data(results, data, info, max_side)
    shown = [part for part in sections if part is not None]
    page = _assemble(shown, images, left_out, data)
    with atomic_write(output) as file:
        file.write(page)
    return left_out


def _read(folders: Sequence[str]) -> list[Evaluation]:
    """The evaluations in the order of their folders; one with a CRF is followed by the CRF's."""
    pairs = zip(folders, short_names(folders), strict=True)
    return [result for pair in pairs for result in read_evaluations(*pair)]


def _check_same_data(results: Sequence[Evaluation], data: str, info: DatasetInfo) -> None:
    class_names = info.class_names
    for result in results:
        if result.data not in (None, info.digest):
            raise InputError(
                f"{result.name}: an evaluation of other data than {data}: expected the records "
                "that were evaluated, of the same images and masks"
            )
        if result.per_class:
            check_same_classes(data, class_names, result.name, list(result.per_class))
        if len(result.confusion) not in (0, len(class_names)):
            raise InputError(
                f"{result.name}: a confusion matrix of {len(result.confusion)} classes: expected "
                f"{len(class_names)} as in {data}"
            )


def _assemble(
    shown: Sequence[Node], images: dict[str, Any] | None, left_out: Sequence[str], data: str
) -> str:
    script = resource("report.js")
    links = [(part.attrib["id"], part[0].text or "") for part in shown]
    panels = ""
    if images:
        links.append(("images", "Images"))
        # In a script element only "<" could end the text.
        text = json.dumps(images, ensure_ascii=False, separators=(",", ":"))
        panels = string.Template(resource("panels.html")).substitute(
            data=text.replace("<", "\\u003c"), script=script
        )
    notes = [node("li", note) for note in left_out]
    absent = node("aside", node("h2", "Left out"), node("ul", *notes), class_="absent")
    parts = [*map(to_html, shown), panels, to_html(absent) if notes else ""]
    return html_page("Evaluation", data, links, "\n".join(parts), script)
