"""importers.mcg_mat: .mat files in the layout that the authors of MCG publish."""

import pathlib

import h5py
import numpy as np
import pytest
import scipy.io

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.importers import mcg_mat
from tests.proposals.importers import masks as made


def _superpixels(height: int = 40, width: int = 55, number: int = 60) -> np.ndarray:
    """Numbers from 1, each of which occurs."""
    superpixels = np.random.default_rng(0).integers(1, number + 1, (height, width))
    superpixels.ravel()[:number] = np.arange(1, number + 1)
    return superpixels


def _labels(num: int = 25, number: int = 60) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.choice(number, rng.integers(1, 20), replace=False) + 1 for _ in range(num)]


def _masks(superpixels: np.ndarray, labels: list[np.ndarray]) -> np.ndarray:
    return np.stack([np.isin(superpixels, label) for label in labels])


def _cell(labels: list[np.ndarray], dtype: type, shape: tuple[int, int]) -> np.ndarray:
    cell = np.empty(len(labels), object)
    for n, label in enumerate(labels):
        cell[n] = label.astype(dtype)[None]  # MATLAB's rows
    return cell.reshape(shape)


def test_a_struct_and_an_array_of_masks(tmp_path):
    superpixels, labels = _superpixels(), _labels()
    cell = _cell(labels, np.uint16, (len(labels), 1))
    struct = {"superpixels": superpixels, "labels": cell, "scores": np.ones((len(labels), 1))}
    scipy.io.savemat(tmp_path / "a.mat", {"candidates_mcg": struct})
    made.check_is(mcg_mat.read(str(tmp_path), made.inputs("a.jpg")), _masks(superpixels, labels))
    masks = made.overlapping(4)
    stack = np.moveaxis(masks, 0, 2).astype(np.uint8) * 255
    scipy.io.savemat(tmp_path / "b.mat", {"masks": stack})
    with h5py.File(tmp_path / "c.mat", "w") as file:
        file["masks"] = stack.T
    for name in "bc":
        made.check_is(mcg_mat.read(str(tmp_path), made.inputs(f"{name}.jpg")), masks)
    with pytest.raises(InputError, match=r"b.mat: is of size \[40, 55\]: expected \[55, 40\]"):
        mcg_mat.read(str(tmp_path), made.inputs("b.jpg", 55, 40))


def _save(path: pathlib.Path, superpixels: np.ndarray, labels: np.ndarray, **more) -> None:
    scipy.io.savemat(path, {"superpixels": superpixels, "labels": labels, **more})


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float64])
@pytest.mark.parametrize("column", [True, False])
def test_the_published_layout_gives_its_masks_back(tmp_path, dtype, column):
    superpixels, labels = _superpixels(), _labels()
    cell = _cell(labels, dtype, (-1, 1) if column else (1, -1))
    # As published: boxes without those that occur twice, which must not confuse anything.
    more = {"scores": np.linspace(1, 0, len(labels))[:, None], "bboxes": np.ones((7, 4))}
    _save(tmp_path / "2007_000033.mat", superpixels.astype(dtype), cell, **more)
    pool = mcg_mat.read(str(tmp_path), made.inputs("2007_000033.jpg"))
    made.check_is(pool, _masks(superpixels, labels))
    assert pool.superpixels.max() == 59, "the file's own superpixels are kept"


def test_matlabs_hdf5_files_are_read_too(tmp_path):
    superpixels, labels = _superpixels(), _labels()
    labels[3] = labels[3][:0]
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["superpixels"] = superpixels.T.astype(np.uint16)
        cell = file.create_dataset("labels", (1, len(labels)), h5py.ref_dtype)
        for n, label in enumerate(labels):
            # An empty array is written as its dimensions.
            values = label[:, None].astype(np.uint16) if label.size else np.zeros(2, np.uint64)
            stored = file.create_dataset(f"#refs#/{n}", data=values)
            if not label.size:
                stored.attrs["MATLAB_empty"] = np.uint8(1)
            cell[0, n] = stored.ref
    pool = mcg_mat.read(str(tmp_path), made.inputs("a.png"))
    made.check_is(pool, _masks(superpixels, labels[:3] + labels[4:]))


