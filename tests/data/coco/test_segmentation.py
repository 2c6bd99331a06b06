"""data.coco.segmentation: polygons and run lengths, and what is wrong with them."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.segmentation import _run_lengths, encode_segmentation
from boxsup_tf.errors import InputError


def _masks(num: int, height: int, width: int) -> list[np.ndarray]:
    rng = np.random.default_rng(num)
    return [rng.random((height, width)) < share for share in np.linspace(0, 1, num)]


def _compressed(mask: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": rle["size"], "counts": rle["counts"].decode("ascii")}


def _uncompressed(mask: np.ndarray) -> dict:
    """The definition: runs of zeros and ones in turn, column by column, zeros first."""
    counts, value = [0], 0
    for pixel in mask.T.ravel():
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return {"size": list(mask.shape), "counts": counts}


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (60, 300), (1000, 700)])
def test_masks_come_back(height, width):
    for mask in _masks(7 if height < 1000 else 2, height, width):
        for form in (_compressed, _uncompressed):
            segmentation = json.loads(json.dumps(form(mask)))
            rle = encode_segmentation(segmentation, height, width, "here")
            np.testing.assert_array_equal(mask_utils.decode(rle), mask)


def test_run_lengths_are_those_of_the_definition():
    blocks = np.zeros((200, 300), bool)
    blocks[10:150, 20:250] = blocks[160:163, 290:] = True
    for mask in [*_masks(5, 40, 33), blocks]:
        assert _run_lengths(_compressed(mask)["counts"]).tolist() == _uncompressed(mask)["counts"]


def test_polygons():
    square = [[2, 3, 8, 3, 8, 6, 2, 6]]
    mask = mask_utils.decode(encode_segmentation(square, 10, 12, "here"))
    assert np.argwhere(mask).min(axis=0).tolist() == [3, 2] and mask.sum() == 18


@pytest.mark.parametrize("nothing", [None, [], {}, [[1, 2, 3, 4]]])
def test_no_segmentation_is_none(nothing):
    assert encode_segmentation(nothing, 10, 12, "here") is None


@pytest.mark.parametrize(
    "bad",
    [
        3,
        "abc",
        {"counts": [120]},
        {"size": [10, 12]},
        {"size": [10, 12], "counts": 120},
        {"size": [10, 12], "counts": [60.5, 59.5]},
        {"size": [10, 12], "counts": [[120]]},
        {"size": [10, 12], "counts": ["120"]},
        {"size": [10, 12], "counts": [130, -20, 10]},
        {"size": [10, 12], "counts": ""},
        {"size": [10, 12], "counts": "h3é"},
        {"size": [10, 12], "counts": "P"},  # says that more follows
        {"size": [10, 12], "counts": "PPPPPPPPPPPPPPPP0"},
        [["a", "b", "c", "d", "e", "f"]],
    ],
)
def test_what_is_no_segmentation_is_refused(bad):
    with pytest.raises(InputError, match="here: malformed segmentation .*expected polygons or run"):
        encode_segmentation(bad, 10, 12, "here")


@pytest.mark.parametrize(
    "other",
    [
        _compressed(np.ones((12, 10), bool)),
        _uncompressed(np.ones((12, 10), bool)),
        {"size": [10, 12], "counts": [0, 119]},
        {"size": [10, 12], "counts": _compressed(np.eye(10, 11, dtype=bool))["counts"]},
        {"size": [10, 12], "counts": _compressed(np.ones((10, 12), bool))["counts"] + "0O1"},
    ],
)
def test_run_lengths_of_another_size_are_refused(other):
    with pytest.raises(InputError, match=r"here: .*: expected \[10, 12\], the image's height"):
        encode_segmentation(other, 10, 12, "here")


@pytest.mark.parametrize("value", [1e9, -1e9, 1e6, 1e308, float("nan"), float("inf"), 10**400])
def test_a_coordinate_far_outside_of_the_image(value):
    """pycocotools would take gigabytes, or end the process."""
    for polygon in ([value, 1, 8, 3, 8, 6], [2, 3, 8, value, 8, 6]):
        with pytest.raises(InputError, match="here: malformed segmentation"):
            encode_segmentation([[2, 3, 8, 3, 8, 6], polygon], 10, 12, "here")


@pytest.mark.parametrize(
    "polygon", [[1, 2, 3, 4, "5", 6], [1, 2, 3, 4, None, 6], [1, 2, [3], 4, 5, 6]]
)
def test_a_coordinate_that_is_no_number(polygon):
    with pytest.raises(InputError, match="here: malformed segmentation"):
        encode_segmentation([polygon], 10, 12, "here")


def test_an_outline_longer_than_any_object_has():
    zigzag = [[0, 0, 4000, 4000] * 1100]
    with pytest.raises(InputError, match="an outline of"):
        encode_segmentation(zigzag, 4000, 4000, "here")


def test_a_polygon_may_reach_out_of_its_image():
    mask = mask_utils.decode(
        encode_segmentation([[-5, -5, 20, -5, 20, 20, -5, 20]], 10, 12, "here")
    )
    assert mask.all()
