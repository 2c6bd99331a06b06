"""A generated photograph of `data.shapes`, whose objects have names of the real data sets."""

import dataclasses

import numpy as np

from boxsup_tf.data.shapes import draw_objects

# VOC's names, by the label of a shape less 1: a kind of shape means the same in every data set.
OBJECT_NAMES = ("aeroplane", "boat", "cow", "person")


@dataclasses.dataclass(frozen=True)
class Scene:
    """One image and what is seen in it.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        owner: int32 [H, W], k + 1 where object k is seen, 0 for the background.
        names: of the objects, some of `OBJECT_NAMES`.
        truncated: bool [B], whether an object is partly hidden.
    """

    image: np.ndarray
    owner: np.ndarray
    names: tuple[str, ...]
    truncated: np.ndarray


def draw_scene(seed: int, image_id: str, image_size: int) -> Scene:
    """The scene that a seed has for an image's name; sides vary by an eighth about `image_size`."""
    rng = np.random.default_rng([seed, *image_id.encode()])
    image, owner, labels, truncated = draw_objects(rng, image_size)
    return Scene(image, owner, tuple(OBJECT_NAMES[label - 1] for label in labels), truncated)
