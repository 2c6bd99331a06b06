"""data.prepare: from files on disk to shards and back."""

import itertools
import pathlib
import pickle

import numpy as np
import pytest

from boxsup_tf.data import prepare
from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses
from boxsup_tf.data.wrappers.joined import JoinedReader
from boxsup_tf.data.wrappers.smaller_images import SmallerImages
from boxsup_tf.errors import InputError
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records
from tests.data.tiny import HEIGHT, WIDTH, assert_equal, voc_object, voc_xml
from tests.records.one_by_one import OneByOne


def _fill(voc, num: int = 7) -> None:
    mask = np.ones((HEIGHT, WIDTH), np.uint8)
    for i in range(num):
        voc.add(f"image{i}", voc_xml(voc_object() * i) if i % 3 else None, mask if i % 2 else None)
        if i in (0, 6):  # neither boxes nor a mask so far
            (voc.root / "Annotations" / f"image{i}.xml").write_text(voc_xml())


def test_shards_hold_what_the_reader_gives(voc, tmp_path):
    _fill(voc)
    reader = VocReader(voc.data_dir, "train")
    info = prepare.prepare(reader, str(tmp_path / "out"), 3)
    assert info.class_names == reader.class_names and info.settings == reader.settings
    # Images 1, 3, 5 have masks; 3 has no boxes, and 0 and 6 have an empty list of them.
    assert (info.num_images, info.num_images_with_masks, info.num_images_with_boxes) == (7, 3, 6)
    assert info.num_boxes == 1 + 2 + 4 + 5
    for serialized, example in zip(read_records(str(tmp_path / "out")), reader, strict=True):
        assert_equal(decode_example(serialized), example)


