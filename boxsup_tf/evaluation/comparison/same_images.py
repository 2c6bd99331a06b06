"""Whether evaluations can be compared: they are over the same images, masks and classes."""

from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.result import Evaluation


def check_same_images(compared: Sequence[Evaluation]) -> None:
    """Makes sure that evaluations are over the same images, masks and classes.

    Raises:
        InputError: naming the first image or class that only one of two has, or the first image
            whose mask differs.
    """
    first = compared[0]
    for other in compared[1:]:
        for what, ours, theirs in (
            ("image", first.images, other.images),
            ("class", first.per_class, other.per_class),
        ):
            differing = sorted(set(ours) ^ set(theirs))
            if differing:
                owner = first if differing[0] in ours else other
                raise InputError(
                    f"{what} {differing[0]!r} is in {owner.name} only: expected the same in "
                    f"{first.name} and {other.name}"
                )
        for source_id in sorted(first.images):
            expected, found = (_true_pixels(one, source_id) for one in (first, other))
            if found != expected:
                raise InputError(
                    f"image {source_id!r}: pixels by true class are {found} in {other.name}: "
                    f"expected {expected} as in {first.name}"
                )


def _true_pixels(evaluation: Evaluation, source_id: str) -> dict[str, int]:
    """Pixels of an image's mask by class name."""
    counts = evaluation.images[source_id]["counts"]
    return {true: sum(row.values()) for true, row in counts.items()}
