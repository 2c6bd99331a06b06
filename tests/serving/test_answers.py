"""Large images: masks come of tiles, probabilities are refused."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.inference.tiling import TILE_SIZE, predict_in_tiles
from tests.serving.talking import as_json, decode_mask, encode

pytest.importorskip("orjson", reason="the server needs the package kserve")
from boxsup_tf.serving.answers import Answers


@pytest.fixture(scope="module")
def large(images) -> np.ndarray:
    """uint8, wider than a tile."""
    width = TILE_SIZE + 200
    return np.tile(images[0], [2, width // images[0].shape[1] + 1, 1])[:, :width]


def test_masks_of_large_images_come_of_tiles(saved_model, large):
    request = {
        "signature_name": "serve_masks",
        "instances": [as_json(encode(Image.fromarray(large), "PNG"))],
    }
    answer = json.loads(Answers(saved_model).answer(request))
    expected = predict_in_tiles(lambda tile: saved_model.predict(tile)[0].numpy(), large[None])[0]
    np.testing.assert_array_equal(decode_mask(answer["predictions"][0]), expected)


def test_probabilities_of_too_many_pixels_are_refused(saved_model):
    file = encode(Image.new("RGB", (TILE_SIZE, TILE_SIZE // 2 + 1)), "PNG")
    request = {"signature_name": "serve_image_bytes", "instances": [as_json(file)] * 2}
    with pytest.raises(InputError, match="expected at most 1638400 in a request for prob"):
        Answers(saved_model).answer(request)
    other = encode(Image.new("RGB", (5, 5)), "PNG")
    request["instances"][1] = as_json(other)
    with pytest.raises(InputError, match="expected one size in a request, or signature_name"):
        Answers(saved_model).answer(request)


def test_base64_must_be_base64(saved_model):
    for text in ("?", base64.b64encode(b"abc").decode()[:-1], 7, None):
        request = {"signature_name": "serve_masks", "instances": [{"b64": text}]}
        with pytest.raises(InputError, match="image 0: expected"):
            Answers(saved_model).answer(request)
    with pytest.raises(InputError, match="'extra': expected only inputs, instances"):
        Answers(saved_model).answer({"instances": [1], "extra": 2})
