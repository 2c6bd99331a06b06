"""Fully connected CRF: its parameters, and its mean field by the module pydensecrf.

P. Kraehenbuehl, V. Koltun. Efficient Inference in Fully Connected CRFs with Gaussian Edge
Potentials. NIPS 2011. Names are those of DeepLab (L.-C. Chen, G. Papandreou, I. Kokkinos,
K. Murphy, A. L. Yuille. ICLR 2015, Eq. 3), with theta for its sigma. Two pixels of different
labels, p apart in place and I apart in colour, pay

    w1 exp(-|p|^2 / 2 theta_alpha^2 - |I|^2 / 2 theta_beta^2) + w2 exp(-|p|^2 / 2 theta_gamma^2)

where either kernel K stands for D K D with D = diag(K 1)^(-1/2), as in the authors' code.
"""

import dataclasses
import sys
from importlib import util

import numpy as np

from boxsup_tf.errors import InputError

_INSTALL = "python -m pip install pydensecrf2"
if sys.version_info >= (3, 13):  # its own build asks for a Cython that is too old for it
    _INSTALL = (
        "python -m pip install 'cython>=3' setuptools wheel && "
        "python -m pip install --no-build-isolation pydensecrf2"
    )


@dataclasses.dataclass(frozen=True)
class CrfParameters:
    """Parameters of the mean field.

    Attributes:
        w1: weight of the appearance kernel.
        theta_alpha: its width in pixels.
        theta_beta: its width in levels of R, G and B (0 .. 255).
        w2: weight of the smoothness kernel.
        theta_gamma: its width in pixels.
        iterations: of the mean field.
    """

    w1: float
    theta_alpha: float
    theta_beta: float
    w2: float = 3.0
    theta_gamma: float = 3.0
    iterations: int = 10

    def __post_init__(self) -> None:
        for name in ("w1", "w2"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"CRF: {name}={getattr(self, name)}: expected 0 or more")
        for name in ("theta_alpha", "theta_beta", "theta_gamma"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"CRF: {name}={getattr(self, name)}: expected more than 0")
        if self.iterations < 1:
            raise InputError(f"CRF: iterations={self.iterations}: expected at least 1")


def check_installed(flag: str) -> None:
    """Makes sure that pydensecrf can be imported.

    Args:
        flag: what asks for it, for the message.

    Raises:
        InputError: saying how to install it.
    """
    if util.find_spec("pydensecrf") is None:
        raise InputError(
            f"{flag}: the module pydensecrf is missing: expected it after `{_INSTALL}`"
        )


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
