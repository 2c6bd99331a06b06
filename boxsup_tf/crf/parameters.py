"""Parameters of the dense CRF.

P. Kraehenbuehl, V. Koltun. Efficient Inference in Fully Connected CRFs with Gaussian Edge
Potentials. NIPS 2011. Names are those of DeepLab (L.-C. Chen, G. Papandreou, I. Kokkinos,
K. Murphy, A. L. Yuille. ICLR 2015, Eq. 3), with theta for its sigma. Two pixels of different
labels, p apart in place and I apart in colour, pay

    w1 exp(-|p|^2 / 2 theta_alpha^2 - |I|^2 / 2 theta_beta^2) + w2 exp(-|p|^2 / 2 theta_gamma^2)

where either kernel K stands for D K D with D = diag(K 1)^(-1/2), as in the authors' code.

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
import sys
from typing import Any

from boxsup_tf.errors import require
from boxsup_tf.io.json_file import parse_json
from boxsup_tf.schema import check_type
from boxsup_tf.settings import check, from_values, option

CRF_FILE = "crf.json"

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

    w1: float = option(at_least=0)
    theta_alpha: float = option(above=0)
    theta_beta: float = option(above=0)
    w2: float = option(3.0, at_least=0)
    theta_gamma: float = option(3.0, above=0)
    iterations: int = option(10, at_least=1, at_most=1000)

    def __post_init__(self) -> None:
        check(self, prefix="CRF: ")


PARAMETER_SETS = {
    "deeplab_voc": CrfParameters(w1=4, theta_alpha=49, theta_beta=5),
    "deeplab_largefov": CrfParameters(w1=4, theta_alpha=121, theta_beta=5),
    "deeplab_coco": CrfParameters(w1=5, theta_alpha=67, theta_beta=3),
    "deeplab_coco_largefov": CrfParameters(w1=5, theta_alpha=69, theta_beta=5),
    "bbox_seg": CrfParameters(w1=3, theta_alpha=50, theta_beta=3, iterations=5),
}


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
    expected = f"one of {', '.join(PARAMETER_SETS)}, or a crf.json written by tune_crf.py"

    def parse(found: dict[str, Any]) -> CrfParameters:
        return parse_parameters(found["best"]["parameters"])

    return parse_json(text, expected, parse)


def parse_parameters(found: Any) -> CrfParameters:
    """The parameters of a JSON file; an InputError or a TypeError where they are not such."""
    check_type(found, dict, "parameters")
    return from_values(CrfParameters, found)


def check_installed(flag: str) -> None:
    """Makes sure that pydensecrf can be imported, see `errors.require`."""
    require("pydensecrf", _INSTALL, flag)
