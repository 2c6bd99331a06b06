"""What is asked of every method that cuts one candidate out of each box."""

import pathlib
from types import ModuleType

import cv2
import numpy as np
from pycocotools.coco import COCO

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.proposals.methods import rectangle
from boxsup_tf.proposals.proposal_input import ProposalInput


def discs(height: int = 120, width: int = 160) -> tuple[ProposalInput, np.ndarray]:
    """Two noisy discs on a noisy ground with their boxes, and their masks bool [2, H, W]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] + 0.5
    masks = np.stack(
        [(y - 40) ** 2 + (x - 40) ** 2 < 25**2, (y - 80) ** 2 + (x - 110) ** 2 < 30**2]
    )
    image = np.empty((height, width, 3))
    image[:] = (40, 90, 60)
    image[masks[0]] = (200, 60, 40)
    image[masks[1]] = (60, 80, 210)
    image = (image + rng.normal(0, 8, image.shape)).clip(0, 255).astype(np.uint8)
    return ProposalInput(image, np.array([[15, 15, 65, 65], [50, 80, 110, 140]], np.float32)), masks


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def check_small_and_odd(method: ModuleType) -> None:
    """Tiny and plain images; boxes of one pixel, of a line, and as large as the image."""
    rng = np.random.default_rng(0)
    options = method.Options()
    for height, width in ((1, 1), (1, 7), (7, 1), (2, 2), (3, 5), (17, 16), (40, 30)):
        low = rng.integers(0, [height, width], (5, 2))
        high = low + 1 + (rng.random((5, 2)) * ([height, width] - low)).astype(int)
        boxes = np.concatenate([low, high], axis=1).clip(0, [height, width, height, width])
        boxes = np.concatenate([boxes, [[0, 0, height, width], [0, 0, 1, 1], [0, 0, 1, width]]])
        noise = rng.integers(0, 256, (height, width, 3), np.uint8)
        for image in (noise, np.full_like(noise, 77)):
            image.setflags(write=False)
            inputs = ProposalInput(image, boxes.astype(np.float32))
            pool = method.propose(inputs, options)
            assert pool.one_per_box and pool.num_candidates == len(boxes)
            for tight, box in zip(pool.tight_boxes, boxes, strict=True):
                assert (tight[:2] >= box[:2]).all() and (tight[2:] <= box[2:]).all()


def check_the_same_every_time(method: ModuleType) -> None:
    """Whatever was computed before, in whatever order, by however many threads."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
    image = cv2.resize(coarse, (80, 60), interpolation=cv2.INTER_CUBIC)
    low = rng.integers(0, [30, 40], (12, 2))
    boxes = np.concatenate([low, low + rng.integers(15, 30, (12, 2))], axis=1).astype(np.float32)
    options = method.Options(min_share=0.0)
    first = method.propose(ProposalInput(image, boxes), options)
    backwards = method.propose(ProposalInput(image, boxes[::-1]), options)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        again = method.propose(ProposalInput(image, boxes), options)
    finally:
        cv2.setNumThreads(threads)
    assert again.pack() == first.pack()
    for n in range(12):
        np.testing.assert_array_equal(backwards.mask(11 - n), first.mask(n))
        alone = method.propose(ProposalInput(image, boxes[n : n + 1]), options)
        np.testing.assert_array_equal(alone.mask(0), first.mask(n))


def score_on_photographs(method: ModuleType, shared_data: pathlib.Path) -> tuple[float, float]:
    """Mean IoU with the true masks of a few photographs: of the method, and of rectangles."""
    folder = shared_data / "coco_subset"
    coco = COCO(str(folder / "annotations" / "instances_val.json"))
    of_method, of_rectangles = [], []
    for image_id in sorted(coco.imgs)[::4]:
        path = folder / "VOC2012" / "JPEGImages" / coco.imgs[image_id]["file_name"]
        masks = [coco.annToMask(a).astype(bool) for a in coco.imgToAnns[image_id]]
        masks = [mask for mask in masks if mask.sum() >= 400]
        boxes = np.array([tight_box_yxyx(mask) for mask in masks], np.float32).reshape(-1, 4)
        inputs = ProposalInput(cv2.imread(str(path))[:, :, ::-1], boxes)
        pool = method.propose(inputs, method.Options())
        of_method += [iou(pool.mask(n), mask) for n, mask in enumerate(masks)]
        rectangles = rectangle.propose(inputs, rectangle.Options())
        of_rectangles += [iou(rectangles.mask(n), mask) for n, mask in enumerate(masks)]
    return float(np.mean(of_method)), float(np.mean(of_rectangles))
