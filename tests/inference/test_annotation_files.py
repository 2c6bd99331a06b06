"""inference.annotation_files: masks that labelling tools can open, read back by others."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pycocotools.coco import COCO

from boxsup_tf.drawing import write_palette_png
from boxsup_tf.errors import InputError
from boxsup_tf.inference.annotation_files import write_annotation_files
from boxsup_tf.inference.outlines import outlines
from boxsup_tf.inference.predict_files import PredictOptions

_NAMES = ("background", "disc", "ring")


def _label_map() -> np.ndarray:
    """A disc that touches the border, a ring with a speck in its hole, and a single pixel."""
    y, x = np.mgrid[:120, :160] + 0.5
    distance = np.hypot(y - 60, x - 90)
    labels = np.zeros((120, 160), np.uint8)
    labels[np.hypot(y - 20, x - 15) < 30] = 1
    labels[(distance < 45) & (distance > 20)] = 2
    labels[58:63, 88:93] = 1
    labels[110, 150] = 2
    return labels


def _worst_iou(found: np.ndarray, true: np.ndarray) -> float:
    """Over the classes."""
    pairs = [(found == label, true == label) for label in (1, 2)]
    return min((a & b).sum() / (a | b).sum() for a, b in pairs)


@pytest.fixture
def folder(tmp_path):
    write_path = tmp_path / "masks" / "in a folder" / "a.png"
    write_path.parent.mkdir(parents=True)
    write_palette_png(str(write_path), _label_map())
    names = {"in a folder/a": "/photos/in a folder/a.jpg", "not done": "/photos/x.jpg"}
    write_annotation_files(("coco", "labelme"), str(tmp_path), names, _NAMES)
    return tmp_path


def test_coco(folder):
    coco = COCO(str(folder / "annotations.json"))
    (image,) = coco.loadImgs(coco.getImgIds())
    assert (image["file_name"], image["height"], image["width"]) == ("in a folder/a.jpg", 120, 160)
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["disc", "ring"]
    found = np.zeros((120, 160), np.uint8)
    annotations = coco.loadAnns(coco.getAnnIds())
    assert len(annotations) == 4
    for annotation in annotations:
        mask = coco.annToMask(annotation).astype(bool)
        found[mask] = annotation["category_id"]
        assert abs(annotation["area"] - mask.sum()) <= max(3.0, 0.03 * mask.sum())
        rows, columns = np.nonzero(mask)
        x, y, w, h = annotation["bbox"]
        tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose([x, y, x + w, y + h], tight, atol=1)
    assert _worst_iou(found, _label_map()) > 0.97


def test_labelme(folder):
    content = json.loads((folder / "labelme" / "in a folder" / "a.json").read_text())
    assert content["imagePath"].endswith("photos/in a folder/a.jpg")
    assert (content["imageHeight"], content["imageWidth"], content["imageData"]) == (120, 160, None)
    found = Image.new("L", (160 * 4, 120 * 4))
    for shape in content["shapes"]:
        assert shape["shape_type"] == "polygon" and len(shape["points"]) >= 3
        corners = [(4 * x - 0.5, 4 * y - 0.5) for x, y in shape["points"]]
        ImageDraw.Draw(found).polygon(corners, fill=_NAMES.index(shape["label"]))
    centres = np.array(found)[2::4, 2::4]
    assert _worst_iou(centres, _label_map()) > 0.97
    assert not (folder / "labelme" / "not done.json").exists()


def test_outlines_of_noise_and_of_nothing():
    """Regions of every shape, holes in holes included, are painted back almost as they were."""
    assert list(outlines(np.full((9, 9), 255, np.uint8))) == []
    noise = np.random.default_rng(0).random((60, 80))
    smooth = np.array(Image.fromarray(noise.astype(np.float32)).resize((320, 240), Image.BICUBIC))
    labels = (smooth > 0.5).astype(np.uint8)
    found = Image.new("L", (320 * 4, 240 * 4))
    for _, corners in outlines(labels):
        scaled = [(4 * x - 0.5, 4 * y - 0.5) for x, y in corners]
        region = Image.new("L", found.size)
        ImageDraw.Draw(region).polygon(scaled, fill=1)
        found.paste(1, mask=region.point(lambda value: 255 * value))
    centres = np.array(found)[2::4, 2::4]
    assert (centres == labels).mean() > 0.95


def test_an_unknown_kind():
    with pytest.raises(InputError, match="--annotations=coco,voc: 'voc': expected some of coco, l"):
        PredictOptions(annotations=("coco", "voc"))
