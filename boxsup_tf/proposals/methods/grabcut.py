"""grabcut: one candidate per box, cut out of it by GrabCut.

C. Rother, V. Kolmogorov, A. Blake. GrabCut: Interactive Foreground Extraction using Iterated
Graph Cuts. SIGGRAPH 2004, by OpenCV, initialised with the box: what is outside is background.
It looks at the box and its surroundings only, which is faster than the whole image and a better
model of the background. Where it finds (nearly) nothing, the candidate is the rectangle.
"""

import dataclasses

import cv2
import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.box_crop import BoxCrop, CropOptions, crop_box
from boxsup_tf.proposals.one_per_box import filled_windows_yxyx, pool_of_masks
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.settings import option

NEEDS_BOXES = True


@dataclasses.dataclass(frozen=True)
class Options(CropOptions):
    """Options of grabcut.

    Attributes:
        iterations: of GrabCut.
    """

    iterations: int = option(2, at_least=1)


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """A pool with `one_per_box`: what GrabCut takes for the boxes' objects; see `pool_of_masks`."""
    windows = filled_windows_yxyx(inputs.boxes, *inputs.image.shape[:2])
    crops = (crop_box(inputs.image, window, options) for window in windows)
    masks = (crop.to_window(_segment(crop, options.iterations)) for crop in crops)
    return pool_of_masks(inputs, masks, "grabcut", options.min_share)


def _segment(crop: BoxCrop, iterations: int) -> np.ndarray:
    """bool [h, w]: the foreground."""
    if crop.inside.all():  # nothing to learn the background from
        return crop.inside
    image, labels = crop.image[:, :, ::-1].copy(), np.zeros(crop.inside.shape, np.uint8)
    box = cv2.boundingRect(crop.inside.astype(np.uint8))
    work_space = np.zeros((1, 65)), np.zeros((1, 65))  # of OpenCV
    cv2.setRNGSeed(0)  # its colour models start from a random clustering
    cv2.grabCut(image, labels, box, *work_space, iterations, cv2.GC_INIT_WITH_RECT)
    return (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
