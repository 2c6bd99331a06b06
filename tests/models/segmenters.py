"""Small networks with random weights."""

from collections.abc import Sequence

from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.network_family import NetworkOptions, family_of
from boxsup_tf.models.segmenter import Segmenter


def make_segmenter(
    classes: int | Sequence[str],
    width: float = 0.1,
    network: str = "largefov",
    backbone: str = "",
    output_stride: int = 0,
    **options,
) -> Segmenter:
    """A segmenter of these class names, or of this number of classes; see `Segmenter.build`."""
    names = [f"class{i}" for i in range(classes)] if isinstance(classes, int) else classes
    architecture = Architecture(network, width, tuple(names), backbone, output_stride)
    return Segmenter.build(architecture, **options)


def build_network(name: str, num_classes: int, width_multiplier: float = 1.0, **options):
    """The Keras model alone."""
    return family_of(name).build(NetworkOptions(num_classes, width_multiplier, **options))
