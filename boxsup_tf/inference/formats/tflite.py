"""tflite: for LiteRT (TensorFlow Lite), on phones and small boards."""

import tempfile

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.inference.predictor import Predictor

FILE_NAME = "model.tflite"
PRECISIONS = ("float32", "float16", "int8")


def convert(predictor: Predictor, precision: str, image_size: tuple[int, int] | None) -> bytes:
    """Converts a model to take one image of one size.

    Args:
        predictor: of the model.
        precision: of the weights. `int8` has weights of 8 bits, and activations whose range is
            found as the model runs; `float16` weights are widened where the device has no such
            arithmetic.
        image_size: height and width in pixels. LiteRT has no convolution for images of unknown
            size.

    Returns:
        A flatbuffer with the signature `serving_default`: `images`, uint8 [1, height, width, 3]
        RGB, to the outputs of `Predictor.predict`.

    Raises:
        InputError: no size is given.
    """
    if image_size is None:
        raise InputError("--format=tflite: needs a fixed size: expected --image_size=HEIGHT,WIDTH")
    images = tf.TensorSpec([1, *image_size, 3], tf.uint8, name="images")
    module = tf.Module()
    module.weights = [weight.value for weight in predictor.segmenter.model.weights]
    module.predict = tf.function(lambda images: predictor.predict(images), [images])
    with tempfile.TemporaryDirectory() as folder:  # only of a SavedModel are outputs named
        tf.saved_model.save(module, folder, module.predict.get_concrete_function())
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        return converter.convert()
