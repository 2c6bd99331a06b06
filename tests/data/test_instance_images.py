"""data.instance_images: the objects' masks of COCO's layout."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from boxsup_tf.data.instance_images import coco_instances
from boxsup_tf.errors import InputError


def test_coco(tmp_path):
    blob = np.zeros((20, 30), bool)
    blob[10:15, 9:25] = True
    rle = mask_utils.encode(np.asfortranarray(blob.astype(np.uint8)))
    rle["counts"] = rle["counts"].decode()
    whole = {"size": [20, 30], "counts": [0, 600]}
    square = [[2, 3, 10, 3, 10, 9, 2, 9]]
    segmentations = [square, rle, None, whole]
    annotations = [
        {"id": i, "image_id": 5, "category_id": 1, "iscrowd": int(i == 3)} | {"segmentation": s}
        for i, s in enumerate(segmentations)
    ]
    images = [
        {"id": 5, "file_name": "x.jpg", "height": 20, "width": 30},
        {"id": 6, "file_name": "y.jpg", "height": 7, "width": 8},
    ]
    dataset = {"images": images, "annotations": annotations}
    dataset["categories"] = [{"id": 1, "name": "cat"}]
    path = tmp_path / "instances_val2017.json"
    path.write_text(json.dumps(dataset))
    (tmp_path / "val2017").mkdir()
    first, second = coco_instances(str(tmp_path), [str(path)])
    assert (first.image_id, first.image_path) == ("x", str(tmp_path / "val2017" / "x.jpg"))
    polygon, run_lengths = first.masks()
    expected = np.zeros((20, 30), bool)
    expected[3:9, 2:10] = True
    np.testing.assert_array_equal(polygon, expected)
    np.testing.assert_array_equal(run_lengths, blob)
    assert second.masks().shape == (0, 7, 8)
    annotations[1]["segmentation"] = {"size": [20, 31], "counts": rle["counts"]}
    path.write_text(json.dumps(dataset))
    with pytest.raises(InputError, match="annotation 1: segmentation of size .20, 31."):
        coco_instances(str(tmp_path), [str(path)])
