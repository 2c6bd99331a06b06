"""data.voc.reader: boxes and masks of VOC's layout, and every way they can be wrong."""

import re
import shutil
import unicodedata
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import scipy.io
from PIL import Image

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError, InputWarning
from boxsup_tf.labels import VOC_CLASSES, color_map
from tests.data.tiny import HEIGHT, WIDTH, jpeg, voc_object, voc_xml

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
        (voc_xml(height=9), "<size> says height 9 and width 32: expected .* height 24"),
        (voc_xml(voc_object("yeti")), "object 1: unknown class 'yeti': expected aeroplane"),
        (voc_xml(voc_object("background")), "unknown class 'background'"),
    ],
)
def test_a_bad_annotation(voc, xml, message):
    voc.add("bad", xml)
    with pytest.raises(InputError, match=f"bad.xml: .*{message}") as caught:
        VocReader(voc.data_dir, "train")[0]
    assert "\n" not in str(caught.value)


_OUT, _EMPTY = "box reaches out of its image", "box is empty, inverted"
_NO_BOX = "object without a name or box"


@pytest.mark.parametrize(
    ("xml", "boxes", "note"),
    [
        ("<annotation>{}</annotation>", [(4, 2, 20, 12)], "annotation without the image's size"),
        (voc_xml("{}", width="wide"), [(4, 2, 20, 12)], "annotation without the image's size"),
        (voc_xml("{}", 0, 0), [(4, 2, 20, 12)], "annotation without the image's size"),
        (voc_xml("<object><name>cat</name></object>"), [], _NO_BOX),
        (voc_xml("<object></object>"), [], _NO_BOX),
        (voc_xml(voc_object(box=(3, "x", 5, 6))), [], _EMPTY),
        (voc_xml(voc_object(box=(9, 5, 3, 20))), [], _EMPTY),
        (voc_xml(voc_object(box=("nan", 1, 9, 9))), [], _EMPTY),
        (voc_xml(voc_object(box=(40, 1, 50, 9))), [], _EMPTY),
        (voc_xml(voc_object(box=(1, 1, 34, 9))), [(0, 0, 9, WIDTH)], _OUT),
        (voc_xml(voc_object(box=(-3, 1, 9, 9))), [(0, 0, 9, 9)], _OUT),
        (
            voc_xml(voc_object(extra="<truncated>left</truncated>")),
            [(4, 2, 20, 12)],
            "difficult or truncated is neither 0 nor 1",
        ),
        (
            voc_xml(
                "<object><name>cat</name><robndbox><cx>16</cx><cy>12</cy><w>8</w><h>4</h>"
                "<angle>1.5707963267948966</angle></robndbox></object>"
            ),
            [(8, 14, 16, 18)],
            "rotated box",
        ),
    ],
)
def test_what_is_mended_is_noted(voc, xml, boxes, note):
    voc.add("a", xml.format(voc_object()))
    example = VocReader(voc.data_dir, "train")[0]
    np.testing.assert_allclose(example.boxes, np.array(boxes).reshape(-1, 4), atol=1e-5)
    assert len(example.repairs) == 1 and example.repairs[0].startswith(note), example.repairs


def test_objects_in_a_folder_of_their_own_and_a_strange_encoding(voc):
    xml = voc_xml(f"<objects>{voc_object()}{voc_object('dog')}</objects>")
    voc.add("a", f'<?xml version="1.0" encoding="utf8mb4"?>{xml}')
    example = VocReader(voc.data_dir, "train")[0]
    assert example.labels.tolist() == [8, 12] and not example.repairs


def test_names_with_spaces_accents_and_endings_in_capitals(voc):
    for name in ("photo 1", "photo 2", "cat (1)"):
        voc.add(name, voc_xml(voc_object()))
    voc.add("cafe\N{COMBINING ACUTE ACCENT}", voc_xml(voc_object()))
    images = voc.root / "JPEGImages"
    (images / "photo 2.jpg").rename(images / "photo 2.JPG")
    text = voc.list_path.read_text()
    voc.list_path.write_text(unicodedata.normalize("NFC", text))
    assert voc.list_path.read_text() != text
    examples = list(VocReader(voc.data_dir, "train"))
    assert [len(example.boxes) for example in examples] == [1, 1, 1, 1]
    assert examples[1].filename == "photo 2.JPG"


def test_xml_beside_the_images_with_endings_in_capitals(tmp_path):
    (tmp_path / "a.JPG").write_bytes(jpeg())
    (tmp_path / "a.XML").write_text(voc_xml(voc_object("hat")))
    reader = VocReader(str(tmp_path), "all")
    assert reader.class_names == ("background", "hat") and reader[0].labels.tolist() == [1]


@pytest.mark.parametrize("line", ["a.jpg", "JPEGImages/a.jpg SegmentationClass/a.png"])
def test_a_list_of_files_is_refused_with_a_hint(voc, line):
    voc.add("a", voc_xml())
    voc.list_path.write_text(line)
    with pytest.raises(InputError, match="is no id: expected ids without .* such as 'a'"):
        VocReader(voc.data_dir, "train")


