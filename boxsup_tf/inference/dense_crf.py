"""Probabilities refined along the image's edges by a fully connected CRF (`boxsup_tf.crf`).

BoxSup, Sec. 4: the network's scores are followed by the CRF of DeepLab, whose parameters are set
on 100 validation images. Nothing here imports TensorFlow.

Where the values of `PARAMETER_SETS` come from:

    deeplab_voc: the script run_densecrf.sh of DeepLab's release 2 (read in a public copy of it).
    deeplab_largefov, deeplab_coco, deeplab_coco_largefov: the pages of the released models
        DeepLab-LargeFOV, DeepLab-COCO and DeepLab-COCO-LargeFOV, as public re-implementations
        quote them. The pages themselves could not be read, so these are second hand; all
        re-implementations that were found give the same values for LargeFOV.
    bbox_seg: this project's own (`proposals.methods.bbox_seg`): G. Papandreou, L.-C. Chen,
        K. Murphy, A. L. Yuille (ICCV 2015, Sec. 3.2) searched their CRF's parameters on held-out
        images and do not print what they found.

All have DeepLab's w2 = 3, theta_gamma = 3 and, but for bbox_seg, its 10 iterations (ICLR 2015,
Sec. 5).
"""

import dataclasses
import json

import numpy as np

from boxsup_tf import crf
from boxsup_tf.crf import CrfParameters
from boxsup_tf.errors import InputError

PARAMETER_SETS = {
    "deeplab_voc": CrfParameters(w1=4, theta_alpha=49, theta_beta=5),
    "deeplab_largefov": CrfParameters(w1=4, theta_alpha=121, theta_beta=5),
    "deeplab_coco": CrfParameters(w1=5, theta_alpha=67, theta_beta=3),
    "deeplab_coco_largefov": CrfParameters(w1=5, theta_alpha=69, theta_beta=5),
    "bbox_seg": CrfParameters(w1=3, theta_alpha=50, theta_beta=3, iterations=5),
}

# A label is left out if it is the most probable one on less than this share of the pixels, and
# nowhere more likely than not. Of 21 labels, score maps of a trained network (24 photographs of
# VOC's size, deeplab_largefov) keep 3.7, and 99.96 % of their pixels get the label that the CRF of
# all gives them; with every label that is the most probable one anywhere: 4.3 and 99.98 %.
MIN_SHARE = 0.005
CERTAIN = 0.5


def format_parameters(parameters: CrfParameters) -> str:
    """The text of a crf.json that `load_parameters` reads."""
    return json.dumps({"best": {"parameters": dataclasses.asdict(parameters)}})


def load_parameters(text: str) -> CrfParameters:
    """The parameters that a flag names.

    Args:
        text: one of `PARAMETER_SETS`, or the path of a crf.json written by tune_crf.py.

    Raises:
        InputError: it is neither.
    """
    if text in PARAMETER_SETS:
        return PARAMETER_SETS[text]
    expected = f"expected one of {', '.join(PARAMETER_SETS)}, or a crf.json written by tune_crf.py"
    try:
        with open(text, encoding="utf-8") as file:
            return CrfParameters(**json.load(file)["best"]["parameters"])
    except InputError as error:
        raise InputError(f"{text}: {error}") from None
    except OSError as error:
        raise InputError(f"CRF parameters {text!r}: {error.strerror}: {expected}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{text}: no CRF parameters in it: {expected}") from None


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
        min_share: a label that is the most probable one on less than this share of the pixels,
            and has a probability of at least `CERTAIN` nowhere, is left out of the mean field and
            gets 0. 0 keeps all labels; where all would be left out, the most frequent one stays.

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
    crf.check_installed("CRF")
    if probabilities.shape[-1] == 1:  # nothing to choose
        return np.ones(probabilities.shape, np.float32)
    # DeepLab gives the CRF its scores as they are; this is only to avoid the logarithm of 0.
    energies = -np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    marginals = crf.mean_field(image, np.moveaxis(energies, -1, 0), parameters)
    return np.ascontiguousarray(np.moveaxis(marginals, 0, -1))


def spread(marginals: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """float32 [H, W, C]: marginals of the kept labels (bool [C]), and 0 for the others."""
    result = np.zeros((*marginals.shape[:2], kept.size), np.float32)
    result[..., kept] = marginals
    return result
