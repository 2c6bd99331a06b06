"""Warm-up requests, which TensorFlow Serving sends a model before anyone else does.

The first request of a process is slow: TensorFlow loads kernels and oneDNN plans convolutions.
A server that finds assets.extra/tf_serving_warmup_requests in a SavedModel replays it first. The
file is a TFRecord of tensorflow.serving.PredictionLog messages. As all their fields that are
needed here are of the wire type "length-delimited", they are written without the package
tensorflow-serving-api (field numbers: its prediction_log.proto, predict.proto and model.proto).
"""

import os

import numpy as np
import tensorflow as tf

from boxsup_tf.inference.interface import SIGNATURE_BYTES, SIGNATURE_IMAGES, SIGNATURE_MASKS

_SIDE = 129  # of the images, pixels; kernels do not depend on it


def write_warmup_requests(saved_model: str) -> None:
    """Adds a request for every signature, files as JPEG and as PNG.

    Args:
        saved_model: the folder of a SavedModel with the signatures of `signatures`.
    """
    image = np.random.default_rng(0).integers(0, 256, [_SIDE, _SIDE, 3], np.uint8)
    files = [tf.io.encode_jpeg(image).numpy(), tf.io.encode_png(image).numpy()]
    requests = [
        _prediction_log(SIGNATURE_IMAGES, "images", image[None]),
        _prediction_log(SIGNATURE_BYTES, "image_bytes", files),
        _prediction_log(SIGNATURE_MASKS, "image_bytes", files),
    ]
    folder = os.path.join(saved_model, "assets.extra")
    os.makedirs(folder, exist_ok=True)
    with tf.io.TFRecordWriter(os.path.join(folder, "tf_serving_warmup_requests")) as writer:
        for request in requests:
            writer.write(request)


def _prediction_log(signature: str, name: str, value: np.ndarray | list[bytes]) -> bytes:
    """A serialised PredictionLog of a PredictRequest with one input."""
    tensor = tf.make_tensor_proto(value).SerializeToString(deterministic=True)
    entry = _field(1, name.encode()) + _field(2, tensor)  # of the map `inputs`
    model_spec = _field(3, signature.encode())
    predict_request = _field(1, model_spec) + _field(2, entry)
    predict_log = _field(1, predict_request)
    return _field(6, predict_log)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer: key, length in base 128, content."""
    length, rest = [], len(content)
    while rest >= 128:
        length.append(rest % 128 + 128)
        rest //= 128
    return bytes([number * 8 + 2, *length, rest]) + content
