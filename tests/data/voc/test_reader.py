"""data.voc.reader: boxes and masks of VOC's layout, and every way they can be wrong."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOC_CLASSES
from tests.data.tiny import HEIGHT, WIDTH, voc_object, voc_xml

_MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
_MASK[2:9, 3:20] = 8
_MASK[0] = 255


def test_boxes_and_mask(voc):
    extra = "<difficult>1</difficult><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    objects = voc_object("cat", (1, 1, WIDTH, HEIGHT)) + voc_object("tvmonitor", extra=extra)
    voc.add("both", voc_xml(objects), _MASK)
    example = VocReader(voc.data_dir, "train")[0]
    # 1-based and inclusive becomes half-open: (xmin 3, ymin 5, xmax 12, ymax 20) -> below.
    np.testing.assert_array_equal(example.boxes, [[0, 0, HEIGHT, WIDTH], [4, 2, 20, 12]])
    assert example.boxes.dtype == np.float32
    assert example.labels.tolist() == [8, 20]
    assert example.difficult.tolist() == [False, True]
    assert example.truncated.tolist() == [False, False]
    # The palette in the file is random: the values must be indices, not colours.
    np.testing.assert_array_equal(example.mask, _MASK)
    assert (example.source_id, example.filename) == ("both", "both.jpg")


def test_boxes_only_masks_only_and_no_object(voc):
    voc.add("boxes", voc_xml(voc_object()))
    voc.add("mask", mask=_MASK)
    voc.add("nothing", voc_xml())
    boxes, mask, nothing = (VocReader(voc.data_dir, "train")[i] for i in range(3))
    assert boxes.mask is None and len(boxes.boxes) == 1
    assert mask.boxes is None and mask.labels.shape == (0,)
    assert nothing.boxes.shape == (0, 4) and nothing.mask is None


def test_fractions_and_minima_of_zero(voc):
    voc.add("a", voc_xml(voc_object(box=("45.70e-1", "0", 31.9, f"{HEIGHT}.4"))))
    box = VocReader(voc.data_dir, "train")[0].boxes[0]
    np.testing.assert_allclose(box, [0, 3.57, HEIGHT, 31.9], rtol=1e-6)


def test_own_classes(voc):
    voc.add("a", voc_xml(voc_object("scratch")), (_MASK > 0).astype(np.uint8) * 2)
    reader = VocReader(voc.data_dir, "train", class_names=("background", "dent", "scratch"))
    assert reader.class_names == ("background", "dent", "scratch")
    assert reader[0].labels.tolist() == [2]


def test_lists(voc):
    voc.add("first", voc_xml())
    voc.add("second", voc_xml())
    main = voc.root / "ImageSets" / "Main"
    main.mkdir()
    (main / "cat_val.txt").write_text("second  1\n\nfirst -1\n")
    (main / "train.txt").write_text("first\n")
    reader = VocReader(voc.data_dir, "cat_val")
    assert [example.source_id for example in reader] == ["second", "first"]
    assert len(VocReader(voc.data_dir, "train")) == 2, "Segmentation comes before Main"
    assert reader.settings != VocReader(voc.data_dir, "train").settings


def test_the_folder_of_the_list(voc):
    voc.add("first", voc_xml())
    voc.add("second", voc_xml())
    main = voc.root / "ImageSets" / "Main"
    main.mkdir()
    (main / "train.txt").write_text("second\n")
    for image_set, expected in (("Main", 1), ("Segmentation", 2), ("auto", 2)):
        assert len(VocReader(voc.data_dir, "train", image_set=image_set)) == expected
    (main / "all.txt").write_text("second\n")
    assert len(VocReader(voc.data_dir, "all")) == 1
    with pytest.raises(InputError, match=r"Segmentation/all.txt: no such list of images: expected"):
        VocReader(voc.data_dir, "all", image_set="Segmentation")
    with pytest.raises(InputError, match="image_set 'Layout': expected one of auto, Segm"):
        VocReader(voc.data_dir, "all", image_set="Layout")


def test_images_without_annotations(voc):
    voc.add("boxes", voc_xml(voc_object()))
    voc.add("none")
    with pytest.raises(InputError, match=r"none.jpg: no annotation: .*--annotations=optional"):
        VocReader(voc.data_dir, "train")[1]
    reader = VocReader(voc.data_dir, "train", annotations="optional")
    boxes, none = reader
    assert len(boxes.boxes) == 1 and none.boxes is None and none.mask is None
    assert list(reader.labels_in(1)) == [] and none.labels.shape == (0,)
    assert reader.settings != VocReader(voc.data_dir, "train").settings
    with pytest.raises(InputError, match="annotations 'none': expected required or optional"):
        VocReader(voc.data_dir, "train", annotations="none")


def test_settings_tell_lists_apart(voc):
    voc.add("a", voc_xml())
    before = VocReader(voc.data_dir, "train").settings
    assert before == VocReader(voc.data_dir, "train").settings
    voc.list_path.write_text("b\n")
    assert before != VocReader(voc.data_dir, "train").settings


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<annotation><size>", "not well-formed XML"),
        ("<annotation></annotation>", "no <size>"),
        (voc_xml(width="wide"), "<width> is 'wide': expected a number"),
        (voc_xml(height=9), "<size> says height 9 and width 32: expected .* height 24"),
        (voc_xml(voc_object("yeti")), "object 1: unknown class 'yeti': expected aeroplane"),
        (voc_xml(voc_object("background")), "unknown class 'background'"),
        (voc_xml("<object><name>cat</name></object>"), r"object 1 \(cat\): no <bndbox>"),
        (voc_xml(voc_object(box=(3, "x", 5, 6))), "<ymin> is 'x': expected a number"),
        (voc_xml(voc_object(box=(9, 5, 3, 20))), "inverted"),
        (voc_xml(voc_object() * 2 + voc_object(box=(1, 1, 33, 9))), "object 3 .*xmax 33.*outside"),
        (voc_xml(voc_object(box=(-3, 1, 9, 9))), "outside"),
        (voc_xml(voc_object(box=("nan", 1, 9, 9))), "<xmin> is 'nan'"),
        (voc_xml(voc_object(extra="<truncated>left</truncated>")), "<truncated> is 'left'"),
    ],
)
def test_a_bad_annotation(voc, xml, message):
    voc.add("bad", xml)
    with pytest.raises(InputError, match=f"bad.xml: .*{message}") as caught:
        VocReader(voc.data_dir, "train")[0]
    assert "\n" not in str(caught.value)


def _save_png(path, mode: str) -> None:
    Image.fromarray(_MASK).convert(mode).save(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "the mask is damaged"),
        (lambda path: path.write_bytes(b"not a png"), "not a PNG"),
        (lambda path: _save_png(path, "RGB"), "PNG of mode RGB: expected"),
        (lambda path: _save_png(path, "1"), "PNG of mode 1: expected"),
        (lambda path: Image.fromarray(_MASK[1:]).save(path), "the mask is 23 x 32"),
        (lambda path: Image.fromarray(_MASK // 8 * 3).save(path), "label 93 is not declared"),
    ],
)
def test_a_bad_mask(voc, damage, message):
    voc.add("bad", voc_xml(), _MASK)
    damage(voc.root / "SegmentationClass" / "bad.png")
    with pytest.raises(InputError, match=f"bad.png: .*{message}") as caught:
        VocReader(voc.data_dir, "train")[0]
    assert "\n" not in str(caught.value)


def test_a_grey_mask_is_accepted(voc):
    voc.add("a", mask=_MASK)
    _save_png(voc.root / "SegmentationClass" / "a.png", "L")
    np.testing.assert_array_equal(VocReader(voc.data_dir, "train")[0].mask, _MASK)


def test_missing_files(voc):
    voc.add("a", voc_xml())
    reader = VocReader(voc.data_dir, "train")
    (voc.root / "JPEGImages" / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a.jpg: cannot read an image: No such file"):
        reader[0]
    (voc.root / "Annotations" / "a.xml").unlink()
    with pytest.raises(InputError, match=re.escape("a.jpg: no annotation: expected")):
        reader[0]


@pytest.mark.parametrize(
    ("text", "message"), [("\n", "empty list"), ("a\nb\na\n", "'a' is listed twice")]
)
def test_a_bad_list(voc, text, message):
    voc.list_path.write_text(text)
    with pytest.raises(InputError, match=f"train.txt: .*{message}"):
        VocReader(voc.data_dir, "train")
    with pytest.raises(InputError, match=r"absent.txt: no such list"):
        VocReader(voc.data_dir, "absent")


@pytest.mark.parametrize("subset", ["voc_subset", "coco_subset"])
@pytest.mark.parametrize("split", ["train", "val"])
def test_real_images_agree_with_their_files(shared_data, subset, split):
    root = shared_data / subset / "VOC2012"
    reader = VocReader(str(shared_data / subset), split)
    ids = (root / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()
    expected = {"voc_subset": (512, 119), "coco_subset": (68, 29)}[subset][split == "val"]
    assert len(reader) == len(ids) == expected
    found = covered = foreground = 0
    for source_id, example in zip(ids, reader, strict=True):
        objects = ElementTree.parse(root / "Annotations" / f"{source_id}.xml").findall("object")
        names = [item.findtext("name") for item in objects]
        assert [VOC_CLASSES[label] for label in example.labels] == names
        difficult = [item.findtext("difficult") == "1" for item in objects]
        assert example.difficult.tolist() == difficult
        found += len(names)
        # Boxes and masks come from different files: an axis swapped in either would show.
        inside = np.zeros(example.mask.shape, bool)
        for ymin, xmin, ymax, xmax in np.round(example.boxes).astype(int):
            inside[ymin:ymax, xmin:xmax] = True
        is_object = (example.mask > 0) & (example.mask != 255)
        covered += (inside & is_object).sum()
        foreground += is_object.sum()
    assert found > 0
    assert covered / foreground > 0.99
