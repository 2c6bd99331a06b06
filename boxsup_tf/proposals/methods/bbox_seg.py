"""bbox_seg: one candidate per box, cut out of it by a dense CRF (Bbox-Seg of WSSL).

G. Papandreou, L.-C. Chen, K. Murphy, A. L. Yuille. Weakly- and Semi-Supervised Learning of a Deep
Convolutional Network for Semantic Image Segmentation. ICCV 2015, Sec. 3.2: the central part of the
box is fixed to foreground, what lies outside it is fixed to background, and the CRF of DeepLab
(L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille. TPAMI 2018, Sec. 3.3) decides on
the pixels between, by the mean-field inference of P. Kraehenbuehl and V. Koltun (NIPS 2011). Where
it leaves (nearly) nothing, the candidate is the rectangle.

As in WSSL, the parameters were chosen by the masks of a few images: the smoothness kernel is
DeepLab's, the appearance kernel from the ranges that DeepLab searched (w1 3 to 6, sigma alpha 30 to
100, sigma beta 3 to 6), and the prior, which WSSL does not mention, 0.6: with 0.5 the masks are too
small, for there is fixed background all around.
"""

import dataclasses

import numpy as np

from boxsup_tf.crf.dense_crf import mean_field
from boxsup_tf.crf.parameters import CrfParameters, check_installed
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.box_crop import BoxCrop, CropOptions, crop_box
from boxsup_tf.proposals.one_per_box import filled_windows_yxyx, pool_of_masks
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.settings import option

NEEDS_BOXES = True

_FIXED = 1e3  # energy of the label that a fixed pixel must not take


@dataclasses.dataclass(frozen=True)
class Options(CropOptions):
    """Options of bbox_seg.

    Attributes:
        central_share: share of the box's pixels that is fixed to foreground (WSSL's alpha).
        crf_prior: probability of foreground of the box's other pixels.
        crf_weight: of the appearance kernel (DeepLab's w1).
        crf_pixels: the appearance kernel's width in pixels of the scaled crop (sigma alpha).
        crf_colors: its width in levels of R, G and B (sigma beta).
        crf_iterations: of mean-field inference.
    """

    central_share: float = option(0.2, above=0, at_most=1)
    crf_prior: float = option(0.6, above=0, below=1)
    crf_weight: float = option(3.0, above=0)
    crf_pixels: float = option(50.0, above=0)
    crf_colors: float = option(3.0, above=0)
    crf_iterations: int = option(5, at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_installed("--method=bbox_seg")


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """A pool with `one_per_box`: what the CRF takes for the boxes' objects; see `pool_of_masks`."""
    windows = filled_windows_yxyx(inputs.boxes, *inputs.image.shape[:2])
    crops = (crop_box(inputs.image, window, options) for window in windows)
    masks = (crop.to_window(_segment(crop, options)) for crop in crops)
    return pool_of_masks(inputs, masks, "bbox_seg", options.min_share)


def _segment(crop: BoxCrop, options: Options) -> np.ndarray:
    """bool [h, w]: the foreground."""
    widths = (options.crf_pixels, options.crf_colors)
    parameters = CrfParameters(options.crf_weight, *widths, iterations=options.crf_iterations)
    probability = np.where(crop.inside, options.crf_prior, 0.0)
    probability[_central_part(crop.inside, options.central_share)] = 1
    with np.errstate(divide="ignore"):
        energy = -np.log([1 - probability, probability])
    background, foreground = mean_field(crop.image, np.minimum(energy, _FIXED), parameters)
    return foreground > background


def _central_part(inside: np.ndarray, share: float) -> np.ndarray:
    """bool [h, w]: a rectangle of the box's form and centre, and of this share of its area."""
    central = np.zeros_like(inside)
    spans = []
    for axis in (1, 0):
        line = np.flatnonzero(inside.any(axis=axis))
        side = max(1, round(line.size * share**0.5))
        start = line[0] + (line.size - side) // 2
        spans.append(slice(start, start + side))
    central[tuple(spans)] = True
    return central
