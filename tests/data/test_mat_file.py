"""data.mat_file: what scipy reads of good files, and nothing of those that lie."""

import io
import struct

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from boxsup_tf.data.mat_file import load_mat

_CELL = np.empty((2, 2), object)
_CELL[:] = [[np.arange(3.0), "text"], [np.zeros((0, 0)), {"inner": np.uint8([[1, 2]])}]]
_VALUES = {
    **{"a": np.arange(12).reshape(3, 4), "b": {"c": np.zeros((2, 3, 4)), "d": _CELL}, "e": "x"},
    **{"f": scipy.sparse.csc_matrix((500, 400)), "g": np.zeros((0, 5)), "h": np.complex64([[1j]])},
}


def _written(values: dict, compressed: bool = False, version: str = "5") -> bytes:
    file = io.BytesIO()
    scipy.io.savemat(file, values, do_compression=compressed, format=version)
    return file.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_good_files(compressed):
    encoded = _written(_VALUES, compressed)
    found, expected = load_mat(encoded), scipy.io.loadmat(io.BytesIO(encoded))
    assert found.keys() == expected.keys()
    np.testing.assert_array_equal(found["a"], _VALUES["a"])
    np.testing.assert_array_equal(found["b"]["d"].item()[0, 0], [[0, 1, 2]])


def test_the_oldest_version():
    assert load_mat(_written({"a": np.eye(3)}, version="4"))["a"].sum() == 3


@pytest.mark.parametrize("name", ["a", "cell", "struct"])
@pytest.mark.parametrize("shape", [(3, 10**9), (10**5, 10**5), (-1, 4)])
def test_a_shape_that_lies(name, shape):
    """Of a cell array or a struct, scipy takes eight bytes for each element, and no look."""
    cell = np.empty((3, 4), object)
    cell[:] = 1.0
    struct_array = np.zeros((3, 4), [("x", object)])
    value = {"a": np.ones((3, 4)), "cell": cell, "struct": struct_array}[name]
    encoded = _written({"a": value})
    sides = struct.pack("<2i", 3, 4)
    assert encoded.count(sides) == 1
    with pytest.raises(ValueError, match="an array says that its shape is"):
        load_mat(encoded.replace(sides, struct.pack("<2i", *shape)))