def test_a_folder_without_lists_and_one_that_is_named_itself(voc):
    for number in range(20):
        voc.add(f"a{number}", voc_xml(voc_object()))
    whole = VocReader(str(voc.root), "train").source_ids
    assert whole == VocReader(voc.data_dir, "train").source_ids and len(whole) == 20
    shutil.rmtree(voc.root / "ImageSets")
    parts = {part: VocReader(voc.data_dir, part).source_ids for part in ("train", "val", "all")}
    assert parts["all"] == sorted(whole)
    assert sorted(parts["train"] + parts["val"]) == parts["all"] and parts["train"]
    with pytest.raises(InputError, match="--split=test: expected one of train, val, all"):
        VocReader(voc.data_dir, "test")


def test_images_with_xml_beside_them(voc, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in range(8):
        voc.add(f"a{number}", voc_xml(voc_object("hat" if number % 2 else "cat")))
    for path in [*(voc.root / "JPEGImages").iterdir(), *(voc.root / "Annotations").iterdir()]:
        path.rename(flat / path.name)
    (flat / "not_yet.jpg").write_bytes((flat / "a0.jpg").read_bytes())
    with pytest.warns(InputWarning, match="1 images without annotations left out, first not_yet"):
        reader = VocReader(str(flat), "all")
    assert reader.class_names == ("background", "cat", "hat") and len(reader) == 8
    assert [example.labels.tolist() for example in reader] == [[1], [2]] * 4
    with pytest.raises(InputError, match="no data in VOC's layout: expected the folder VOC2012"):
        VocReader(str(tmp_path), "all")


def test_masks_elsewhere_in_colours_and_as_mat(voc):
    for name in "abc":
        voc.add(name, voc_xml(voc_object()), _MASK)
    masks = voc.root / "SegmentationClassAug"
    (voc.root / "SegmentationClass").rename(masks)
    colours = color_map()[_MASK]
    Image.fromarray(colours).save(masks / "a.png")
    opaque = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    Image.fromarray(np.concatenate([colours, opaque], axis=2)).save(masks / "b.png")
    (masks / "c.png").unlink()
    labels = np.where(_MASK == 255, 0, _MASK)
    scipy.io.savemat(masks / "c.mat", {"GTcls": {"Segmentation": labels}})
    assert VocReader(voc.data_dir, "train")[0].mask is None
    reader = VocReader(voc.data_dir, "train", mask_dir="SegmentationClassAug")
    for index, expected in enumerate((_MASK, _MASK, labels)):
        np.testing.assert_array_equal(reader[index].mask, expected)
    assert reader.settings != VocReader(voc.data_dir, "train").settings
    with pytest.raises(InputError, match="--mask_dir=none: no such folder"):
        VocReader(voc.data_dir, "train", mask_dir="none")


def test_masks_that_say_nothing_and_files_of_no_image_are_warned_of(voc):
    voc.add("a", voc_xml(voc_object()), np.where(_MASK == 8, 255, 0).astype(np.uint8))
    assert VocReader(voc.data_dir, "train")[0].repairs[0].startswith("mask without a pixel of a cl")
    masks = voc.root / "SegmentationClass"
    (masks / "a.png").rename(masks / "a_mask.png")
    with pytest.warns(InputWarning, match="1 files belong to no image, the first a_mask.png"):
        VocReader(voc.data_dir, "train")


def _save_png(path, mode: str) -> None:
    Image.fromarray(_MASK).convert(mode).save(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "the mask is damaged"),
        (lambda path: path.write_bytes(b"not a png"), "not a PNG"),
        (
            lambda path: Image.fromarray(_MASK[1:]).save(path),
            "the mask says height 23 and width 32",
        ),
        (lambda path: Image.fromarray(_MASK // 8 * 3).save(path), "label 93 is not declared"),
        (
            lambda path: _save_png(path, "RGB"),
            "colour 255,255,255 is of no class: expected those of",
        ),
        (lambda path: Image.new("F", (32, 24)).save(path, "TIFF"), "not a PNG"),
    ],
)
def test_a_bad_mask(voc, damage, message):
    voc.add("bad", voc_xml(), _MASK)
    damage(voc.root / "SegmentationClass" / "bad.png")
    with pytest.raises(InputError, match=f"bad.png: .*{message}") as caught:
        VocReader(voc.data_dir, "train")[0]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_mask_is_accepted(voc, mode):
    voc.add("a", mask=_MASK)
    _save_png(voc.root / "SegmentationClass" / "a.png", mode)
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


@pytest.mark.parametrize("encoding", ["shift_jis", "gb2312", "big5", "utf-16", "utf-7", "cp1252"])
def test_encodings_that_python_knows(voc, encoding):
    """Those of several bytes a letter are unknown to expat."""
    voc.add("a")
    path = voc.root / "Annotations" / "a.xml"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{voc_xml(voc_object())}'
    path.write_bytes(text.encode(encoding))
    assert VocReader(voc.data_dir, "train")[0].labels.size == 1
    path.write_bytes(text.encode(encoding)[:-20] + b"\xff\xfe\x81")
    with pytest.raises(InputError, match=r"a\.xml"):
        VocReader(voc.data_dir, "train")[0]
