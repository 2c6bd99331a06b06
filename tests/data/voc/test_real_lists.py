"""Real lists of VOC: images and classes are counted as they are without this project's readers."""

import collections
import re

import pytest
from PIL import Image

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_images import ChosenImages
from boxsup_tf.labels import VOC_CLASSES
from tests.conftest import REPOSITORY

_52 = REPOSITORY / "recipes" / "small" / "voc_subset" / "52.txt"
_OBJECT = re.compile(r"<object>.*?</object>", re.DOTALL)
_NAME = re.compile(r"<name>([a-z]+)</name>")  # the first one is the object's own, others its parts'


@pytest.fixture(scope="module")
def voc_dir(shared_data):
    return shared_data / "voc_subset" / "VOC2012"


@pytest.mark.parametrize(
    "split", ["train", "val", "trainval", "official_train", "official_trainaug", "official_val"]
)
def test_a_list_and_its_classes(split, voc_dir):
    ids = (voc_dir / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()
    reader = VocReader(str(voc_dir), split)
    assert reader.source_ids == ids
    read, counted = collections.Counter(), collections.Counter()
    for index, source_id in enumerate(ids):
        read.update({*reader.labels_in(index)})
        text = (voc_dir / "Annotations" / f"{source_id}.xml").read_text()
        names = {_NAME.search(each)[1] for each in _OBJECT.findall(text)}
        with Image.open(voc_dir / "SegmentationClass" / f"{source_id}.png") as mask:
            values = {value for _, value in mask.getcolors()}
        counted.update(values | {VOC_CLASSES.index(name) for name in names})
    assert read == counted and len(counted) > 10


def test_the_recipe_of_a_tenth_of_the_masks(voc_dir):
    reader = VocReader(str(voc_dir), "train")
    with_masks = ChosenImages(reader, only_ids=str(_52))
    without = ChosenImages(reader, without_ids=str(_52))
    assert (len(with_masks), len(without)) == (52, 460)
    assert {*with_masks.source_ids, *without.source_ids} == {*reader.source_ids}
