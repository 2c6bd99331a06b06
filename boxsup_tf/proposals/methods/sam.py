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
from boxsup_tf.proposals.sam.belief import load_belief, mask_prompt, with_belief
from boxsup_tf.proposals.sam.loading import load
from boxsup_tf.proposals.sam.prompted_model import PromptedModel, mask_of
from boxsup_tf.proposals.sam.prompts import KINDS
from boxsup_tf.proposals.sam.views import Views

NEEDS_BOXES = True
# Prompts beside `KINDS`, whose single mask alone is taken; the last needs an answer first.
_SINGLE, _BELIEVED, _REFINED = "single", "believed", "refined"
_PROMPTS = (*KINDS, _SINGLE, _BELIEVED, _REFINED)


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of sam.

    Attributes:
        sam_model: a folder of two ONNX files, encoder and decoder, or of a keras-hub preset; or
            a preset's name, such as sam_base_sa1b, which keras-hub downloads.
        sam_prompts: what each box is asked with: box; centre, the box and its centre as a point;
            larger, a box 10 % larger; all masks of these are candidates. Of the others the single
            mask is: single, the box; believed, the box and what the network of --sam_belief
            believes of it; refined, the box and the single mask that was the answer to it.
        sam_scales: the image is shown to the model in these sizes, shares of the largest that it
            takes (above 0, at most 1), and the logits of its answers are averaged.
        sam_flip: average over the mirror image at every scale, too.
        sam_belief: a run's folder, or its folder `best`: the network of the prompt believed, which
            is needed for it.
    """

    sam_model: str = ""
    sam_prompts: tuple[str, ...] = ("box",)
    sam_scales: tuple[float, ...] = (1.0,)
    sam_flip: bool = False
    sam_belief: str = ""

    def __post_init__(self) -> None:
        if not self.sam_prompts or not set(self.sam_prompts) <= set(_PROMPTS):
            given, expected = ",".join(self.sam_prompts), ", ".join(_PROMPTS)
            raise InputError(f"--sam_prompts={given}: expected some of {expected}")
        if (_BELIEVED in self.sam_prompts) != bool(self.sam_belief):
            given = ",".join(self.sam_prompts)
            raise InputError(
                f"--sam_belief={self.sam_belief} and --sam_prompts={given}: expected a network and "
                f"{_BELIEVED} among the prompts, or neither"
            )
        if not self.sam_scales or not all(0 < scale <= 1 for scale in self.sam_scales):
            given = ",".join(map(str, self.sam_scales))
            raise InputError(f"--sam_scales={given}: expected numbers above 0 and at most 1")
        if not self.sam_model:
            raise InputError("--sam_model: not given: expected one with --method=sam")

    def record(self) -> dict[str, Any]:
        """See `registry.record`: digests of the models, whose files may be moved."""
        asked = {
            "sam_prompts": list(self.sam_prompts),
            **{"sam_scales": list(self.sam_scales), "sam_flip": self.sam_flip},
        }
        belief = load_belief(self.sam_belief).identity if self.sam_belief else {}
        return {**asked, **load(self.sam_model).identity, **belief}

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
    views = Views(model, inputs.image, options.sam_scales, options.sam_flip)
    believed = _mask_prompts(inputs, windows, options, model)
    for window, belief in zip(windows, believed, strict=True):
        single = None  # the answer to the box, asked for once
        for kind in options.sam_prompts:
            if kind in KINDS:
                masks = views.masks(window, kind)
                if kind == "box":
                    single = masks[0][0], float(masks[1][0])
                for logits, iou in zip(*masks, strict=True):
                    yield float(iou), window, logits
                continue
            # The single mask alone: with a mask given nothing is ambiguous, the others are worse.
            if kind == _BELIEVED and belief is not None:
                logits, iou = views.single_mask(window, belief)
                yield iou, window, with_belief(logits, belief)
                continue
            single = single or views.single_mask(window)
            logits, iou = single
            if kind == _REFINED:
                mask = cv2.resize(logits, (model.mask_side, model.mask_side))
                logits, iou = views.single_mask(window, mask)
            yield iou, window, logits


def _mask_prompts(
    inputs: ProposalInput, windows: np.ndarray, options: Options, model: PromptedModel
) -> list[np.ndarray | None]:
    """What is believed of every box; None for those of no class, and without a network."""
    if not options.sam_belief:
        return [None] * len(windows)
    if inputs.labels is None:
        raise InputError(f"--sam_belief={options.sam_belief}: expected the boxes' labels, too")
    logits = load_belief(options.sam_belief).logits(inputs.image)
    return [
        mask_prompt(logits, label, window, model.side, model.mask_side) if label else None
        for window, label in zip(windows, inputs.labels, strict=True)
    ]
