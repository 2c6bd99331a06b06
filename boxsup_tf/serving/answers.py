"""From the body of a request to the body of the answer."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import (
    MASK_BYTES,
    PROBABILITIES,
    SEMANTIC_PREDICTIONS,
    SIGNATURE_IMAGES,
    SIGNATURE_MASKS,
)
from boxsup_tf.inference.saved_model import SavedModel
from boxsup_tf.inference.tiling import predict_in_tiles
from boxsup_tf.inference.uploads import LEAST_SIDE
from boxsup_tf.records.example import MAX_MEGAPIXELS, check_image, decode_whole, encode_mask
from boxsup_tf.serving import predict_json

# Probabilities are not put together of tiles, and as JSON take some 20 bytes per pixel and class.
_MAX_PIXELS_WITH_PROBABILITIES = 2**19


class Answers:
    """Answers requests as TensorFlow Serving does, with images larger than a tile in tiles.

    The answers are those of the SavedModel's signatures (`inference.signatures`); files are
    checked and decoded here, for messages that a client can act on.

    Args:
        saved_model: that is served.
        max_megapixels: 10**6 pixels that the images of a request may have at most, together; each
            counts at least `LEAST_SIDE` squared.
    """

    def __init__(self, saved_model: SavedModel, max_megapixels: float = MAX_MEGAPIXELS) -> None:
        self._saved_model = saved_model
        self._max_megapixels = max_megapixels

    def answer(self, body: bytes) -> bytes:
        """The answer to a request, JSON; see `predict_json`.

        Args:
            body: JSON.

        Raises:
            InputError: the request cannot be answered; the message is for its sender.
        """
        request = predict_json.parse_request(body)
        outputs: dict[str, Any]
        if request.signature == SIGNATURE_MASKS:
            files = predict_json.read_files(request.values)
            self._sizes(files)
            outputs = {MASK_BYTES: [self._mask(file, f"image {i}") for i, file in enumerate(files)]}
        else:
            images = self._images(request)
            labels, probabilities = self._saved_model.predict(images)
            outputs = {
                SEMANTIC_PREDICTIONS: labels.numpy(),
                PROBABILITIES: probabilities.numpy(),
            }
        return predict_json.format_answer(outputs, request.by_row)

    def _mask(self, encoded: bytes, name: str) -> bytes:
        image = decode_whole(encoded, name).numpy()
        labels = predict_in_tiles(self._labels, image[None], margin=self._saved_model.tile_margin)
        return encode_mask(labels[0])

    def _labels(self, images: np.ndarray) -> np.ndarray:
        return self._saved_model.predict(images)[0].numpy().astype(np.uint8)

    def _images(self, request: predict_json.Request) -> tf.Tensor | np.ndarray:
        if request.signature == SIGNATURE_IMAGES:
            images = predict_json.read_images(request.values)
            _check_probabilities([images.shape[1:3]] * len(images))
            return images
        files = predict_json.read_files(request.values)
        sizes = self._sizes(files)
        if len(set(sizes)) > 1:
            raise InputError(
                f"images of sizes {sorted(set(sizes))} (height, width): expected one size in a "
                f"request, or signature_name {SIGNATURE_MASKS}"
            )
        _check_probabilities(sizes)
        return tf.stack([decode_whole(file, f"image {i}") for i, file in enumerate(files)])

    def _sizes(self, files: Sequence[bytes]) -> list[tuple[int, int]]:
        """Heights and widths of files that may be decoded, by their headers."""
        sizes = [
            check_image(file, f"image {i}", self._max_megapixels) for i, file in enumerate(files)
        ]
        if (pixels := _pixels(sizes)) > self._max_megapixels * 1e6:
            raise InputError(
                f"{pixels} pixels in {len(files)} images: expected at most "
                f"{self._max_megapixels:g} megapixels in a request"
            )
        return sizes


def _pixels(sizes: Iterable[tuple[int, ...]]) -> int:
    return sum(max(height, LEAST_SIDE) * max(width, LEAST_SIDE) for height, width in sizes)


def _check_probabilities(sizes: Iterable[tuple[int, ...]]) -> None:
    if (number := _pixels(sizes)) > _MAX_PIXELS_WITH_PROBABILITIES:
        raise InputError(
            f"{number} pixels: expected at most {_MAX_PIXELS_WITH_PROBABILITIES} in a request for "
            f"probabilities; signature_name {SIGNATURE_MASKS} takes larger images"
        )
