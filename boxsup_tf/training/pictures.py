"""Pictures of the same few examples at every mask update (the paper's Fig. 3)."""

import dataclasses
import os
import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import tensorflow as tf

from boxsup_tf import drawing, sheet
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.metrics.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.models.as_written import as_written
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import pseudo_mask
from boxsup_tf.training.sources import Source, with_most_objects
from boxsup_tf.training.training_example import TrainingExample, read_example

EVOLUTION_FILE = "mask_evolution.png"
_MASKS_FOLDER = "pseudo_masks"
_MASK_FILE = re.compile(r"(.+)_update_(\d+)\.png")
_MAX_COLUMNS = 6  # updates shown of how the masks changed
_Update = TypeVar("_Update")
_NOTHING = np.full([1, 1, 3], 255, np.uint8)


@dataclasses.dataclass(frozen=True)
class _Shown:
    name: str
    example: TrainingExample
    image: np.ndarray  # uint8 [H, W, 3]
    with_boxes: np.ndarray  # uint8 [H, W, 3]
    truth: np.ndarray | None  # int32 [H, W]


@dataclasses.dataclass(frozen=True)
class _Row:
    """An example with label maps by their headings; None stands for its boxes."""

    shown: _Shown
    columns: dict[str, np.ndarray | None]

    def draw(self, headings: Sequence[str], num_classes: int) -> sheet.Row:
        """Below every mask its mean IoU with the truth, where that is known."""
        pictures, captions, truth = [], [], self.shown.truth
        for heading in headings:
            mask, caption = self.columns.get(heading), ""
            if mask is None:
                pictures.append(self.shown.with_boxes if heading in self.columns else _NOTHING)
            else:
                pictures.append(drawing.overlay(self.shown.image, mask))
                if truth is not None and mask is not truth:
                    # What is not claimed is missed, or each mask would be judged on its own pixels.
                    claimed = np.where(mask == VOID, BACKGROUND, mask)
                    counts = ConfusionMatrix(count_pixels(truth, claimed, num_classes))
                    caption = f"mean IoU {counts.mean_iou:.2f}"
            captions.append(caption)
        return sheet.Row(_source_id(self.shown.name), pictures, captions)


class Pictures:
    """Follows a few examples of the box sources through the training."""

    def __init__(
        self,
        model_dir: str,
        segmenter: Segmenter,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
    ) -> None:
        self._segmenter, self._labelling, self._config = segmenter, labelling, config
        self._folder = os.path.join(model_dir, _MASKS_FOLDER)
        self._evolution = os.path.join(model_dir, EVOLUTION_FILE)
        self._shown = _choose_examples(sources, config)
        if self._shown:
            files.make_folders(self._folder)

    def show(self, epoch: int) -> None:
        """Writes the examples' panels to TensorBoard, and keeps their pseudo-masks."""
        for shown in self._shown:
            mask = pseudo_mask(shown.example, self._labelling, self._config).numpy()
            drawing.write_palette_png(self._mask_path(shown, epoch), mask)
            columns = {"boxes": None, f"pseudo-mask, update {epoch + 1}": mask}
            tf.summary.image(
                f"masks/{shown.name}",
                self._sheet([self._row(shown, columns)])[None],
                step=epoch,
                description="What a mask update painted, the truth if known, the prediction.",
            )

    def write_evolution(self, num_epochs: int) -> str | None:
        """Writes the picture of how the masks changed: a row per example.

        Columns: the boxes, pseudo-masks of up to six updates from the first to the last, the
        truth where it is known, and the network's prediction.

        Returns:
            Its path; None where no example is followed.
        """
        rows = []
        for shown in self._shown:
            paths = {epoch: self._mask_path(shown, epoch) for epoch in range(num_epochs)}
            made = [epoch for epoch in paths if files.exists(paths[epoch])]  # not all update
            if not made:
                continue
            columns: dict[str, np.ndarray | None] = {"boxes": None}
            for epoch in shown_updates(made):
                with drawing.opened_picture(paths[epoch]) as mask:
                    columns[f"pseudo-mask, update {epoch + 1}"] = np.array(mask)
            rows.append(self._row(shown, columns))
        if not rows:
            return None
        drawing.write_image(self._evolution, self._sheet(rows))
        return self._evolution

    def _row(self, shown: _Shown, columns: dict[str, np.ndarray | None]) -> "_Row":
        """The columns, with truth and prediction behind them."""
        if shown.truth is not None:
            columns["truth"] = shown.truth
        columns["prediction of the network"] = self._predict(tf.constant(shown.image)).numpy()
        return _Row(shown, columns)

    def _sheet(self, rows: Sequence["_Row"]) -> np.ndarray:
        headings = max((list(row.columns) for row in rows), key=len)
        maps = [mask for row in rows for mask in row.columns.values() if mask is not None]
        labels = np.unique(np.concatenate([np.unique(mask) for mask in maps]))
        names = self._segmenter.class_names
        drawn = [row.draw(headings, len(names)) for row in rows]
        return sheet.sheet(headings, drawn, names, labels)

    def _mask_path(self, shown: _Shown, epoch: int) -> str:
        return path_below(self._folder, f"{shown.name}_update_{epoch:04d}.png")

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    @as_written
    def _predict(self, image: tf.Tensor) -> tf.Tensor:
        return self._segmenter.label_maps(image[None])[0]


