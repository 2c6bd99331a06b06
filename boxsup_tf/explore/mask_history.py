"""Pseudo-masks that a run made of an image, by the epoch that learnt from them."""

import os

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.report.pictures import read_picture
from boxsup_tf.explore.gallery import Folder
from boxsup_tf.io import files
from boxsup_tf.models.architecture import CONFIG_FILE
from boxsup_tf.models.checkpoint_state import checkpoints_in
from boxsup_tf.models.saved_network import BEST_FOLDER
from boxsup_tf.records.parsing import Record
from boxsup_tf.training.input_pipeline import pseudo_mask
from boxsup_tf.training.pictures import kept_masks
from boxsup_tf.training.run_settings import read_config
from boxsup_tf.training.sources import Source, empty_labelling, load_sources
from boxsup_tf.training.training_example import TrainingExample

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


class MaskHistory:
    """What a run kept of its pseudo-masks.

    Of the few images that it follows, those of every update; of all others, the labellings in its
    checkpoints, which are the last ones.

    Args:
        model_dir: the run's folder, or its folder `best`.
        folder: of the images.

    Attributes:
        notice: why there is none, for display; empty where there is.
    """

    def __init__(self, model_dir: str, folder: Folder) -> None:
        above = os.path.dirname(os.path.normpath(model_dir))
        is_best = os.path.basename(os.path.normpath(model_dir)) == BEST_FOLDER
        if is_best and files.exists(os.path.join(above, CONFIG_FILE)):
            model_dir = above
        self._model_dir, self._config = model_dir, read_config(model_dir)
        self.notice = ""
        self._sources: list[Source] = []
        self._source: Source | None = None
        try:
            self._sources = load_sources(self._config.train_data)
        except InputError as error:
            self.notice = f"no pseudo-masks of {model_dir}: its training data: {error}"
            return
        for source in self._sources:
            if source.is_box and source.info == folder.info:
                self._source = source
                return
        self.notice = f"no pseudo-masks of {model_dir}: {folder.path} is none of its :box sources"

    def example_id(self, source_id: str) -> str:
        """Of the image in the run; where it has none, as if it had learnt from its folder alone."""
        return f"{self._source.number if self._source else 0}/{source_id}"

    def epochs(self, source_id: str) -> list[int]:
        """Epochs of which `mask` has the masks, counted from 0."""
        if self._source is None:
            return []
        followed = kept_masks(self._model_dir, self.example_id(source_id))
        return sorted({*followed, *self._checkpoints()})

    def mask(self, record: Record, epoch: int) -> np.ndarray:
        """The pseudo-mask that an epoch learnt from: integers [H, W] of class labels, 255 void.

        Raises:
            InputError: it is not kept, or no longer; or damaged.
        """
        source_id = record.source_id.numpy().decode()
        example_id = self.example_id(source_id)
        if path := kept_masks(self._model_dir, example_id).get(epoch):
            return read_picture(path, "")
        path = self._checkpoints().get(epoch)
        if self._source is None or path is None:
            raise InputError(
                f"{self._model_dir}: the masks of epoch {epoch + 1} are not kept any more"
            )
        labelling = empty_labelling(self._sources)
        chosen = _tensor(path, "labelling")
        if chosen is None or chosen.shape != labelling.chosen.shape:
            raise InputError(f"{path}: expected a labelling of {labelling.num_boxes} boxes")
        labelling.chosen.assign(chosen)
        example = TrainingExample(tf.constant(example_id), tf.constant(True), record)
        return pseudo_mask(example, labelling, self._config).numpy()

    def _checkpoints(self) -> dict[int, str]:
        """The kept checkpoints by the epoch whose masks they hold; of several, the newest."""
        found = {}
        for path in checkpoints_in(self._model_dir):
            epoch, updated = (_tensor(path, f"progress/{n}") for n in ("epoch", "masks_updated"))
            if epoch is not None and updated is not None and (number := epoch - 1 + updated) >= 0:
                found[int(number)] = path
        return found


def _tensor(path: str, name: str) -> np.ndarray | None:
    """A tensor of a checkpoint; None where there is none, as of one that a run has just removed."""
    try:
        return tf.compat.v1.train.NewCheckpointReader(path).get_tensor(f"{name}/{_VALUE}")
    except (tf.errors.OpError, ValueError, RuntimeError):
        return None
