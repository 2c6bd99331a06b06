"""data.other_classes: data of more classes than a mask can tell apart."""

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.prepare import make_reader
from boxsup_tf.errors import InputError
from tests.data.tiny import HEIGHT, WIDTH, jpeg, voc_object, voc_xml

_NAMES = [f"k{n:03d}" for n in range(300)]


def _mask(*values: int) -> np.ndarray:
    """A row of each value, and background below."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[: len(values)] = np.array(values)[:, None]
    return mask


def test_boxes_of_a_labelling_tool(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    rows = [f"a.jpg,{name},2,3,20,15" for name in _NAMES]
    (tmp_path / "boxes.csv").write_text("\n".join(["filename,class,xmin,ymin,xmax,ymax", *rows]))
    with pytest.raises(InputError, match=r"300 classes: expected at most 254 \(--classes= takes"):
        make_reader("csv", str(tmp_path), "all")
    reader = make_reader("csv", str(tmp_path), "all", ["k299", "k007"])
    assert reader.class_names == ("background", "k299", "k007")
    labels = reader[0].labels.tolist()
    assert (labels[299], labels[7]) == (1, 2) and np.count_nonzero(labels) == 2
    with pytest.raises(InputError, match="--classes: 'yeti' is none of its 300 classes: expected"):
        make_reader("csv", str(tmp_path), "all", ["yeti"])


@pytest.mark.parametrize("number", [234, 299], ids=["would have the label of void", "the last"])
def test_boxes_in_folders_of_voc_and_its_masks(voc, number):
    objects = "".join(voc_object(name) for name in _NAMES)
    voc.add("a", voc_xml(objects + voc_object("cat")), _mask(8, 12, 21, 255))
    reader = make_reader("voc", voc.data_dir, "train", [_NAMES[number], "cat"])
    example = reader[0]
    assert reader.class_names == ("background", _NAMES[number], "cat")
    assert np.flatnonzero(example.labels).tolist() == [number, 300]
    assert example.labels[[number, 300]].tolist() == [1, 2]
    # The values mean what they do where there are fewer classes: 8 is VOC's cat.
    assert example.mask[:5, 0].tolist() == [2, 255, 255, 255, 0]
    assert set(reader.labels_in(0)) == {0, 1, 2, 255}


def test_a_class_that_nobody_chose_may_have_any_name(voc):
    voc.add("a", voc_xml(voc_object("cat") + voc_object("two\nlines")))
    assert make_reader("voc", voc.data_dir, "train", ["cat"])[0].labels.tolist() == [1, 0]


def test_xml_beside_the_images(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "a.xml").write_text(voc_xml("".join(map(voc_object, _NAMES))))
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(_mask(1, 254, 255)).save(masks / "a.png")
    flags = {"mask_dir": str(masks)}
    reader = make_reader("voc", str(tmp_path), "all", ["k000", "k254"], **flags)
    example = reader[0]
    assert np.flatnonzero(example.labels).tolist() == [0, 254]
    assert example.mask[:4, 0].tolist() == [1, 255, 255, 0]
    with pytest.raises(InputError, match=r"300 classes: expected at most 254"):
        make_reader("voc", str(tmp_path), "all", **flags)


def test_colours_of_a_label_map(voc):
    lines = [f"{name}:{n // 200},{n % 200},7::" for n, name in enumerate(_NAMES)]
    (voc.root / "labelmap.txt").write_text("\n".join(lines))
    voc.add("a", voc_xml(voc_object("k254")))
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[0], pixels[1], pixels[2] = (1, 54, 7), (0, 3, 7), (224, 224, 192)
    Image.fromarray(pixels).save(voc.root / "SegmentationClass" / "a.png")
    example = make_reader("voc", voc.data_dir, "train", ["k254"])[0]
    assert example.labels.tolist() == [1] and example.mask[:4, 0].tolist() == [1, 255, 255, 0]