def _files(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("runner", [None, OneByOne()], ids=["here", "elsewhere"])
def test_a_bad_image_stops_the_run_and_mending_it_goes_on(runner, voc, tmp_path):
    _fill(voc)
    reader = VocReader(voc.data_dir, "train")
    prepare.prepare(reader, str(tmp_path / "whole"), 4)
    path = voc.root / "JPEGImages" / "image4.jpg"
    good = path.read_bytes()
    path.write_bytes(good[:50])
    with pytest.raises(InputError, match=r"image4.jpg: the image is damaged"):
        prepare.prepare(reader, str(tmp_path / "mended"), 4, runner, strict=True)
    path.write_bytes(good)
    prepare.prepare(reader, str(tmp_path / "mended"), 4, runner, strict=True)
    assert _files(tmp_path / "mended") == _files(tmp_path / "whole")


@pytest.mark.parametrize("runner", [None, OneByOne()], ids=["here", "elsewhere"])
def test_a_bad_image_is_left_out_and_named(runner, voc, tmp_path, capsys):
    _fill(voc)
    (voc.root / "JPEGImages" / "image4.jpg").write_bytes(b"no image")
    (voc.root / "Annotations" / "image2.xml").write_text(voc_xml(voc_object(box=(3, 5, 99, 9))))
    reader = VocReader(voc.data_dir, "train")
    info = prepare.prepare(reader, str(tmp_path / "out"), 2, runner)
    assert [image.source_id for image in info.skipped] == ["image4"] and info.num_images == 6
    (kind,) = info.repairs
    assert kind == "box reaches out of its image, clipped"
    assert info.repairs[kind]["count"] == 1 and info.repairs[kind]["first"].startswith("image2: ")
    prepare.report(info)
    shown = capsys.readouterr().err
    assert "image4.jpg: not a JPEG or PNG" in shown and kind in shown
    with pytest.raises(InputError, match="left out 1 images and mended 1 faults"):
        prepare.prepare(reader, str(tmp_path / "out"), 2, runner, strict=True)


def test_an_unknown_class_ends_the_run(voc, tmp_path):
    _fill(voc, 3)
    (voc.root / "Annotations" / "image2.xml").write_text(voc_xml(voc_object("yeti")))
    with pytest.raises(InputError, match="unknown class 'yeti': expected .*--class_names=yeti"):
        prepare.prepare(VocReader(voc.data_dir, "train"), str(tmp_path / "out"), 2)
    reader = prepare.make_reader("voc", voc.data_dir, "train", ["cat", "yeti"])
    assert reader.class_names == ("background", "cat", "yeti")


def test_a_changed_list_is_not_mixed_with_the_old_one(voc, tmp_path):
    _fill(voc)
    prepare.prepare(VocReader(voc.data_dir, "train"), str(tmp_path / "out"), 2)
    voc.add("late", voc_xml())
    with pytest.raises(InputError, match="holds a dataset with num_images = 7: expected 8"):
        prepare.prepare(VocReader(voc.data_dir, "train"), str(tmp_path / "out"), 2)


def test_an_empty_dataset_is_refused(coco, tmp_path):
    coco.json["images"] = []
    reader = CocoReader(coco.save(), "train")
    with pytest.raises(InputError, match="empty dataset"):
        prepare.prepare(reader, str(tmp_path / "out"), 2)
    assert not (tmp_path / "out").exists()


def test_make_reader(voc, coco):
    _fill(voc)
    assert len(prepare.make_reader("voc", voc.data_dir, "train")) == 7
    reader = prepare.make_reader("coco", coco.save(), "train", class_set="voc")
    assert len(reader.class_names) == 21
    reader = prepare.make_reader("shapes", "", "", num_images=3, seed=1, image_size=96)
    assert len(reader) == 3
    reader = prepare.make_reader("voc", voc.data_dir, "train", ["cat"], 16)
    assert [example.source_id for example in reader] == [f"image{i}" for i in (1, 2, 4, 5)]
    assert reader[0].mask.shape == (12, 16) and reader.class_names == ("background", "cat")
    with pytest.raises(InputError, match="'imagenet': expected one of voc, sbd, coco, context"):
        prepare.make_reader("imagenet", "", "train")


def test_shapes_have_no_parts_and_no_folder():
    for split in ("", "train", ("train",)):
        assert len(prepare.make_reader("shapes", "", split, num_images=3, seed=1)) == 3
    for folder, split, flag in (("", "val", "split=val"), ("photos", "train", "data_dir=photos")):
        with pytest.raises(InputError, match=f"--{flag} has no effect with --dataset=shapes"):
            prepare.make_reader("shapes", folder, split, num_images=3, seed=1)


def test_real_images(shared_data, tmp_path):
    reader = VocReader(str(shared_data / "coco_subset"), "val")
    info = prepare.prepare(reader, str(tmp_path), 2)
    expected = sum(len(example.labels) for example in reader)
    assert (info.num_images, info.num_images_with_masks, info.num_boxes) == (29, 29, expected)
    records = itertools.islice(read_records(str(tmp_path)), 5)
    for serialized, index in zip(records, range(5), strict=True):
        assert_equal(decode_example(serialized), reader[index])


def test_every_reader_travels_to_other_machines(voc, coco, tmp_path):
    _fill(voc)
    coco.annotate(18, [4, 5, 10, 6])
    from_voc = VocReader(voc.data_dir, "train")
    from_coco = CocoReader(coco.save(), "train", "voc")
    assert len(pickle.dumps(from_coco)) < 500, "expected the file's name, not what it holds"
    readers = {
        "voc": from_voc,
        "coco": from_coco,
        "shapes": ShapesReader(5, seed=1, image_size=64),
        "chosen": ChosenClasses(from_voc, ["cat=animal"]),
        "smaller": SmallerImages(from_coco, 20),
        "joined": JoinedReader([from_voc, from_coco], ["voc", "coco"]),
    }
    for name, reader in readers.items():
        here, there = tmp_path / f"{name}_here", tmp_path / f"{name}_there"
        assert prepare.prepare(reader, str(here), 2) == prepare.prepare(
            reader, str(there), 2, OneByOne()
        )
        assert _files(here) == _files(there)


def test_an_id_that_leads_out_of_its_folder_is_left_out(voc, tmp_path):
    _fill(voc)
    (voc.root / "JPEGImages" / "images").mkdir()
    for name in ("../outside", "images/../../outside"):
        voc.add(name)
    info = prepare.prepare(VocReader(voc.data_dir, "train"), str(tmp_path / "out"), 2)
    assert [image.index for image in info.skipped] == [7, 8] and info.num_images == 7
    assert "expected a relative path without '..'" in info.skipped[0].reason
