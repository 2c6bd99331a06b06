"""Pictures of the same few examples at every mask update (the paper's Fig. 3)."""

import dataclasses
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.io import files
from boxsup_tf.io.local_disk import readable
from boxsup_tf.io.names import path_below
from boxsup_tf.models.as_written import as_written
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import pseudo_mask
from boxsup_tf.training.sources import Source, with_most_objects
from boxsup_tf.training.training_example import TrainingExample, read_example

EVOLUTION_FILE = "mask_evolution.png"
_MASKS_FOLDER = "pseudo_masks"
_MAX_COLUMNS = 6  # updates shown in the mask-evolution picture


@dataclasses.dataclass(frozen=True)
class _Shown:
    name: str
    example: TrainingExample
    image: np.ndarray  # uint8 [H, W, 3]
    with_boxes: np.ndarray  # uint8 [H, W, 3]
    truth: np.ndarray | None  # int32 [H, W]


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
            predicted = self._predict(tf.constant(shown.image)).numpy()
            panels = [shown.with_boxes, drawing.overlay(shown.image, mask)]
            if shown.truth is not None:
                panels.append(drawing.overlay(shown.image, shown.truth))
            panels.append(drawing.overlay(shown.image, predicted))
            tf.summary.image(
                f"boxes, pseudo-mask, truth if known, prediction/{shown.name}",
                drawing.grid([panels])[None],
                step=epoch,
            )

    def write_evolution(self, num_epochs: int) -> str | None:
        """Writes the picture of how the masks changed: a row an example.

        Columns: the boxes, pseudo-masks of up to six updates from the first to the last, the
        truth where it is known, and the network's prediction.

        Returns:
            Its path; None where no example is followed.
        """
        rows = []
        for shown in self._shown:
            paths = [self._mask_path(shown, epoch) for epoch in range(num_epochs)]
            paths = [path for path in paths if files.exists(path)]  # not every epoch updates
            if not paths:
                continue
            columns = min(_MAX_COLUMNS, len(paths))
            spread = np.unique(np.linspace(0, len(paths) - 1, columns).round().astype(int))
            masks = [np.array(Image.open(readable(paths[i]))) for i in spread]
            masks += [shown.truth] if shown.truth is not None else []
            masks.append(self._predict(tf.constant(shown.image)).numpy())
            rows.append([shown.with_boxes, *(drawing.overlay(shown.image, m) for m in masks)])
        if not rows:
            return None
        drawing.write_image(self._evolution, drawing.grid(rows))
        return self._evolution

    def _mask_path(self, shown: _Shown, epoch: int) -> str:
        return path_below(self._folder, f"{shown.name}_update_{epoch:04d}.png")

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    @as_written
    def _predict(self, image: tf.Tensor) -> tf.Tensor:
        return self._segmenter.label_maps(image[None])[0]


def _choose_examples(sources: Sequence[Source], config: TrainConfig) -> list[_Shown]:
    """The examples with most boxes of objects, at most `num_pictures`; ties by id."""
    chosen = with_most_objects(sources, config.num_pictures, config.difficult != "ignore")
    return [_show(source, number) for source, number in chosen]


def _show(source: Source, number: int) -> _Shown:
    example = read_example(source, number)
    record = example.record
    image = record.image().numpy()
    return _Shown(
        example.id.numpy().decode().replace("/", "_"),
        example,
        image,
        drawing.draw_boxes(image, record.boxes.numpy(), record.labels.numpy()),
        record.label_map().numpy() if record.has_mask() else None,
    )


def kept_masks(model_dir: str, example_id: str) -> dict[int, str]:
    """The paths of an example's pseudo-masks in a run's folder, by the epoch of their update.

    Palette PNGs of those that the run follows; empty for the others.
    """
    start, end = f"{example_id.replace('/', '_')}_update_", ".png"
    folder = os.path.join(model_dir, _MASKS_FOLDER)
    names = files.names_in(folder) if files.is_folder(folder) else []
    numbers = {name: name.removeprefix(start).removesuffix(end) for name in names}
    return {
        int(number): os.path.join(folder, name)
        for name, number in numbers.items()
        if name == f"{start}{number}{end}" and number.isdecimal()
    }
