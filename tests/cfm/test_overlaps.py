"""cfm.overlaps against masks that are counted pixel by pixel."""

import numpy as np
from scipy import ndimage

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.cfm.overlaps import is_object, overlaps
from boxsup_tf.labels import CONTEXT_CLASSES, VOID
from boxsup_tf.pools.candidates import CandidatePool

_NAMES = ("background", "person", "grass", "sky", "table")


def test_objects_are_what_voc_and_coco_name():
    found = is_object(CONTEXT_CLASSES)
    assert found[1:21].all() and not found[0]
    stuff = {name for name, each in zip(CONTEXT_CLASSES, found, strict=True) if not each}
    assert {"sky", "grass", "wall", "water", "road"} < stuff and "book" not in stuff


def _image(seed: int) -> tuple[CandidatePool, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.zeros((30, 40), np.int64)
    truth[:12], truth[12:] = 3, 2
    truth[5:25, 4:14] = 1
    truth[8:20, 22:31] = 1  # another person
    truth[20:28, 20:36] = 4
    truth[0:4, 30:] = 0
    truth[10:13, 10:30] = VOID
    y, x = np.mgrid[:30, :40]
    masks = np.array(
        [
            (abs(y - cy) < h) & (abs(x - cx) < w)
            for cy, cx, h, w in rng.uniform((2, 2, 2, 2), (28, 38, 14, 18), (25, 4))
        ]
    )
    return CandidatePool.from_masks(masks[masks.any(axis=(1, 2))], "test"), truth


def test_iou_and_purity_are_those_of_the_masks():
    pool, truth = _image(0)
    found = overlaps(pool, truth, is_object(_NAMES))
    known = truth != VOID
    objects = [
        (label, parts == number)
        for label in (1, 4)
        for parts, count in [ndimage.label(truth == label, np.ones((3, 3)))]
        for number in range(1, count + 1)
    ]
    assert found.object_labels.tolist() == [label for label, _ in objects]
    assert found.stuff_labels.tolist() == [2, 3]
    masks = found.membership[:, found.superpixels]
    np.testing.assert_array_equal(
        masks[: pool.num_candidates], [pool.mask(i) for i in range(pool.num_candidates)]
    )
    np.testing.assert_array_equal(masks[pool.num_candidates :], [mask for _, mask in objects])
    assert found.sizes.sum() == known.sum()
    for row, mask in enumerate(masks):
        for column, (_, thing) in enumerate(objects):
            both, either = (mask & thing).sum(), ((mask & known) | thing).sum()
            assert abs(found.iou[row, column] - both / either) < 1e-6
        top, left, bottom, right = tight_box_yxyx(mask)
        box = np.zeros_like(mask)
        box[top:bottom, left:right] = True
        for column, label in enumerate((2, 3)):
            stuff = (truth == label) & box
            expected = (mask & stuff).sum() / ((mask & known) | stuff).sum()
            assert abs(found.purity[row, column] - expected) < 1e-6


def test_an_image_of_one_kind():
    pool, truth = _image(1)
    found = overlaps(pool, np.full_like(truth, 2), is_object(_NAMES))
    assert found.iou.shape == (pool.num_candidates, 0)
    np.testing.assert_allclose(found.purity[:, 0], pool.areas / _box_areas(pool), atol=1e-6)
    found = overlaps(pool, np.full_like(truth, VOID), is_object(_NAMES))
    assert found.iou.size == found.purity.size == 0 and not found.sizes.any()


def _box_areas(pool: CandidatePool) -> np.ndarray:
    top, left, bottom, right = pool.tight_boxes.T
    return (bottom - top) * (right - left)
