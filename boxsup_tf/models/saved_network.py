"""The network of a run's folder."""

import contextlib
import textwrap
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.models.architecture import read_architecture
from boxsup_tf.models.checkpoint_state import newest_checkpoint
from boxsup_tf.models.fitting_layers import load_fitting
from boxsup_tf.models.segmenter import Segmenter


def load_segmenter(model_dir: str, dtype_policy: str = "float32") -> Segmenter:
    """The network of a run's newest checkpoint; of its best one, given the run's folder `best`.

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
    if files.is_folder(init):
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
