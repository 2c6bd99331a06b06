"""The checkpoints of a folder, also where the file that names them is damaged or lost."""

import os
import re

import tensorflow as tf

from boxsup_tf.errors import InputError, warn
from boxsup_tf.io import files

STATE_FILE = "checkpoint"
_INDEX_FILE = re.compile(r"ckpt-(\d+)\.index")


def checkpoints_in(folder: str) -> list[str]:
    """The checkpoints of a folder, the newest last; those that its state file names, if it can.

    Raises:
        InputError: the state file is of no use, and none of the checkpoints can be read: to begin
            anew would in time remove them.
    """
    named = _named(folder)
    if named and files.exists(f"{named[-1]}.index"):
        return [path for path in named if files.exists(f"{path}.index")]
    there = _there(folder)
    if not there:
        return named
    whole = [path for path in there if _can_be_opened(path)]
    if not whole:
        raise InputError(
            f"{os.path.join(folder, STATE_FILE)}: missing or damaged, and {there[-1]} is damaged, "
            "too: expected a checkpoint; delete the folder's checkpoints and best/ to begin anew"
        )
    return whole


def newest_checkpoint(folder: str) -> str | None:
    """The newest of `checkpoints_in`; None where there is none."""
    found = checkpoints_in(folder)
    return found[-1] if found else None


def mend_state(folder: str) -> None:
    """Writes a state file that names no checkpoint that is there anew, from these.

    Raises:
        InputError: see `checkpoints_in`.
    """
    found, named = checkpoints_in(folder), _named(folder)
    if found and (not named or found[-1] != named[-1]):
        warn(
            f"{os.path.join(folder, STATE_FILE)}: missing or damaged: the newest checkpoint that "
            f"is there is taken, {os.path.basename(found[-1])}"
        )
        names = [os.path.basename(path) for path in found]
        tf.compat.v1.train.update_checkpoint_state(folder, names[-1], names)


def _named(folder: str) -> list[str]:
    """What the state file names; nothing where it cannot be read."""
    try:
        state = tf.train.get_checkpoint_state(folder)
    except (ValueError, tf.errors.OpError):  # it is empty, or no text
        return []
    if state is None:
        return []
    paths = [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
    # Of the folder, wherever it was when they were written.
    return [os.path.join(folder, name) for name in dict.fromkeys(map(os.path.basename, paths))]


def _there(folder: str) -> list[str]:
    names = files.names_in(folder) if files.is_folder(folder) else []
    numbers = sorted(int(match[1]) for match in map(_INDEX_FILE.fullmatch, names) if match)
    return [os.path.join(folder, f"ckpt-{number}") for number in numbers]


def _can_be_opened(path: str) -> bool:
    try:
        tf.compat.v1.train.NewCheckpointReader(path)
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError):
        return False
    return True
