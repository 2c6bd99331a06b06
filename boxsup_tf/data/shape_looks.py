"""What the objects of `shapes` look like: a class per look.

A look is made for one image, is told the objects from the lowest to the topmost, and gives the
photograph. All draw from the image's own generator.
"""

from collections.abc import Callable

import cv2
import numpy as np


class Look:
    """One image in the making.

    Attributes:
        size: of objects, against the usual one.
    """

    size = 1.0

    def has_room(self, silhouette: np.ndarray) -> bool:
        """Whether an object may lie there; by default anywhere."""
        return True

    def add(self, silhouette: np.ndarray, kind: int) -> None:
        """Puts an object on top: its pixels, bool [H, W], and its class, from 1."""
        raise NotImplementedError

    def photograph(self) -> np.ndarray:
        """float [H, W, 3], RGB, 0 .. 255 but for noise."""
        raise NotImplementedError


class Colour(Look):
    """Opaque, striped, chequered or cloudy objects on backgrounds of these patterns.

    Colour and pattern of a kind vary and overlap with other kinds' and the background's, so an edge
    is not always an object's.
    """

    def __init__(self, rng: np.random.Generator, height: int, width: int, num_kinds: int) -> None:
        self._rng, self._size, self._num_kinds = rng, (height, width), num_kinds
        self._canvas = _texture(rng, height, width, rng.uniform(0, 180), rng.uniform(0, 70))

    def add(self, silhouette: np.ndarray, kind: int) -> None:
        rng = self._rng
        # A kind has a usual hue, and exceptions.
        hue = ((kind - 1) * 180 / self._num_kinds + rng.normal(0, 8)) % 180
        coat = _texture(rng, *self._size, hue, rng.uniform(110, 220))
        self._canvas = np.where(silhouette[:, :, None], coat, self._canvas)

    def photograph(self) -> np.ndarray:
        rng, (height, width) = self._rng, self._size
        light = cv2.resize(rng.uniform(0.75, 1.2, (3, 3)), (width, height), interpolation=2)
        lit = cv2.GaussianBlur(self._canvas.astype(np.float32), (0, 0), 0.6) * light[:, :, None]
        return lit + rng.normal(0, 6, lit.shape)


class Mats(Colour):
    """Small objects apart from each other, most of them on a mat as large as their box.

    Mats lie about everywhere. One that an object covers from side to side has the object's box, so
    the box alone cannot tell the object from the object with pieces of its mat; who has seen other
    images knows that mats are background, as they are wherever no box is.
    """

    size = 0.65
    _SHARE = 0.8  # of the objects, that lie on a mat

    def __init__(self, rng: np.random.Generator, height: int, width: int, num_kinds: int) -> None:
        self._rng, self._size, self._num_kinds = rng, (height, width), num_kinds
        self._ground = rng.uniform(90, 120)
        self._canvas = self._cloth(rng.uniform(0, 180), rng.uniform(5, 40), self._ground)
        self._taken = np.zeros((height, width), bool)  # boxes of objects
        for _ in range(rng.integers(5, 10)):
            half = rng.uniform(0.11, 0.26, 2) * min(height, width)
            self._lay(rng.uniform(0, 1, 2) * (height, width), half)

    def _cloth(self, hue: float, saturation: float, grey: float) -> np.ndarray:
        return _texture(self._rng, *self._size, hue, saturation, grey, (3, 8))

    def _lay(self, middle: np.ndarray, half: np.ndarray) -> float:
        """A mat with rounded corners, lighter or darker than the ground; returns its grey."""
        rng, (height, width) = self._rng, self._size
        y, x = np.mgrid[:height, :width]
        away = np.abs([(y - middle[0]) / half[0], (x - middle[1]) / half[1]])
        pixels = (away ** rng.uniform(4, 12)).sum(axis=0) <= 1
        grey = self._ground + rng.choice((1, 1, -1)) * rng.uniform(60, 90)
        cloth = self._cloth(rng.uniform(0, 180), rng.uniform(5, 40), grey)
        self._canvas = np.where(pixels[:, :, None], cloth, self._canvas)
        return grey

    def has_room(self, silhouette: np.ndarray) -> bool:
        return not silhouette.any() or not self._taken[_window(silhouette)].any()

    def add(self, silhouette: np.ndarray, kind: int) -> None:
        rng, window = self._rng, _window(silhouette)
        self._taken[window] = True
        grey = self._ground + rng.uniform(60, 90)
        if rng.random() < self._SHARE:
            ends = np.array([(side.start, side.stop) for side in window])
            grey = self._lay((ends.sum(axis=1) - 1) / 2, (ends[:, 1] - ends[:, 0]) / 2)
        hue = ((kind - 1) * 180 / self._num_kinds + rng.normal(0, 6)) % 180
        grey = max(grey, 120) + rng.uniform(-12, 12)  # a dark colour is hardly one
        coat = self._cloth(hue, rng.uniform(140, 200), grey)
        self._canvas = np.where(silhouette[:, :, None], coat, self._canvas)


