"""Pictures of candidate pools: image and boxes, contours, and the candidate that fits each box."""

import itertools
import os

import cv2
import numpy as np

from boxsup_tf import boxes as box_ops
from boxsup_tf import drawing, sheet
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records import records, shards
from boxsup_tf.records.dataset_info import load_complete
from boxsup_tf.records.example import decode_image

_LONGEST_SIDE = 640  # pixels of a panel
_HEADINGS = (
    "image and boxes",
    "outlines of candidates, the darker the more",
    "candidate of highest box IoU, in its box's colour",
)
_NUM_COLOURS = 20  # of VOC's classes: all differ, and none is the background's


def write_pictures(folder: str, num_images: int) -> list[str]:
    """Draws the first images of a folder of pools into its folder `pictures`.

    Args:
        folder: written by `generate.generate`.
        num_images: the most pictures drawn.

    Returns:
        The paths of the pictures.

    Raises:
        InputError: the folder is missing, unfinished or damaged, or holds no pools.
    """
    load_complete(folder)
    pictures = os.path.join(folder, "pictures")
    files.make_folders(pictures)
    paths = []
    for serialized in itertools.islice(shards.read_records(folder), num_images):
        example, pool = records.decode_example(serialized), records.decode_pool(serialized)
        if pool is None:
            raise InputError(f"{folder}: {example.source_id} has no candidate pool")
        image = decode_image(example.encoded).numpy()
        boxes = np.zeros((0, 4), np.float32) if example.boxes is None else example.boxes
        name = example.source_id.replace(os.sep, "_")
        paths.append(path_below(pictures, f"{name}.png"))
        drawing.write_image(paths[-1], draw_pool(image, pool, boxes, example.source_id))
    return paths


def draw_pool(
    image: np.ndarray, pool: CandidatePool, boxes_yxyx: np.ndarray, title: str = ""
) -> np.ndarray:
    """Three panels: the image with its boxes, the pool's contours, the best candidates.

    Args:
        image: uint8 [H, W, 3], RGB.
        pool: of the image.
        boxes_yxyx: float32 [B, 4], half-open, pixels; each has a colour of its own.
        title: stands above.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    colours = 1 + np.arange(len(boxes_yxyx)) % _NUM_COLOURS
    label_map = np.zeros(image.shape[:2], np.uint8)
    masks = best_masks(pool, boxes_yxyx)
    for i in np.argsort([-mask.sum() for mask in masks], kind="stable"):  # small ones on top
        label_map[masks[i]] = colours[i]
    dark = (255 * (1 - contour_strength(pool))).astype(np.uint8)
    thickness = 1 + max(image.shape[:2]) // _LONGEST_SIDE
    boxed = drawing.draw_boxes(image, boxes_yxyx, colours, thickness)
    # Thin lines, or they hide the masks of small objects.
    best = drawing.draw_boxes(drawing.overlay(image, label_map), boxes_yxyx, colours, 1)
    panels = (boxed, cv2.cvtColor(dark, cv2.COLOR_GRAY2RGB), best)
    captions = [f"boxes: {len(boxes_yxyx)}", f"{pool.num_candidates} candidates by {pool.method}"]
    return sheet.sheet(_HEADINGS, [sheet.Row(title, panels, captions)], side=_LONGEST_SIDE)


def best_masks(pool: CandidatePool, boxes_yxyx: np.ndarray) -> list[np.ndarray]:
    """For every box the candidate of highest box IoU, the part inside the box; bool [H, W] each.

    In a pool of one candidate per box, each box's own; without candidates, the boxes themselves.
    """
    height, width = pool.superpixels.shape
    inside = list(box_ops.inside_yxyx(boxes_yxyx, height, width).numpy())
    if pool.num_candidates == 0 or not inside:
        return inside
    if pool.one_per_box:
        best = np.arange(len(inside))
    else:
        best = box_ops.pairwise_iou_yxyx(boxes_yxyx, pool.tight_boxes).numpy().argmax(axis=1)
    return [box & pool.mask(int(candidate)) for box, candidate in zip(inside, best, strict=True)]


def contour_strength(pool: CandidatePool) -> np.ndarray:
    """How many candidates' outlines run along each superpixel boundary.

    An ultrametric contour map of a sort (P. Arbelaez et al., TPAMI 2011) that any method's pool
    has: a boundary is stronger the more candidates it bounds.

    Returns:
        float32 [H, W] in 0 .. 1, 1 at the strongest boundary: at a pixel, the strongest of those
        to its right and below it; 0 inside superpixels. Proportional to the square root of the
        number of outlines, so that weak ones are seen.
    """
    superpixels, strength = pool.superpixels, np.zeros(pool.superpixels.shape, np.float32)
    num_superpixels = pool.membership.shape[1]
    columns = np.packbits(pool.membership, axis=0).T
    for here, there in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        boundary = superpixels[here] != superpixels[there]
        pairs = superpixels[here][boundary].astype(np.int64) * num_superpixels
        unique, place = np.unique(pairs + superpixels[there][boundary], return_inverse=True)
        first, second = columns[unique // num_superpixels], columns[unique % num_superpixels]
        outlines = np.bitwise_count(first ^ second).sum(axis=1)
        found = np.zeros(boundary.shape, np.float32)
        found[boundary] = outlines[place]
        strength[here] = np.maximum(strength[here], found)
    return np.sqrt(strength / max(strength.max(), 1))
