"""The regions that grouping starts from, all of them unions of one set of superpixels."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from scipy import sparse

from boxsup_tf.proposals import region_graph
from boxsup_tf.proposals.selective_search.colour_spaces import SPACES

_SIGMA = 0.8  # blur before the segmentation, pixels, as in the paper


@dataclasses.dataclass(frozen=True)
class Segmentations:
    """Several segmentations of one image.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R-1, each connected.
        pairs: int64 [E, 2], the adjacent superpixels.
        areas: float64 [R], pixels.
        regions: int32 [R] each, the region of every superpixel in every segmentation, values
            0 .. N-1, each connected.
    """

    superpixels: np.ndarray
    pairs: np.ndarray
    areas: np.ndarray
    regions: tuple[np.ndarray, ...]


def segment(
    image: np.ndarray, spaces: Sequence[str], scales: Sequence[int], min_area: int
) -> Segmentations:
    """Segments an image in several ways (P. Felzenszwalb, D. Huttenlocher, IJCV 2004).

    The superpixels are the connected cells of the segmentations' common refinement, but cells
    below `min_area` join the neighbour of the nearest colour: where two segmentations draw one
    outline a pixel apart, the refinement is full of slivers, many times more than regions. A
    superpixel belongs to the region that most of its pixels belonged to.

    Args:
        image: uint8 [H, W, 3], RGB.
        spaces, scales: of each segmentation; a scale is the threshold of Felzenszwalb and
            Huttenlocher, and also the smallest region in pixels.
        min_area: pixels.
    """
    maps = []
    for space, scale in zip(spaces, scales, strict=True):
        method = cv2.ximgproc.segmentation.createGraphSegmentation(_SIGMA, scale, scale)
        maps.append(method.processImage(np.ascontiguousarray(SPACES[space](image))))
    cells = region_graph.connected_parts(maps)
    _, first = np.unique(cells, return_index=True)
    areas = np.bincount(cells.ravel()).astype(np.float64)
    lab = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))
    colours = np.stack([np.bincount(cells.ravel(), c.ravel()) / areas for c in lab], axis=1)
    joined = region_graph.absorb_small(areas, colours, region_graph.adjacent_pairs(cells), min_area)
    superpixels = joined[cells]
    pairs = region_graph.adjacent_pairs(superpixels)
    regions = []
    for labels in maps:
        shares = sparse.coo_array((areas, (joined, labels.ravel()[first]))).tocsr()
        most = np.asarray(shares.argmax(axis=1)).ravel()
        regions.append(region_graph.connected_classes(most, pairs))
    return Segmentations(superpixels, pairs, np.bincount(joined, areas), tuple(regions))
