"""The network of a run's folder."""

import contextlib
import os
import textwrap
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.models.architecture import read_architecture
from boxsup_tf.models.checkpoint_state import newest_checkpoint
from boxsup_tf.models.fitting_layers import load_fitting
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.models.vgg16_weights import INITS

BEST_FOLDER = "best"  # in a run's folder: the network of highest validation mean IoU
CHECKPOINTS = ("best", "last")


def choose_network(model_dir: str, checkpoint: str = "best") -> tuple[str, str]:
    """Which of a run's networks is meant.

    Args:
        model_dir: of the run, or the folder `best` in it.
        checkpoint: of `CHECKPOINTS`; `best` is the last one where the run had no validation.

    Returns:
        The folder for `load_segmenter`, and what the network is, in words.

    Raises:
        InputError: there is no such choice, or the best checkpoint is damaged.
    """
    if checkpoint not in CHECKPOINTS:
        raise InputError(f"--checkpoint={checkpoint}: expected one of {', '.join(CHECKPOINTS)}")
    best = os.path.join(model_dir, BEST_FOLDER)
    if checkpoint == "best" and newest_checkpoint(best):
        model_dir = best
    path = newest_checkpoint(model_dir)
    score, epoch = (f"{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in ("score", "epoch"))
    if path is None:
        return model_dir, "no checkpoint"
    with restoring(path, "a network"):
        values = tf.compat.v1.train.NewCheckpointReader(path)  # load_checkpoint knows no ram://
        if not values.has_tensor(score):
            return model_dir, "the last checkpoint"
        number, mean_iou = values.get_tensor(epoch) + 1, values.get_tensor(score)
    return model_dir, f"the best by validation (epoch {number}, mean IoU {mean_iou:.4f})"


def load_segmenter(model_dir: str, dtype_policy: str = "float32") -> Segmenter:
    """The network of a run's newest checkpoint; of its best one, given the run's folder `best`.

    `choose_network` tells which folder to name.

    Args:
        model_dir: of the run.
        dtype_policy: see `Segmenter.build`.

    Raises:
        InputError: the folder holds no run, or a run without a checkpoint or with a damaged one.
    """
    architecture = read_architecture(model_dir)
    path = newest_checkpoint(model_dir)
    if path is None:
        raise InputError(f"{model_dir}: no checkpoint yet: expected a run of train.py")
    segmenter = Segmenter.build(architecture, dtype_policy=dtype_policy)
    with restoring(path, str(architecture)):
        status = tf.train.Checkpoint(model=segmenter.model).restore(path)
        status.expect_partial().assert_existing_objects_matched()
    return segmenter


def start_from(segmenter: Segmenter, init: str) -> None:
    """Initial weights, whatever `--init` names: a run's folder, a file or a known source.

    Raises:
        InputError: see `load_network_weights` and `Segmenter.load_weights`.
    """
    if init not in INITS and files.is_folder(init):
        load_network_weights(segmenter, init)
    else:
        segmenter.load_weights(init)


def load_network_weights(segmenter: Segmenter, model_dir: str) -> None:
    """Starts a network from another run's: from all layers that fit, see `load_fitting`.

    Args:
        segmenter: gets the weights.
        model_dir: the other run's folder, or its folder `best`.

    Raises:
        InputError: no run, or one of another backbone or width.
    """
    ours, theirs = segmenter.architecture, read_architecture(model_dir)
    if (ours.known_backbone, ours.width_multiplier) != (
        theirs.known_backbone,
        theirs.width_multiplier,
    ):
        raise InputError(
            f"{model_dir}: holds a {theirs}: expected the backbone and width of {ours}"
        )
    layers = {layer.name: layer for layer in load_segmenter(model_dir).model.layers}
    # Scores of other classes say nothing.
    others = () if ours.class_names == theirs.class_names else segmenter.family.last_layers
    load_fitting(segmenter.model, model_dir, layers, but=others)


@contextlib.contextmanager
def restoring(path: str, what: str) -> Iterator[None]:
    """Explains why a checkpoint cannot be restored into what it should fit.

    Args:
        path: of the checkpoint.
        what: it was expected to hold.

    Raises:
        InputError: the checkpoint is damaged, or of something else.
    """
    try:
        yield
    except (AssertionError, ValueError) as error:
        reason = textwrap.shorten(str(error), 200)
        raise InputError(f"{path}: expected a checkpoint of {what}: {reason}") from None
    except (tf.errors.OpError, IndexError) as error:  # the latter where a file is cut short
        raise InputError(f"{path}: damaged: {textwrap.shorten(str(error), 200)}") from None
