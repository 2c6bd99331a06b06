"""An image as a prompted model sees it in several sizes and mirrored; its answers are averaged.

Not of the Segment Anything paper; measured in docs/proposals.md.
"""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from boxsup_tf.proposals.sam.prompted_model import (
    Masks,
    Prompt,
    PromptedModel,
    padded_square,
    scaled_size,
)
from boxsup_tf.proposals.sam.prompts import prompt

_NOTHING = -10.0  # logits of a mask prompt beside the image


class Views:
    """Answers a box's prompts by the mean of the logits over all views.

    All logits that come and go are of the square whose side the image's longer side fills.

    Args:
        model: is asked.
        image: uint8 [H, W, 3], RGB.
        scales: shares of the square's side that the image's longer side takes, 0 < share <= 1.
        flip: see the mirror image at every scale, too.
    """

    def __init__(
        self, model: PromptedModel, image: np.ndarray, scales: Sequence[float], flip: bool
    ) -> None:
        mirrored = (False, True) if flip else (False,)
        self._views = [_View(model, image, scale, each) for scale in scales for each in mirrored]

    def masks(self, window: np.ndarray, kind: str) -> Masks:
        """See `PromptedModel.masks`.

        Args:
            window: int [4], the box, yxyx half-open, pixels of the image.
            kind: of `prompts.KINDS`.
        """
        return self._mean(lambda view: view.masks(window, kind))

    def single_mask(
        self, window: np.ndarray, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, float]:
        """See `PromptedModel.single_mask`: that of the box and of a mask prompt, if given."""
        logits, ious = self._mean(lambda view: view.single_mask(window, mask))
        return logits[0], float(ious[0])

    def _mean(self, ask: Callable[["_View"], Masks]) -> Masks:
        answers = [ask(view) for view in self._views]
        logits, ious = (np.mean(parts, axis=0) for parts in zip(*answers, strict=True))
        return logits, ious


class _View:
    def __init__(
        self, model: PromptedModel, image: np.ndarray, scale: float, mirrored: bool
    ) -> None:
        self._model, self._mirrored, self._size = model, mirrored, image.shape[:2]
        side = max(1, round(model.side * scale))
        self._scaled = scaled_size(self._size, side)
        self._full = scaled_size(self._size, model.side)
        seen = np.ascontiguousarray(image[:, ::-1]) if mirrored else image
        self._embedding: Any = model.embed(padded_square(seen, model.side, side))

    def masks(self, window: np.ndarray, kind: str) -> Masks:
        logits, ious = self._model.masks(self._embedding, self._prompt(window, kind, None))
        return np.stack([self._as_full(each) for each in logits]), ious

    def single_mask(self, window: np.ndarray, mask: np.ndarray | None) -> Masks:
        asked = self._prompt(window, "box", mask)
        logits, iou = self._model.single_mask(self._embedding, asked)
        return self._as_full(logits)[None], np.array([iou])

    def _prompt(self, window: np.ndarray, kind: str, mask: np.ndarray | None) -> Prompt:
        if self._mirrored:
            top, left, bottom, right = window
            width = self._size[1]
            window = np.array([top, width - right, bottom, width - left])
        found = prompt(window, kind, self._size, self._scaled)
        return found if mask is None else found._replace(mask=self._as_seen(mask))

    def _as_full(self, logits: np.ndarray) -> np.ndarray:
        """The logits as if the image filled the square."""
        return self._moved(logits, cv2.BORDER_REPLICATE, cv2.WARP_INVERSE_MAP)

    def _as_seen(self, mask: np.ndarray) -> np.ndarray:
        return self._moved(mask, cv2.BORDER_CONSTANT, 0)

    def _moved(self, logits: np.ndarray, border: int, flags: int) -> np.ndarray:
        """By the affine map from the full square to the view, or its inverse, both in pixels."""
        if self._scaled == self._full and not self._mirrored:
            return logits
        (height, width), (full_height, full_width) = self._scaled, self._full
        pixel = self._model.side / len(logits)
        down, right = height / full_height, width / full_width
        start = (right - 1) / 2
        if self._mirrored:
            right, start = -right, width / pixel - 1 - start
        matrix = np.array([[right, 0, start], [0, down, (down - 1) / 2]])
        return cv2.warpAffine(
            logits,
            matrix,
            logits.shape[::-1],
            flags=cv2.INTER_LINEAR | flags,
            borderMode=border,
            borderValue=_NOTHING,
        )
