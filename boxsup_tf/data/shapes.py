"""shapes: synthetic images with exact boxes and masks.

Objects of four kinds, turned, deformed, overlapping and partly hidden. The kinds fill about half of
their box, so a rectangle is visibly wrong. What they look like is chosen from `shape_looks.LOOKS`.
Every image depends on the look, the seed and its index alone.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.data.shape_looks import LOOKS
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND_NAME
from boxsup_tf.records.example import Example

SHAPE_CLASSES = (BACKGROUND_NAME, "star", "crescent", "triangle", "cross")

_MIN_VISIBLE_PIXELS = 150
_MIN_VISIBLE_SHARE = 0.4
_MAX_TRIES = 40


class ShapesReader:
    """A generated dataset, a `reader.Reader`.

    Args:
        num_images: how many.
        seed: another seed gives other images; the first n of a seed are always the same.
        image_size: mean side in pixels; sides vary by an eighth about it.
        look: one of `shape_looks.LOOKS`.

    Raises:
        InputError: there is no such look.
    """

    class_names = SHAPE_CLASSES

    def __init__(
        self, num_images: int, seed: int, image_size: int = 128, look: str = "colour"
    ) -> None:
        if look not in LOOKS:
            raise InputError(f"look {look!r}: expected one of {', '.join(LOOKS)}")
        self._num_images, self._seed, self._image_size = num_images, seed, image_size
        self._look = look
        self.source_ids = [f"shapes_{seed}_{index:06d}" for index in range(num_images)]
        self.settings = {"dataset": "shapes", "num_images": num_images, "seed": seed}
        self.settings["image_size"] = image_size
        if look != "colour":  # the only one that the first versions knew
            self.settings["look"] = look

    def __len__(self) -> int:
        return self._num_images

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < self._num_images:  # or a loop over the reader would never end
            raise IndexError(index)
        rng = np.random.default_rng([self._seed, index])
        image, mask, boxes, labels, truncated = draw_scene(rng, self._image_size, self._look)
        name = self.source_ids[index]
        return Example(
            source_id=name,
            filename=f"{name}.jpg",
            encoded=encode_photograph(image),
            height=image.shape[0],
            width=image.shape[1],
            boxes=boxes,
            labels=labels,
            difficult=np.zeros(len(labels), bool),
            truncated=truncated,
            is_crowd=np.zeros(len(labels), bool),
            mask=mask,
        )

    def labels_in(self, index: int) -> Iterator[int]:
        yield from self[index].labels.tolist()


def draw_scene(
    rng: np.random.Generator, image_size: int, look: str = "colour"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws one image with a look of `LOOKS`.

    Returns:
        image uint8 [H, W, 3] RGB; mask uint8 [H, W]; boxes float32 [B, 4] yxyx half-open,
        tight on what is visible; labels int64 [B]; truncated bool [B] (partly hidden).
    """
    image, owner, labels, truncated = draw_objects(rng, image_size, look)
    mask = np.array([0, *labels], np.uint8)[owner]
    boxes = [tight_box_yxyx(owner == k + 1) for k in range(len(labels))]
    return image, mask, np.array(boxes, np.float32).reshape(-1, 4), labels, truncated


def encode_photograph(image: np.ndarray) -> bytes:
    """uint8 [H, W, 3], RGB, as JPEG: its noise and soft edges belong to the problem."""
    return cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def draw_objects(
    rng: np.random.Generator, image_size: int, look: str = "colour"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`draw_scene` with every object told from the others.

    Returns:
        image uint8 [H, W, 3] RGB; owner int32 [H, W], k + 1 where object k is seen and 0 for the
        background; labels int64 [B]; truncated bool [B].
    """
    spread = image_size // 8
    height, width = image_size + rng.integers(-spread, spread + 1, 2)
    picture = LOOKS[look](rng, height, width, len(SHAPE_CLASSES) - 1)
    owner = np.zeros((height, width), np.int32)  # 0 background, k + 1 object k
    kinds: list[int] = []
    full_areas: list[int] = []
    for _ in range(rng.integers(1, 4)):
        for _ in range(_MAX_TRIES):
            kind = int(rng.integers(1, len(SHAPE_CLASSES)))
            silhouette = _silhouette(rng, kind, height, width, image_size * picture.size)
            after = np.where(silhouette, len(kinds) + 1, owner)
            areas = [*full_areas, int(silhouette.sum())]
            if picture.has_room(silhouette) and _all_visible(after, areas):
                break
        else:
            continue
        kinds.append(kind)
        full_areas = areas
        owner = after
        picture.add(silhouette, kind)
    visible = np.bincount(owner.ravel(), minlength=len(kinds) + 1)[1:]
    return (
        np.clip(picture.photograph(), 0, 255).astype(np.uint8),
        owner,
        np.array(kinds, np.int64),
        visible < np.array(full_areas, np.int64),
    )


def _all_visible(owner: np.ndarray, areas: list[int]) -> bool:
    visible = np.bincount(owner.ravel(), minlength=len(areas) + 1)[1:]
    needed = np.maximum(_MIN_VISIBLE_SHARE * np.array(areas), _MIN_VISIBLE_PIXELS)
    return bool((visible >= needed).all())


def _silhouette(
    rng: np.random.Generator, kind: int, height: int, width: int, image_size: float
) -> np.ndarray:
    """bool [H, W]: one object, turned, stretched and with an uneven outline."""
    radius = rng.uniform(0.2, 0.4) * image_size
    center_y, center_x = rng.uniform(0.1, 0.9, 2) * (height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y - center_y) / radius, (x - center_x) / radius
    turn = rng.uniform(0, 2 * np.pi)
    u = (np.cos(turn) * x + np.sin(turn) * y) / rng.uniform(0.8, 1.2)
    v = (np.cos(turn) * y - np.sin(turn) * x) / rng.uniform(0.8, 1.2)
    angle, r = np.arctan2(v, u), np.hypot(u, v)
    r = r * (1 + 0.06 * np.sin(rng.integers(2, 6) * angle + rng.uniform(0, 2 * np.pi)))
    u, v = r * np.cos(angle), r * np.sin(angle)
    name = SHAPE_CLASSES[kind]
    if name == "star":
        points = 5 * angle / (2 * np.pi)
        return r < 0.42 + 0.58 * (2 * np.abs(points - np.floor(points + 0.5))) ** 1.3
    if name == "crescent":
        return (r < 1) & (np.hypot(u - 0.5, v) > 0.72)
    if name == "triangle":
        sides = [u * np.cos(a) + v * np.sin(a) for a in (0, 2 * np.pi / 3, 4 * np.pi / 3)]
        return np.max(sides, axis=0) < 0.5
    arm, reach = np.minimum(np.abs(u), np.abs(v)), np.maximum(np.abs(u), np.abs(v))
    return (arm < 0.27) & (reach < 0.9)  # a cross
