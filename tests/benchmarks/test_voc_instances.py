"""benchmarks/voc_instances.py: the objects' masks of VOC's layout."""

import pathlib

import numpy as np
import pytest
from PIL import Image
from voc_instances import voc_instances

from boxsup_tf.data.instance_images import coco_instances
from boxsup_tf.errors import InputError


def _objects() -> np.ndarray:
    """Two objects with a void border, of which the second is number 7."""
    objects = np.zeros((20, 30), np.uint8)
    objects[2:9, 3:12] = 255
    objects[3:8, 4:11] = 1
    objects[10:15, 9:25] = 7
    return objects


@pytest.fixture
def voc(tmp_path) -> pathlib.Path:
    root = tmp_path / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationObject"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSets/Segmentation/val.txt").write_text("b\n\na 1\n")
    (root / "ImageSets/Segmentation/train.txt").write_text("c\n")
    picture = Image.fromarray(_objects())
    picture.putpalette(bytes(range(256)) * 3)
    for name in "abc":
        picture.save(root / "SegmentationObject" / f"{name}.png")
    return tmp_path


def test_voc(voc):
    for folder in (voc, voc / "VOC2012"):
        images = voc_instances(str(folder), ["val", "train"])
        assert [image.image_id for image in images] == ["b", "a", "c"]
        assert images[1].image_path == str(voc / "VOC2012" / "JPEGImages" / "a.jpg")
    masks = images[0].masks()
    np.testing.assert_array_equal(masks, [_objects() == 1, _objects() == 7])
    assert masks.dtype == bool


def test_an_image_without_objects(voc):
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(voc / "VOC2012/SegmentationObject/c.png")
    assert voc_instances(str(voc), ["train"])[0].masks().shape == (0, 4, 5)


def test_missing_and_damaged_voc_files(voc):
    with pytest.raises(InputError, match="Segmentation/test.txt: cannot read a list of images"):
        voc_instances(str(voc), ["test"])
    (image,) = voc_instances(str(voc), ["train"])
    path = voc / "VOC2012" / "SegmentationObject" / "c.png"
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(InputError, match="c.png: the mask is damaged"):
        image.masks()
    Image.fromarray(np.full((4, 5, 3), 77, np.uint8)).save(path)
    with pytest.raises(InputError, match="c.png: colour 77,77,77 is of no class"):
        image.masks()
    path.unlink()
    with pytest.raises(InputError, match="c.png: cannot read a mask"):
        image.masks()


def test_both_forms_of_the_real_images_agree(shared_data):
    """The objects that VOC's form keeps are among COCO's, but for what lies on top of them."""
    folder = shared_data / "coco_subset"
    voc = voc_instances(str(folder), ["val"])
    coco = coco_instances(str(folder), [str(folder / "annotations" / "instances_val.json")])
    assert {image.image_id for image in voc} == {image.image_id for image in coco}
    by_id = {image.image_id: image for image in coco}
    found = []
    for image in voc[:8]:
        complete = by_id[image.image_id].masks()
        for mask in image.masks():
            found.append(max((mask & other).sum() / mask.sum() for other in complete))
    assert len(found) > 10 and np.mean(found) > 0.99
