"""sam: the masks that a model of the kind of Segment Anything offers for each box.

A. Kirillov et al. Segment Anything. ICCV 2023 (arXiv 2304.02643). The weights are the user's.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals.one_per_box import filled_windows_yxyx
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.sam import onnx_model
from boxsup_tf.proposals.sam.prompted_model import PromptedModel, from_side, to_side

_CORNERS = np.array([2, 3], np.float32)  # labels of a box's corners


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of sam.

    Attributes:
        sam_model: folder of two ONNX files, an image encoder and a prompt decoder.
    """

    sam_model: str = ""

    def __post_init__(self) -> None:
        if not self.sam_model:
            raise InputError("--sam_model is empty: expected a folder of two ONNX files")

    def record(self) -> dict[str, Any]:
        """See `registry.record`: the files' digests, for a folder may be moved."""
        return onnx_model.load(self.sam_model).identity


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """All masks of all boxes, inside their boxes, by the IoU that the model predicts, best first.

    Any box may choose any of them. A box for which the model gives empty masks has none.

    Raises:
        InputError: see `onnx_model.load`.
        ValueError: a box holds no pixel's centre.
    """
    height, width = inputs.image.shape[:2]
    windows = filled_windows_yxyx(inputs.boxes, height, width)
    if not len(windows):
        return CandidatePool(np.zeros((height, width), np.int32), np.zeros((0, 1), bool), "sam")
    found = sorted(_masks(inputs, windows, onnx_model.load(options.sam_model)), key=lambda m: -m[0])

    def candidates() -> Iterator[np.ndarray]:
        for _, (top, left, bottom, right), mask in found:
            candidate = np.zeros((height, width), bool)
            candidate[top:bottom, left:right] = mask
            yield candidate

    superpixels, membership = refine(candidates(), height, width)
    return CandidatePool(superpixels, membership, "sam")


def _masks(
    inputs: ProposalInput, windows: np.ndarray, model: PromptedModel
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Of every mask that is not empty: its predicted IoU, its box's window, its pixels there."""
    scaled, factors = to_side(inputs.image, model.side)
    embedding = model.embed(scaled)
    size = inputs.image.shape[:2]
    for window in windows:
        points = (window.reshape(2, 2) * factors)[:, ::-1].astype(np.float32)
        logits, ious = model.masks(embedding, points, _CORNERS)
        for logit, iou in zip(logits, ious, strict=True):
            top, left, bottom, right = window
            mask = from_side(logit, model.side, scaled.shape[:2], size)[top:bottom, left:right] > 0
            if mask.any():
                yield float(iou), window, mask