class XRay(Look):
    """Grey shadows of objects that let light through, among bars and lumps that are no objects.

    What lies behind an object stays visible in it, and the bars' edges are sharper and darker than
    its own, which fade to nothing: who knows the kind's texture and shape finds its outline.
    """

    def __init__(self, rng: np.random.Generator, height: int, width: int, num_kinds: int) -> None:
        self._rng, self._size = rng, (height, width)
        side = min(height, width)
        clouds = sum(_clouds(rng, height, width, side / part) / part for part in (3, 8, 20))
        self._depth = 0.5 + 0.35 * clouds  # -log of the share of light that passes
        for _ in range(rng.integers(3, 7)):
            self._depth += rng.uniform(0.12, 0.3) * _bar(rng, height, width)

    def add(self, silhouette: np.ndarray, kind: int) -> None:
        height, width = self._size
        inside = cv2.distanceTransform(silhouette.astype(np.uint8), cv2.DIST_L2, 5)
        thickness = np.minimum(inside / 4, 1) ** 0.5
        pattern = _kind_pattern(self._rng, height, width, kind)
        self._depth += thickness * (self._rng.uniform(0.1, 0.18) + 0.1 * pattern)

    def photograph(self) -> np.ndarray:
        rng = self._rng
        light = 230 * np.exp(-np.maximum(self._depth, 0))
        grey = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 0.8)
        return np.repeat((grey + rng.normal(0, 5, grey.shape))[:, :, None], 3, axis=2)


LOOKS: dict[str, Callable[[np.random.Generator, int, int, int], Look]] = {
    "colour": Colour,
    "mats": Mats,
    "xray": XRay,
}


def _window(pixels: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the box around bool [H, W] pixels, of which there are some."""
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _bar(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """float [H, W], 0 or 1 but for its soft edge: a straight bar across the image."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    turn, where = rng.uniform(0, np.pi), rng.uniform(0.1, 0.9, 2) * (height, width)
    away = np.abs(np.cos(turn) * (x - where[1]) + np.sin(turn) * (y - where[0]))
    return np.clip(rng.uniform(0.015, 0.05) * min(height, width) - away + 0.5, 0, 1)


def _clouds(rng: np.random.Generator, height: int, width: int, scale: float) -> np.ndarray:
    """float [H, W] of deviation 1: noise whose lumps are about `scale` pixels wide."""
    grain = rng.normal(0, 1, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(grain, (0, 0), max(scale / 2.5, 0.5), borderType=cv2.BORDER_REFLECT)
    return (smooth - smooth.mean()) / (smooth.std() + 1e-6)


def _phases(
    rng: np.random.Generator, height: int, width: int, shortest: float, longest: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """A period in pixels, and the phases of two waves that cross at a right angle, [H, W]."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    turn, period = rng.uniform(0, np.pi), rng.uniform(shortest, longest)
    u = (np.cos(turn) * x + np.sin(turn) * y) * 2 * np.pi / period
    v = (np.cos(turn) * y - np.sin(turn) * x) * 2 * np.pi / period
    return period, u, v


def _kind_pattern(rng: np.random.Generator, height: int, width: int, kind: int) -> np.ndarray:
    """float [H, W], about -1 .. 1: every kind has a texture of its own, turned by chance."""
    period, u, v = _phases(rng, height, width, 5, 8)
    if kind == 1:
        return np.sin(u)
    if kind == 2:
        return np.sin(u) * np.sin(v) * 1.5
    return 0.7 * _clouds(rng, height, width, period if kind == 3 else period / 3)


def _texture(
    rng: np.random.Generator,
    height: int,
    width: int,
    hue: float,
    saturation: float,
    value: float | None = None,
    contrast: tuple[float, float] = (8, 38),
) -> np.ndarray:
    """float [H, W, 3]: stripes, checks or clouds in two or three neighbouring tones.

    Args:
        hue: OpenCV's, 0 .. 180.
        saturation: 0 .. 255.
        value: 0 .. 255, the mean of the tones; None: any.
        contrast: of the tones, between these.
    """
    period, u, v = _phases(rng, height, width, 7, 22)
    pattern = rng.integers(3)
    if pattern == 0:
        wave = np.sin(u)
    elif pattern == 1:
        wave = np.sign(np.sin(u)) * np.sign(np.sin(v))
    else:
        grain = rng.normal(0, 1, (height, width)).astype(np.float32)
        wave = cv2.GaussianBlur(grain, (0, 0), period / 6)
        wave = wave / (wave.std() + 1e-6)
    mean = rng.uniform(90, 200) if value is None else value
    tones = mean + rng.uniform(*contrast) * wave
    hues = hue + rng.uniform(-8, 8) * wave
    hsv = np.stack([hues % 180, np.full_like(wave, saturation), np.clip(tones, 0, 255)], axis=-1)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB).astype(np.float64)
