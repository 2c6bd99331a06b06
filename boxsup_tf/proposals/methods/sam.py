"""sam: the masks that a model of the kind of Segment Anything offers for each box.

A. Kirillov et al. Segment Anything. ICCV 2023 (arXiv 2304.02643). The weights are the user's own
choice; docs/proposals.md lists some with their licences.
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
from boxsup_tf.proposals.sam.loading import load
from boxsup_tf.proposals.sam.prompted_model import PromptedModel, mask_of, padded_square
from boxsup_tf.proposals.sam.prompts import KINDS, prompts

NEEDS_BOXES = True


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of sam.

    Attributes:
        sam_model: a folder of two ONNX files, encoder and decoder, or of a keras-hub preset; or
            a preset's name, such as sam_base_sa1b, which keras-hub downloads.
        sam_prompts: what each box is asked with: box; centre, the box and its centre as a point;
            larger, a box 10 % larger. Each adds candidates.
    """

    sam_model: str = ""
    sam_prompts: tuple[str, ...] = ("box",)

    def __post_init__(self) -> None:
        if not self.sam_prompts or not set(self.sam_prompts) <= set(KINDS):
            raise InputError(
                f"--sam_prompts={','.join(self.sam_prompts)}: expected some of {', '.join(KINDS)}"
            )
        if not self.sam_model:
            raise InputError("--sam_model: not given: expected one with --method=sam")

    def record(self) -> dict[str, Any]:
        """See `registry.record`: digests of the model, whose files may be moved."""
        return {"sam_prompts": list(self.sam_prompts), **load(self.sam_model).identity}


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """The part inside its box of every mask of every box; any box may choose any of them.

    Returns:
        A pool in the order of the IoU that the model predicts, the highest first. An empty mask is
        no candidate, so a box may have none.

    Raises:
        InputError: see `loading.load`.
        ValueError: a box holds no pixel's centre.
    """
    height, width = inputs.image.shape[:2]
    windows = filled_windows_yxyx(inputs.boxes, height, width)
    if not len(windows):
        return CandidatePool(*refine((), height, width), "sam")
    model = load(options.sam_model)
    # As logits they are small, whatever the size of the image.
    found = list(_decoded(inputs.image, windows, options, model))
    found.sort(key=lambda each: -each[0])

    def candidates() -> Iterator[np.ndarray]:
        for _, (top, left, bottom, right), logits in found:
            mask = mask_of(logits, model.side, (height, width))
            candidate = np.zeros_like(mask)
            candidate[top:bottom, left:right] = mask[top:bottom, left:right]
            if candidate.any():
                yield candidate

    return CandidatePool(*refine(candidates(), height, width), "sam")


def _decoded(
    image: np.ndarray, windows: np.ndarray, options: Options, model: PromptedModel
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Of every mask: its predicted IoU, its box's window, its logits."""
    size = image.shape[0], image.shape[1]
    embedding = model.embed(padded_square(image, model.side))
    for window in windows:
        for points, labels in prompts(window, options.sam_prompts, size, model.side):
            for logits, iou in zip(*model.masks(embedding, points, labels), strict=True):
                yield float(iou), window, logits
