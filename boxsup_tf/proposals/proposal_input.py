"""ProposalInput: the input of a proposal method."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class ProposalInput:
    """An image to propose candidates for.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        boxes: float32 [B, 4], yxyx half-open, pixels; methods that look at the image alone do
            not read them.
        filename: the image's file name, by which a method may find what others computed for it.
        shares_name: an image in another folder of the data set has the same file name, so that
            only the whole name says which is meant.
        labels: int64 [B], the boxes' classes, 0 for one of no class; None where they are not known.
    """

    image: np.ndarray
    boxes: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 4), np.float32))
    filename: str = ""
    labels: np.ndarray | None = None
    shares_name: bool = False

    def __post_init__(self) -> None:
        image, boxes = self.image, self.boxes
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(
                f"image is {image.dtype} {list(image.shape)}: expected uint8 [H, W, 3]"
            )
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes are {list(boxes.shape)}: expected [B, 4]")
        if self.labels is not None and self.labels.shape != boxes.shape[:1]:
            raise ValueError(
                f"labels are {list(self.labels.shape)}: expected {list(boxes.shape[:1])}"
            )