def test_empty_candidates_and_superpixels_without_pixels_are_left_out(tmp_path):
    superpixels = _superpixels()
    superpixels[superpixels == 5] = 6
    labels = [np.array([5]), np.array([5, 7]), np.array([], int), np.array([9, 9, 6])]
    _save(tmp_path / "a.mat", superpixels, _cell(labels, np.uint16, (-1, 1)))
    pool = mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    made.check_is(pool, _masks(superpixels, [labels[1], labels[3]]))
    assert pool.superpixels.max() == 58


def test_a_file_without_candidates_is_an_empty_pool(tmp_path):
    _save(tmp_path / "a.mat", _superpixels(), np.empty((0, 1), object))
    assert mcg_mat.read(str(tmp_path), made.inputs("a.jpg")).num_candidates == 0


def test_images_in_folders_are_found_with_and_without_them(tmp_path):
    (tmp_path / "train").mkdir()
    cell = _cell(_labels(), np.uint16, (-1, 1))
    _save(tmp_path / "train" / "1.mat", _superpixels(), cell[:3])
    _save(tmp_path / "1.mat", _superpixels(), cell[:5])
    assert mcg_mat.read(str(tmp_path), made.inputs("train/1.jpg")).num_candidates == 3
    assert mcg_mat.read(str(tmp_path), made.inputs("val/1.jpg")).num_candidates == 5


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (0, r"labels\{2\} names superpixel 0: expected 1 .. 60"),
        (61, r"labels\{2\} names superpixel 61: expected 1 .. 60"),
        (-3, r"labels\{2\} names superpixel -3"),
        (1.5, "not whole numbers"),
        (np.nan, "expected an MCG .mat with whole numbers"),
    ],
)
def test_labels_that_are_no_superpixel_are_refused(tmp_path, label, message):
    labels = [np.array([1.0, 2.0]), np.array([3.0, label])]
    _save(tmp_path / "a.mat", _superpixels(), _cell(labels, np.float64, (-1, 1)))
    with pytest.raises(InputError, match=message) as caught:
        mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    assert str(tmp_path / "a.mat") in str(caught.value)


def test_superpixels_that_do_not_fit_are_refused(tmp_path):
    cell = _cell(_labels(), np.uint16, (-1, 1))
    for shape in ((55, 40), (40, 54)):
        _save(tmp_path / "a.mat", _superpixels(*shape), cell)
        with pytest.raises(InputError, match=rf"a.mat: is of size \[{shape[0]}, .*\[40, 55\]"):
            mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    _save(tmp_path / "a.mat", _superpixels() - 1, cell)
    with pytest.raises(InputError, match=r"a.mat: superpixel 0: expected numbers from 1"):
        mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"a.mat: not found: expected the candidates of a.jpg"):
        mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    path = tmp_path / "a.mat"
    _save(path, _superpixels(), _cell(_labels(), np.uint16, (-1, 1)), do_compression=True)
    whole = path.read_bytes()
    hdf5 = b"\x89HDF\r\n\x1a\n"
    for broken in (b"", b"no mat at all", whole[:130], whole[: len(whole) // 2], hdf5 + whole):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="a.mat: cannot be read .*expected an MCG .mat"):
            mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    for contents in ({"labels": 1}, {"superpixels": _superpixels()}, {"superpixels": "text"}):
        scipy.io.savemat(path, contents)
        with pytest.raises(InputError, match="a.mat: cannot be read"):
            mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    _save(path, _superpixels(), np.ones((4, 60)))
    with pytest.raises(InputError, match="a.mat: cannot be read .*labels is an array of float64"):
        mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))


def test_a_large_number_takes_no_memory(tmp_path):
    superpixels = _superpixels().astype(np.int64)
    superpixels[superpixels == 60] = 3 * 10**8
    labels = [np.array([3 * 10**8, 1]), np.array([59, 60])]
    cell = _cell(labels, np.int32, (2, 1))
    scipy.io.savemat(tmp_path / "a.mat", {"superpixels": superpixels, "labels": cell})
    pool = mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
    np.testing.assert_array_equal(pool.mask(0), np.isin(superpixels, labels[0]))
    np.testing.assert_array_equal(pool.mask(1), superpixels == 59)


def test_an_array_of_hdf5_that_says_it_is_huge(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file.create_dataset("masks", (10**5, 10**5), np.uint8, chunks=(1000, 1000))
    with pytest.raises(InputError, match="takes more than 268435456 bytes"):
        mcg_mat.read(str(tmp_path), made.inputs("a.jpg"))
