"""data.wrappers.chosen_images: a part of a data set by lists of ids."""

import unicodedata

import pytest

from boxsup_tf.data.prepare import make_reader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_images import ChosenImages
from boxsup_tf.errors import InputError
from tests.data.tiny import voc_xml


@pytest.fixture
def lists(tmp_path) -> dict[str, str]:
    ids = ShapesReader(5, seed=1).source_ids
    for name, listed in (("some", ids[1:4]), ("one", [ids[2], "elsewhere"]), ("all", ids)):
        (tmp_path / f"{name}.txt").write_text("\n".join(reversed(listed)) + "\n")
    return {name: str(tmp_path / f"{name}.txt") for name in ("some", "one", "all")}


def test_the_examples_are_the_readers_in_its_order(lists):
    whole = ShapesReader(5, seed=1, image_size=64)
    part = ChosenImages(whole, lists["some"], lists["one"])
    assert part.source_ids == [whole.source_ids[1], whole.source_ids[3]] and len(part) == 2
    assert [part[i].encoded for i in range(2)] == [whole[i].encoded for i in (1, 3)]
    assert list(part.labels_in(1)) == list(whole.labels_in(3))
    without = ChosenImages(whole, without_ids=lists["some"])
    assert without.source_ids == [whole.source_ids[0], whole.source_ids[4]]
    assert part.settings != without.settings and part.settings["seed"] == 1


def test_together_with_classes_and_sizes(lists):
    options = {"num_images": 5, "seed": 1, "image_size": 96}
    reader = make_reader(
        "shapes",
        "",
        "",
        classes=["cross", "triangle"],
        max_side=64,
        only_ids=lists["some"],
        **options,
    )
    names = [reader[i].source_id for i in range(len(reader))]
    assert names and set(names) <= {f"shapes_1_{i:06d}" for i in (1, 2, 3)}
    assert max(max(reader[i].height, reader[i].width) for i in range(len(reader))) <= 64


def test_lists_that_do_not_fit(lists):
    whole = ShapesReader(5, seed=1)
    with pytest.raises(InputError, match="only_ids=.*one.txt: image 'elsewhere' is not in"):
        ChosenImages(whole, lists["one"])
    with pytest.raises(InputError, match="none of the 5 images is left"):
        ChosenImages(whole, without_ids=lists["all"])
    with pytest.raises(InputError, match="absent"):
        ChosenImages(whole, "absent.txt")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_ids_that_end_like_a_flag_and_accents_in_either_form(voc, tmp_path, form):
    names = ["photo", "photo 0", "photo 1", "caf\N{LATIN SMALL LETTER E WITH ACUTE} -1"]
    for name in names:
        voc.add(name, voc_xml())
    whole = VocReader(voc.data_dir, "train")
    path = tmp_path / "listed.txt"
    path.write_text(unicodedata.normalize(form, "\n".join(names[1:])), encoding="utf-8")
    assert ChosenImages(whole, only_ids=str(path)).source_ids == names[1:]
    assert ChosenImages(whole, without_ids=str(path)).source_ids == names[:1]
    path.write_text("photo -1\n")  # as VOC's lists of a class
    assert ChosenImages(whole, only_ids=str(path)).source_ids == names[:1]
