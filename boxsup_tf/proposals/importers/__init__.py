"""Readers of candidates computed elsewhere, one format per file.

A file NAME.py defines `read(path, inputs) -> CandidatePool`: the image's candidates exactly as
they are stored, without empty ones. Errors are InputErrors that name the file.
"""

import importlib
import os
from collections.abc import Sequence

from boxsup_tf.data.file_index import find_file
from boxsup_tf.errors import InputError
from boxsup_tf.plugins import file_names
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.proposal_input import ProposalInput


def format_names() -> tuple[str, ...]:
    """The files of this folder."""
    return file_names(__path__)


def read(file_format: str, path: str, inputs: ProposalInput) -> CandidatePool:
    """The candidates that are stored for an image in a folder or file, found by its file name.

    Raises:
        InputError: the image has no file or entry there, or it is broken or of another image.
    """
    return importlib.import_module(f"{__name__}.{file_format}").read(path, inputs)


def names_of_image(inputs: ProposalInput) -> list[str]:
    """What an image's candidates may be named after: its file name without the extension and,
    where that says which image is meant, the same without folders."""
    stem = os.path.splitext(inputs.filename)[0]
    return [stem] if inputs.shares_name else list(dict.fromkeys([stem, os.path.basename(stem)]))


def find_own(folder: str, inputs: ProposalInput, endings: Sequence[str]) -> str:
    """The path of an image's own file in a folder.

    Raises:
        InputError: there is none.
    """
    names = names_of_image(inputs)
    path = next(filter(None, (find_file(folder, name, endings) for name in names)), None)
    if path is None:
        expected = os.path.join(folder, names[-1] + endings[0])
        raise InputError(f"{expected}: not found: expected the candidates of {inputs.filename}")
    return path


def check_size(shape: tuple[int, ...], inputs: ProposalInput, path: str) -> None:
    """Makes sure that what was read is of the image's size.

    Raises:
        InputError: it is not.
    """
    if shape != inputs.image.shape[:2]:
        raise InputError(
            f"{path}: is of size {list(shape)}: expected {list(inputs.image.shape[:2])}, the "
            f"height and width of {inputs.filename}"
        )
