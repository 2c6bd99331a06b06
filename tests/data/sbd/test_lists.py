"""data.sbd.lists: the union of VOC's lists and SBD's, without VOC's val list."""

import pathlib

import pytest

from boxsup_tf.commands import prepare_data
from boxsup_tf.data.sbd.lists import read_train_aug
from boxsup_tf.errors import InputError


class Lists:
    """Lists of ids, which a test writes."""

    def __init__(self, root: pathlib.Path) -> None:
        self.voc, self.sbd = root / "VOC2012", root / "dataset"
        self.segmentation = self.voc / "ImageSets" / "Segmentation"
        self.segmentation.mkdir(parents=True)
        self.sbd.mkdir()

    def write(self, train, val, sbd_train, sbd_val) -> None:
        for folder, split, ids in (
            (self.segmentation, "train", train),
            (self.segmentation, "val", val),
            (self.sbd, "train", sbd_train),
            (self.sbd, "val", sbd_val),
        ):
            (folder / f"{split}.txt").write_text("".join(f"{name}\n" for name in ids))

    def read(self) -> tuple[list[str], dict[str, int]]:
        return read_train_aug(str(self.voc), str(self.sbd))


@pytest.fixture
def lists(tmp_path) -> Lists:
    return Lists(tmp_path)


def test_each_image_once_and_none_of_the_val_list(lists):
    lists.write(["d", "b", "z"], ["v", "w", "z"], ["v", "a", "b"], ["w", "c", "a", "d"])
    assert lists.read() == (["a", "b", "c", "d"], {"voc_train": 2, "sbd_train": 1, "sbd_val": 1})


def test_lists_of_the_published_sizes(lists, capsys):
    """1,464 and 1,449 of VOC, 8,498 and 2,857 of SBD; 10,582 if SBD shares 2,237 with VOC."""
    names = [f"2008_{number:06d}" for number in range(1464 + 1449 + 9118)]
    train, val, more = names[:1464], names[1464:2913], names[2913:]
    sbd = more + train[:1137] + val[:1100]
    lists.write(train, val, sbd[:8498], sbd[8498:])
    ids, counts = lists.read()
    assert ids == sorted(set(train) | set(more)) and len(ids) == 10582
    assert counts == {"voc_train": 1464, "sbd_train": 8498, "sbd_val": 9118 - 8498}
    prepare_data._show_lists(counts)
    assert "train_aug: 10582 images = 1464 (voc_train) + 8498 (sbd_train) + 620 (sbd_val): as " in (
        capsys.readouterr().out
    )
    lists.write(train[1:], val, sbd[:8498], sbd[8498:])
    assert len(lists.read()[0]) == 10582, "SBD's own list has that image, too"
    lists.write(train[:-1], val, sbd[:8498], sbd[8498:])
    prepare_data._show_lists(lists.read()[1])
    assert "10581 images" in (out := capsys.readouterr().out) and "the published list has" in out


@pytest.mark.parametrize("name", ["train_aug.txt", "trainaug.txt"])
def test_a_list_of_its_own_without_sbds(lists, name):
    lists.write(["a"], ["v", "w"], ["b"], ["c"])
    path = lists.segmentation / name
    path.write_text("b\na\n")
    assert read_train_aug(str(lists.voc), "") == (["a", "b"], {name: 2})
    path.write_text("b\nw\nv\n")
    with pytest.raises(InputError, match=rf"{name}: image 'v' is in VOC's val .* 1 more: expected"):
        read_train_aug(str(lists.voc), "")


def test_a_missing_list_is_named(lists):
    lists.write(["a"], ["v"], ["b"], ["c"])
    with pytest.raises(InputError, match=r"Segmentation/train_aug.txt: cannot read a list"):
        read_train_aug(str(lists.voc), "")
    lists.write(["v"], ["v", "w"], ["w"], ["w"])
    with pytest.raises(InputError, match=r"dataset/val.txt: only images of VOC's val list"):
        lists.read()
    for path in (lists.sbd / "train.txt", lists.segmentation / "val.txt"):
        path.unlink()
        with pytest.raises(InputError, match=f"^{path}: cannot read a list of images"):
            lists.read()
