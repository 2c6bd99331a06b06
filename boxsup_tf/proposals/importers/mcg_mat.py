"""mcg_mat: the candidates that the authors of MCG publish, one STEM.mat per image.

`superpixels` is [H, W] with numbers from 1, `labels` a cell array with the superpixel numbers of
every candidate. Their order is the authors' ranking and is kept. `bboxes` is not read: boxes
that occur twice are left out of it, so that its rows are not those of `labels`.
"""

import h5py
import numpy as np
import scipy.io

from boxsup_tf.errors import InputError
from boxsup_tf.io.local_disk import local_copy
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput


def read(path: str, inputs: ProposalInput) -> CandidatePool:
    """The candidates of PATH/STEM.mat, in MATLAB's formats up to 7 or 7.3 (HDF5).

    Raises:
        InputError: there is no such file; it is broken or lacks an array; its superpixels are of
            another size than the image; a label is no superpixel's number.
    """
    file = importers.find_file(path, inputs, ".mat")
    try:
        with local_copy(file) as local:
            superpixels, labels = _load_hdf5(local) if h5py.is_hdf5(local) else _load_mat(local)
        superpixels, labels = _whole(superpixels), [_whole(label.ravel()) for label in labels]
    except Exception as error:  # whatever scipy or h5py stumbles over
        raise InputError(
            f"{file}: cannot be read ({error!r}): expected an MCG .mat with whole numbers in "
            "`superpixels` and in the cell array `labels`"
        ) from None
    importers.check_size(superpixels.shape, inputs, file)
    present, cells = np.unique(superpixels, return_inverse=True)
    if present[0] < 1:
        raise InputError(f"{file}: superpixel {present[0]}: expected numbers from 1")
    column = np.full(present[-1] + 1, -1)
    column[present] = np.arange(present.size)
    membership = np.zeros((len(labels), present.size), bool)
    for number, label in enumerate(labels):
        wrong = label[(label < 1) | (label > present[-1])]
        if wrong.size:
            raise InputError(
                f"{file}: labels{{{number + 1}}} names superpixel {wrong[0]}: expected 1 .. "
                f"{present[-1]}"
            )
        held = column[label]
        membership[number, held[held >= 0]] = True  # a number without a pixel adds nothing
    superpixels = cells.reshape(superpixels.shape).astype(np.int32)
    return CandidatePool(superpixels, membership[membership.any(axis=1)], "imported")


def _load_mat(file: str) -> tuple[np.ndarray, list[np.ndarray]]:
    contents = scipy.io.loadmat(file, variable_names=["superpixels", "labels"])
    labels = contents["labels"]
    if labels.dtype != object:
        raise TypeError(f"labels is an array of {labels.dtype}")
    return contents["superpixels"], list(labels.ravel())


def _load_hdf5(file: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """MATLAB writes arrays by columns: HDF5 shows them transposed; a cell is a reference."""
    with h5py.File(file, "r") as contents:
        cells = [contents[reference] for reference in contents["labels"][()].ravel()]
        # An empty array is stored as its dimensions, and marked.
        labels = [cell[()][:0] if "MATLAB_empty" in cell.attrs else cell[()] for cell in cells]
        return contents["superpixels"][()].T, labels


def _whole(array: np.ndarray) -> np.ndarray:
    """The same numbers as int64; MATLAB's are often doubles.

    Raises:
        ValueError: they are not whole numbers.
    """
    with np.errstate(invalid="ignore"):  # what is no number is found below
        numbers = np.asarray(array).astype(np.int64)
    if (numbers != array).any():
        raise ValueError("not whole numbers")
    return numbers
