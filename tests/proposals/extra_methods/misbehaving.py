"""A proposal method that does to each image what the image's file name says.

A worker process finds it as a method once it has been given its `Options`.
"""

import dataclasses
import os
import signal

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import methods

FOLDER = os.path.dirname(__file__)


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of misbehaving.

    Attributes:
        mended: nothing goes wrong.
    """

    mended: bool = False

    def __reduce__(self) -> tuple:
        return _arrive, (self.mended,)


def _arrive(mended: bool) -> Options:
    """Unpickles the options, in a worker process, to which the method is not known yet."""
    methods.__path__.append(FOLDER)
    return Options(mended)


def propose(inputs, options) -> CandidatePool:
    """The image's upper half, if it comes to that."""
    action = "" if options.mended else inputs.filename.partition("-")[0]
    if action == "raise":
        raise KeyError(inputs.filename)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "empty":
        np.zeros((1, 2)) @ np.zeros((3, 4))  # a ValueError that nobody meant to raise
    mask = np.zeros((1, *inputs.image.shape[:2]), bool)
    mask[:, : -(-mask.shape[1] // 2)] = True
    return CandidatePool.from_masks(mask, "misbehaving")
