"""From the body of a request to the body of the answer."""

from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.data.example import MAX_MEGAPIXELS, check_image, decode_checked, encode_mask
from boxsup_tf.errors import InputError
from boxsup_tf.inference.saved_model import SavedModel
from boxsup_tf.inference.tiling import TILE_SIZE, predict_in_tiles
from boxsup_tf.serving import predict_json

# Probabilities are not put together of tiles: as JSON they would be of no use to anybody.
_MAX_PIXELS_WITH_PROBABILITIES = TILE_SIZE**2


class Answers:
    """Answers requests as TensorFlow Serving does, with images larger than a tile in tiles.

    The answers are those of the SavedModel's signatures (`inference.signatures`); files are
    checked and decoded here, for messages that a client can act on.

    Args:
        saved_model: that is served.
        max_megapixels: 10**6 pixels that an image may have at most.
    """

    def __init__(self, saved_model: SavedModel, max_megapixels: float = MAX_MEGAPIXELS) -> None:
        self._saved_model = saved_model
        self._max_megapixels = max_megapixels

    def answer(self, body: Any) -> bytes:
        """The answer to a request, JSON; see `predict_json`.

        Args:
            body: decoded JSON, or its bytes.

        Raises:
            InputError: the request cannot be answered; the message is for its sender.
        """
        request = predict_json.parse_request(body)
        outputs: dict[str, Any]
        if request.signature == fields.SIGNATURE_MASKS:
            files = predict_json.read_files(request.values)
            outputs = {
                fields.MASK_BYTES: [self._mask(file, f"image {i}") for i, file in enumerate(files)]
            }
        else:
            images = self._images(request)
            labels, probabilities = self._saved_model.predict(images)
            outputs = {
                fields.SEMANTIC_PREDICTIONS: labels.numpy(),
                fields.PROBABILITIES: probabilities.numpy(),
            }
        return predict_json.format_answer(outputs, request.by_row)

    def _mask(self, encoded: bytes, name: str) -> bytes:
        image = decode_checked(encoded, name, self._max_megapixels).numpy()
        labels = predict_in_tiles(self._labels, image[None])
        return encode_mask(labels[0])

    def _labels(self, images: np.ndarray) -> np.ndarray:
        return self._saved_model.predict(images)[0].numpy().astype(np.uint8)

    def _images(self, request: predict_json.Request) -> tf.Tensor | np.ndarray:
        if request.signature == fields.SIGNATURE_IMAGES:
            images = predict_json.read_images(request.values)
            _check_pixels(images[..., 0].size)
            return images
        files = predict_json.read_files(request.values)
        names = [f"image {i}" for i in range(len(files))]
        sizes = [
            check_image(file, name, self._max_megapixels)
            for file, name in zip(files, names, strict=True)
        ]
        if len(set(sizes)) > 1:
            raise InputError(
                f"images of sizes {sorted(set(sizes))} (height, width): expected one size in a "
                f"request, or signature_name {fields.SIGNATURE_MASKS}"
            )
        _check_pixels(len(files) * sizes[0][0] * sizes[0][1])
        return tf.stack(
            [
                decode_checked(file, name, self._max_megapixels)
                for file, name in zip(files, names, strict=True)
            ]
        )


def _check_pixels(number: int) -> None:
    if number > _MAX_PIXELS_WITH_PROBABILITIES:
        raise InputError(
            f"{number} pixels: expected at most {_MAX_PIXELS_WITH_PROBABILITIES} in a request for "
            f"probabilities; signature_name {fields.SIGNATURE_MASKS} takes larger images"
        )
