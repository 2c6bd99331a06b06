"""sam: the masks that a model of the kind of Segment Anything offers for each box.

A. Kirillov et al. Segment Anything. ICCV 2023 (arXiv 2304.02643). The weights are the user's own
choice; docs/proposals.md lists some with their licences.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals.one_per_box import filled_windows_yxyx
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.sam.belief import load_belief, mask_prompt
from boxsup_tf.proposals.sam.loading import load
from boxsup_tf.proposals.sam.prompted_model import PromptedModel, mask_of, padded_square
from boxsup_tf.proposals.sam.prompts import KINDS, prompt

NEEDS_BOXES = True
_REFINED = "refined"  # a prompt beside `KINDS`, which needs an answer first
_PROMPTS = (*KINDS, _REFINED)


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of sam.

    Attributes:
        sam_model: a folder of two ONNX files, encoder and decoder, or of a keras-hub preset; or
            a preset's name, such as sam_base_sa1b, which keras-hub downloads.
        sam_prompts: what each box is asked with: box; centre, the box and its centre as a point;
            larger, a box 10 % larger; refined, the box and the single mask that was the answer to
            it. Each adds candidates.
        sam_belief: a run's folder, or its folder `best`: the box is also asked with what that
            network believes of it, which adds a candidate per box.
    """

    sam_model: str = ""
    sam_prompts: tuple[str, ...] = ("box",)
    sam_belief: str = ""

    def __post_init__(self) -> None:
        if not self.sam_prompts or not set(self.sam_prompts) <= set(_PROMPTS):
            given, expected = ",".join(self.sam_prompts), ", ".join(_PROMPTS)
            raise InputError(f"--sam_prompts={given}: expected some of {expected}")
        if not self.sam_model:
            raise InputError("--sam_model: not given: expected one with --method=sam")

    def record(self) -> dict[str, Any]:
        """See `registry.record`: digests of the models, whose files may be moved."""
        belief = load_belief(self.sam_belief).identity if self.sam_belief else {}
        return {"sam_prompts": list(self.sam_prompts), **load(self.sam_model).identity, **belief}

    def check_classes(self, class_names: tuple[str, ...]) -> None:
        """See `registry.check_classes`."""
        if self.sam_belief:
            load_belief(self.sam_belief).check_classes(class_names)


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """The part inside its box of every mask of every box; any box may choose any of them.

    Returns:
        A pool in the order of the IoU that the model predicts, the highest first. An empty mask is
        no candidate, so a box may have none.

    Raises:
        InputError: see `loading.load` and `load_belief`; or there is a belief, but no labels.
        ValueError: a box holds no pixel's centre.
    """
    height, width = inputs.image.shape[:2]
    windows = filled_windows_yxyx(inputs.boxes, height, width)
    if not len(windows):
        return CandidatePool(*refine((), height, width), "sam")
    model = load(options.sam_model)
    # As logits they are small, whatever the size of the image.
    found = list(_decoded(inputs, windows, options, model))
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
    inputs: ProposalInput, windows: np.ndarray, options: Options, model: PromptedModel
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Of every mask: its predicted IoU, its box's window, its logits."""
    image, size = inputs.image, inputs.image.shape[:2]
    embedding = model.embed(padded_square(image, model.side))
    believed = _believed(inputs, windows, options.sam_belief, model)
    for window, belief in zip(windows, believed, strict=True):
        box, answer = prompt(window, "box", size, model.side), None
        for kind in options.sam_prompts:
            if kind == _REFINED:
                continue
            masks = model.masks(embedding, prompt(window, kind, size, model.side))
            if kind == "box":
                answer = masks[0][0]
            for logits, iou in zip(*masks, strict=True):
                yield float(iou), window, logits
        given = [] if belief is None else [belief]
        if _REFINED in options.sam_prompts:
            if answer is None:
                answer, _ = model.single_mask(embedding, box)
            given.append(cv2.resize(answer, (model.mask_side, model.mask_side)))
        for mask in given:
            # The single mask alone: with a mask given nothing is ambiguous, the others are worse.
            logits, iou = model.single_mask(embedding, box._replace(mask=mask))
            yield iou, window, logits


def _believed(
    inputs: ProposalInput, windows: np.ndarray, model_dir: str, model: PromptedModel
) -> list[np.ndarray | None]:
    """The mask prompt of every box; None for those of no class, and without a network."""
    if not model_dir:
        return [None] * len(windows)
    if inputs.labels is None:
        raise InputError(f"--sam_belief={model_dir}: expected the boxes' labels, too")
    logits = load_belief(model_dir).logits(inputs.image)
    return [
        mask_prompt(logits, label, window, model.side, model.mask_side) if label else None
        for window, label in zip(windows, inputs.labels, strict=True)
    ]