def shown_updates(updates: Sequence[_Update]) -> list[_Update]:
    """Of an example's mask updates at most six, from the first to the last."""
    columns = min(_MAX_COLUMNS, len(updates))
    return [updates[i] for i in np.linspace(0, len(updates) - 1, columns).round().astype(int)]


def _choose_examples(sources: Sequence[Source], config: TrainConfig) -> list[_Shown]:
    """The examples with most boxes of objects, at most `num_pictures`; ties by id."""
    chosen = with_most_objects(sources, config.num_pictures, config.difficult != "ignore")
    return [_show(source, number) for source, number in chosen]


def _show(source: Source, number: int) -> _Shown:
    example = read_example(source, number)
    record = example.record
    image = record.image().numpy()
    return _Shown(
        _file_name(example.id.numpy().decode()),
        example,
        image,
        drawing.draw_boxes(image, record.boxes.numpy(), record.labels.numpy()),
        record.label_map().numpy() if record.has_mask() else None,
    )


def kept_masks(model_dir: str, example_id: str) -> dict[int, str]:
    """The paths of an example's pseudo-masks in a run's folder, by the epoch of their update.

    Palette PNGs of those that the run follows; empty for the others.
    """
    return _masks_by_name(model_dir).get(_file_name(example_id), {})


def all_kept_masks(model_dir: str) -> list[tuple[str, list[str]]]:
    """Of every example that the run follows its id in its source, and the paths by update."""
    found = sorted(_masks_by_name(model_dir).items())
    return [(_source_id(name), [masks[epoch] for epoch in sorted(masks)]) for name, masks in found]


def _masks_by_name(model_dir: str) -> dict[str, dict[int, str]]:
    masks: dict[str, dict[int, str]] = {}
    for path in files.matching(os.path.join(model_dir, _MASKS_FOLDER), "*.png"):
        if match := _MASK_FILE.fullmatch(os.path.basename(path)):
            masks.setdefault(match[1], {})[int(match[2])] = path
    return masks


def _file_name(example_id: str) -> str:
    """Another one for each example, whose id within its source may hold slashes, too."""
    number, _, source_id = example_id.partition("/")
    return f"{number}_{source_id.replace('%', '%25').replace('/', '%2F')}"


def _source_id(file_name: str) -> str:
    """The id within its source of an example that has a file of this name."""
    return file_name.partition("_")[2].replace("%2F", "/").replace("%25", "%")
