"""The JSON of TensorFlow Serving's `POST /v1/models/NAME:predict`, for an exported model.

https://www.tensorflow.org/tfx/serving/api_rest, "Predict API": the inputs come by row
("instances") or by column ("inputs"), the outputs go back the same way ("predictions",
"outputs"); bytes are {"b64": "..."}; where there is one input or output, its name may be left
out, and is.
"""

import base64
import binascii
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import SIGNATURE_BYTES, SIGNATURE_IMAGES, SIGNATURE_MASKS

# The one input of every signature.
INPUTS = {
    SIGNATURE_IMAGES: "images",
    SIGNATURE_BYTES: "image_bytes",
    SIGNATURE_MASKS: "image_bytes",
}
_KEYS = {"signature_name", "instances", "inputs"}
# Values and lists of a request; the pixels that it may have at most are 2.1 million. In memory each
# takes some 64 bytes, and its text 2.
_MAX_VALUES = 3_000_000


@dataclasses.dataclass(frozen=True)
class Request:
    """What a client asks.

    Attributes:
        signature: one of `INPUTS`.
        values: of its input, one per image; what they are has yet to be checked.
        by_row: how the answer goes back.
    """

    signature: str
    values: list[Any]
    by_row: bool


def parse_request(encoded: bytes) -> Request:
    """Reads a request.

    Args:
        encoded: JSON.

    Raises:
        InputError: it is no such request.
    """
    if (number := sum(map(encoded.count, (b",", b"[", b"{")))) > _MAX_VALUES:
        raise InputError(f"{number} values in JSON: expected at most {_MAX_VALUES}")
    try:
        body = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise InputError(f"expected JSON: {error}") from None
    if not isinstance(body, dict):
        raise InputError("expected a JSON object with instances or inputs in it")
    if unknown := set(body) - _KEYS:
        raise InputError(f"{sorted(unknown)[0]!r}: expected only {', '.join(sorted(_KEYS))}")
    if ("instances" in body) == ("inputs" in body):
        raise InputError("expected one of instances and inputs")
    signature = body.get("signature_name", SIGNATURE_IMAGES)
    if not isinstance(signature, str) or signature not in INPUTS:
        raise InputError(f"signature_name {signature!r}: expected one of {', '.join(INPUTS)}")
    by_row = "instances" in body
    values = body["instances"] if by_row else _unnamed(body["inputs"], signature)
    if not isinstance(values, list) or not values:
        raise InputError("expected a list of at least one image")
    if by_row:
        values = [_unnamed(value, signature) for value in values]
    return Request(signature, values, by_row)


def read_files(values: Sequence[Any]) -> list[bytes]:
    """The bytes of values {"b64": "..."}.

    Raises:
        InputError: one is something else.
    """
    files = []
    for i, value in enumerate(values):
        try:
            files.append(base64.b64decode(value["b64"], validate=True))
        except (TypeError, KeyError, ValueError, binascii.Error):
            raise InputError(
                f'image {i}: expected {{"b64": "..."}}, the base64 of a JPEG or PNG file'
            ) from None
    return files


def read_images(values: Sequence[Any]) -> np.ndarray:
    """uint8 [B, H, W, 3] of nested lists.

    Raises:
        InputError: the lists are ragged, of another shape, or hold other numbers.
    """
    expected = "expected images [height, width, 3] of one size, whole numbers from 0 to 255"
    try:
        images = np.array(values)
    except ValueError:
        raise InputError(expected) from None
    if images.dtype.kind not in "iu":
        raise InputError(f"{expected}, not {images.dtype}")
    if images.ndim != 4 or images.shape[3] != 3 or not images.size:
        raise InputError(f"{expected}, not a batch of shape {list(images.shape)}")
    if images.min() < 0 or images.max() > 255:
        raise InputError(f"{expected}, not {images.min()} to {images.max()}")
    return images.astype(np.uint8)


def format_answer(outputs: Mapping[str, np.ndarray | list[bytes]], by_row: bool) -> bytes:
    """The JSON of an answer.

    Args:
        outputs: by name, each with one element per image.
        by_row: as in the request.
    """
    values: list[Any] = list(outputs.values())
    answer: dict[str, Any]
    if by_row:
        rows = zip(*values, strict=True)
        predictions = [
            row[0] if len(row) == 1 else dict(zip(outputs, row, strict=True)) for row in rows
        ]
        answer = {"predictions": predictions}
    else:
        answer = {"outputs": values[0] if len(values) == 1 else dict(outputs)}
    return orjson.dumps(answer, default=_base64, option=orjson.OPT_SERIALIZE_NUMPY)


def _unnamed(value: Any, signature: str) -> Any:
    name = INPUTS[signature]
    return value[name] if isinstance(value, dict) and set(value) == {name} else value


def _base64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode()}
