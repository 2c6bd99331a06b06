"""Probabilities refined along the image's edges by a dense CRF, by the module pydensecrf.

BoxSup, Sec. 4: the network's scores are followed by the CRF of DeepLab, whose parameters are set
on 100 validation images. Nothing here imports TensorFlow.
"""

import numpy as np

from boxsup_tf.crf.parameters import CrfParameters, check_installed

# A label is left out of the mean field if it is the most probable one on less than this share of
# the pixels, and has a probability of at least `CERTAIN` nowhere. docs/architecture.md has what
# that leaves of 21 labels, and what it changes.
MIN_SHARE = 0.005
CERTAIN = 0.5


def refine(
    image: np.ndarray,
    probabilities: np.ndarray,
    parameters: CrfParameters,
    min_share: float = MIN_SHARE,
) -> np.ndarray:
    """The CRF's marginals of one image.

    Args:
        image: uint8 [H, W, 3], RGB.
        probabilities: float32 [H, W, C].
        min_share: see `MIN_SHARE`. What is left out gets 0. 0 keeps all labels; where all would be
            left out, the most frequent one stays.

    Returns:
        float32 [H, W, C].

    Raises:
        InputError: pydensecrf is missing.
    """
    kept = believed_labels(probabilities, min_share)
    marginals = refine_labels(image, probabilities[..., kept], parameters)
    return spread(marginals, kept)


def believed_labels(probabilities: np.ndarray, min_share: float) -> np.ndarray:
    """bool [C]: the labels that are not left out, see `refine`."""
    num_labels = probabilities.shape[-1]
    if min_share <= 0:
        return np.ones(num_labels, bool)
    pixels = probabilities.reshape(-1, num_labels)
    best = pixels.argmax(axis=1)
    frequency = np.bincount(best, minlength=num_labels)
    sure = np.take_along_axis(pixels, best[:, None], axis=1)[:, 0] >= CERTAIN
    certain = np.bincount(best[sure], minlength=num_labels) > 0
    kept = (frequency >= min_share * len(pixels)) | certain
    return kept if kept.any() else frequency == frequency.max()


def refine_labels(
    image: np.ndarray, probabilities: np.ndarray, parameters: CrfParameters
) -> np.ndarray:
    """As `refine`, with all labels."""
    check_installed("CRF")
    if probabilities.shape[-1] == 1:  # nothing to choose
        return np.ones(probabilities.shape, np.float32)
    # DeepLab gives the CRF its scores as they are; this is only to avoid the logarithm of 0.
    energies = -np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    marginals = mean_field(image, np.moveaxis(energies, -1, 0), parameters)
    return np.ascontiguousarray(np.moveaxis(marginals, 0, -1))


def spread(marginals: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """float32 [H, W, C]: marginals of the kept labels (bool [C]), and 0 for the others."""
    result = np.zeros((*marginals.shape[:2], kept.size), np.float32)
    result[..., kept] = marginals
    return result


def mean_field(image: np.ndarray, energies: np.ndarray, parameters: CrfParameters) -> np.ndarray:
    """Marginals of the labels after `iterations` of the mean field.

    Args:
        image: uint8 [H, W, 3], RGB.
        energies: [C, H, W]: negative logarithms of the probabilities before the CRF.

    Returns:
        float32 [C, H, W]; sums to 1 over the labels.
    """
    from pydensecrf.densecrf import DenseCRF2D  # not every installation has it

    count, height, width = energies.shape
    crf = DenseCRF2D(width, height, count)
    crf.setUnaryEnergy(np.ascontiguousarray(energies, np.float32).reshape(count, -1))
    crf.addPairwiseGaussian(sxy=parameters.theta_gamma, compat=parameters.w2)
    crf.addPairwiseBilateral(
        sxy=parameters.theta_alpha,
        srgb=parameters.theta_beta,
        rgbim=np.ascontiguousarray(image),
        compat=parameters.w1,
    )
    marginals = np.array(crf.inference(parameters.iterations), np.float32)
    return marginals.reshape(count, height, width)
