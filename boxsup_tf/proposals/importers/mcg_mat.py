"""mcg_mat: the candidates that the authors of MCG publish, one STEM.mat per image.

The file holds two arrays, or a struct of them: `superpixels` is [H, W] with numbers from 1,
`labels` a cell array with the superpixel numbers of every candidate. Their order is the authors'
ranking and is kept. `bboxes` is not read: boxes that occur twice are left out of it, so that its
rows are not those of `labels`. A file of `masks`, [H, W, N] of zeros and others, is read as well.
"""

import h5py
import numpy as np

from boxsup_tf.data.mat_file import MAX_BYTES, load_mat
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.local_disk import local_copy
from boxsup_tf.pools.candidates import MAX_SUPERPIXELS, CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput

_MASKS = "masks"
_MAX_MEMBERS = 2**29
_Contents = tuple[np.ndarray, list[np.ndarray]] | np.ndarray  # superpixels and labels; or masks


def read(path: str, inputs: ProposalInput) -> CandidatePool:
    """The candidates of PATH/STEM.mat, in MATLAB's formats up to 7 or 7.3 (HDF5).

    Raises:
        InputError: there is no such file; it is broken or lacks an array; its superpixels are of
            another size than the image; a label is no superpixel's number.
    """
    file = importers.find_own(path, inputs, (".mat",))
    try:
        with local_copy(file) as local:
            contents = _load_hdf5(local) if h5py.is_hdf5(local) else _load_mat(files.read(local))
        if isinstance(contents, np.ndarray):
            if contents.ndim == 2:
                contents = contents[:, :, None]
            importers.check_size(contents.shape[:2], inputs, file)
            masks = (contents[:, :, n] != 0 for n in range(contents.shape[2]))
            return CandidatePool(*refine(masks, *contents.shape[:2]), "imported")
        superpixels, labels = contents
        superpixels, labels = _whole(superpixels), [_whole(label.ravel()) for label in labels]
    except InputError:
        raise
    except Exception as error:  # whatever scipy or h5py stumbles over
        raise InputError(
            f"{file}: cannot be read ({error!r}): expected an MCG .mat with whole numbers in "
            "`superpixels` and in the cell array `labels`, or with `masks`"
        ) from None
    importers.check_size(superpixels.shape, inputs, file)
    present, cells = np.unique(superpixels, return_inverse=True)
    if present[0] < 1:
        raise InputError(f"{file}: superpixel {present[0]}: expected numbers from 1")
    if present.size > MAX_SUPERPIXELS or present.size * len(labels) > _MAX_MEMBERS:
        raise InputError(
            f"{file}: {len(labels)} candidates of {present.size} superpixels: expected at most "
            f"{MAX_SUPERPIXELS} superpixels, and {_MAX_MEMBERS} as the product"
        )
    membership = np.zeros((len(labels), present.size), bool)
    for number, label in enumerate(labels):
        wrong = label[(label < 1) | (label > present[-1])]
        if wrong.size:
            raise InputError(
                f"{file}: labels{{{number + 1}}} names superpixel {wrong[0]}: expected 1 .. "
                f"{present[-1]}"
            )
        place = np.searchsorted(present, label)
        membership[number, place[present[place] == label]] = True  # others have no pixel
    superpixels = cells.reshape(superpixels.shape).astype(np.int32)
    return CandidatePool(superpixels, membership[membership.any(axis=1)], "imported")


def _load_mat(encoded: bytes) -> _Contents:
    contents = {k: v for k, v in load_mat(encoded).items() if not k.startswith("__")}
    if _MASKS in contents:
        return contents[_MASKS]
    if "superpixels" not in contents:
        structs = [value for value in contents.values() if value.dtype.names]
        struct = next(s for s in structs if "superpixels" in s.dtype.names)
        contents = {name: struct[name].item() for name in ("superpixels", "labels")}
    labels = contents["labels"]
    if labels.dtype != object:
        raise TypeError(f"labels is an array of {labels.dtype}")
    return contents["superpixels"], list(labels.ravel())


def _load_hdf5(file: str) -> _Contents:
    """MATLAB writes arrays by columns: HDF5 shows them transposed; a cell is a reference."""
    with h5py.File(file, "r") as contents:
        if _MASKS in contents:
            return _array(contents[_MASKS]).T
        if "superpixels" not in contents:
            structs = [value for value in contents.values() if isinstance(value, h5py.Group)]
            contents = next(struct for struct in structs if "superpixels" in struct)
        cells = [contents.file[reference] for reference in _array(contents["labels"]).ravel()]
        # An empty array is stored as its dimensions, and marked.
        labels = [_array(c)[:0] if "MATLAB_empty" in c.attrs else _array(c) for c in cells]
        return _array(contents["superpixels"]).T, labels


def _array(stored: h5py.Dataset) -> np.ndarray:
    """All of an array that is not too large, whatever it takes in the file.

    Raises:
        ValueError: it is.
    """
    if stored.size * stored.dtype.itemsize > MAX_BYTES:
        raise ValueError(f"an array of shape {stored.shape} takes more than {MAX_BYTES} bytes")
    return stored[()]


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
