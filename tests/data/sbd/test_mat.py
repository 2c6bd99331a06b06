"""data.sbd.mat: SBD's .mat files, and every way they can be wrong."""

import pathlib

import h5py
import numpy as np
import pytest
import scipy.io

from boxsup_tf.data import mat_file
from boxsup_tf.data.sbd import mat as sbd_mat
from boxsup_tf.errors import InputError

_CLASSES = np.zeros((6, 9), np.uint8)
_CLASSES[1:4, 2:5], _CLASSES[3:, 6:] = 7, 20
_INSTANCES = np.minimum(_CLASSES, 2) - (_CLASSES == 7)


def _write(folder: pathlib.Path, name: str = "GTcls", **fields: object) -> str:
    """Writes a struct as MATLAB does; returns its path."""
    path = folder / "a.mat"
    scipy.io.savemat(path, {name: fields}, do_compression=True)
    return str(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int32])
def test_what_it_holds(tmp_path, dtype):
    path = _write(tmp_path, Segmentation=_CLASSES.astype(dtype), CategoriesPresent=[[7], [20]])
    classes = sbd_mat.read_classes(path)
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, _CLASSES)
    for categories in ([[7], [20]], [[7, 20]]):  # a column as in SBD, and a row
        path = _write(
            tmp_path,
            "GTinst",
            Segmentation=_INSTANCES.astype(dtype),
            Categories=np.array(categories, dtype),
        )
        owner, labels = sbd_mat.read_instances(path)
        assert owner.dtype == labels.dtype == np.uint8 and labels.tolist() == [7, 20]
        np.testing.assert_array_equal(owner, _INSTANCES)


def test_an_image_without_objects(tmp_path):
    empty = np.zeros((0, 0))  # [] of MATLAB
    path = _write(tmp_path, "GTinst", Segmentation=_INSTANCES * 0, Categories=empty)
    assert sbd_mat.read_instances(path)[1].shape == (0,)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Segmentation": _CLASSES + 1}, r"GTcls.Segmentation holds 21: expected 0 .. 20"),
        ({"Segmentation": _CLASSES - 0.5}, r"GTcls.Segmentation holds -0.5: expected 0 .. 20"),
        ({"Segmentation": np.full((2, 2), np.nan)}, "GTcls.Segmentation holds nan"),
        ({"Segmentation": np.zeros((2, 2, 3))}, r"shape \(2, 2, 3\): expected numbers"),
        ({"Segmentation": "text"}, "GTcls.Segmentation is an array of <U4"),
        ({"Boundaries": _CLASSES}, "struct GTcls with Segmentation"),
    ],
)
def test_bad_classes(tmp_path, fields, message):
    with pytest.raises(InputError, match=f"a.mat: .*{message}") as caught:
        sbd_mat.read_classes(_write(tmp_path, **fields))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([7, 0], "Categories holds 0: expected 1 .. 20"),
        ([7, 21], "Categories holds 21: expected 0 .. 20"),
        ([7], r"GTinst.Segmentation holds 2: expected 0 .. 1"),
        ([[[7]]], "Segmentation holds 2"),
    ],
)
def test_bad_instances(tmp_path, categories, message):
    path = _write(tmp_path, "GTinst", Segmentation=_INSTANCES, Categories=categories)
    with pytest.raises(InputError, match=f"a.mat: .*{message}"):
        sbd_mat.read_instances(path)


def test_what_is_no_such_file(tmp_path):
    path = tmp_path / "a.mat"
    with pytest.raises(InputError, match=r"a.mat: cannot read SBD's GTcls: No such file"):
        sbd_mat.read_classes(str(path))
    for content in (b"", b"x" * 300, b"\x89PNG\r\n\x1a\n" * 40):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"a.mat: cannot be read \(.*the struct GTcls"):
            sbd_mat.read_classes(str(path))
    with h5py.File(path, "w") as file:  # MATLAB 7.3
        file["GTcls"] = _CLASSES
    with pytest.raises(InputError, match=r"a.mat: cannot be read \(.*the struct GTcls"):
        sbd_mat.read_classes(str(path))
    scipy.io.savemat(path, {"GTcls": _CLASSES})
    with pytest.raises(InputError, match=r"a.mat: cannot be read \(.*the struct GTcls"):
        sbd_mat.read_classes(str(path))
    with pytest.raises(InputError, match=r"a.mat: cannot be read \(.*the struct GTinst"):
        sbd_mat.read_instances(str(path))


def test_a_file_that_is_cut_short_or_damaged(tmp_path):
    path = pathlib.Path(_write(tmp_path, Segmentation=_CLASSES))
    whole = path.read_bytes()
    for size in range(0, len(whole), 5):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"a.mat: cannot be read \(") as caught:
            sbd_mat.read_classes(str(path))
        assert "\n" not in str(caught.value)
    for place in range(130, len(whole), 3):  # of the compressed part: its checksum finds all
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(InputError, match="a.mat: "):
            sbd_mat.read_classes(str(path))


def test_a_small_file_that_unpacks_to_much_is_not_unpacked(tmp_path, monkeypatch):
    path = _write(tmp_path, Segmentation=np.zeros((1000, 1000), np.uint8))
    assert pathlib.Path(path).stat().st_size < 2000
    monkeypatch.setattr(mat_file, "MAX_BYTES", 10**6)
    monkeypatch.setattr(scipy.io, "loadmat", None)
    with pytest.raises(InputError, match="unpacks to more than 1000000 bytes"):
        sbd_mat.read_classes(path)
