"""Small networks with random weights."""

from collections.abc import Sequence

from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.segmenter import Segmenter


def make_segmenter(
    classes: int | Sequence[str], width: float = 0.1, network: str = "largefov", **options
) -> Segmenter:
    """A segmenter of these class names, or of this number of classes; see `Segmenter.build`."""
    names = [f"class{i}" for i in range(classes)] if isinstance(classes, int) else classes
    return Segmenter.build(Architecture(network, width, tuple(names)), **options)
