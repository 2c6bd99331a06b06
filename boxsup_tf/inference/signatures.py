"""What a SavedModel answers: its signatures, all on one graph of the network."""

from collections.abc import Callable

import tensorflow as tf

from boxsup_tf.inference.interface import (
    MASK_BYTES,
    SEMANTIC_PREDICTIONS,
    SIGNATURE_BYTES,
    SIGNATURE_IMAGES,
    SIGNATURE_MASKS,
)
from boxsup_tf.inference.uploads import check_pixels, check_uploads, decode_uploads
from boxsup_tf.records.example import decode_image

_FILES = tf.TensorSpec([None], tf.string, name="image_bytes")


def build_signatures(predict: Callable, max_megapixels: float) -> dict[str, Callable]:
    """The signatures.

    Args:
        predict: a tf.function of one concrete signature: `images`, uint8 [B, H, W, 3], to
            `SEMANTIC_PREDICTIONS` and `PROBABILITIES`.
        max_megapixels: 10**6 pixels that a request may have at most; a larger one fails.

    Returns:
        Concrete functions by name. Probabilities are hundreds of times larger than an image file;
        over HTTP, `serve_masks` is the signature to ask.
            serving_default: as `predict`.
            serve_image_bytes: `image_bytes`, string [B], JPEG or PNG files of one size, to the
                same outputs.
            serve_masks: `image_bytes`, files of any sizes, to `mask_bytes`: string [B], grey PNGs
                of the labels.
    """

    @tf.function(input_signature=predict.input_signature)  # type: ignore[attr-defined]
    def predict_images(images: tf.Tensor) -> dict[str, tf.Tensor]:
        shape = tf.shape(images)
        sizes = tf.repeat(shape[None, 1:3], shape[0], axis=0)
        with tf.control_dependencies([check_pixels(sizes, max_megapixels)]):
            return predict(tf.identity(images))

    @tf.function(input_signature=[_FILES])
    def predict_files(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(decode_uploads(image_bytes, max_megapixels))

    @tf.function(input_signature=[_FILES])
    def predict_masks(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        def mask(encoded: tf.Tensor) -> tf.Tensor:
            labels = predict(decode_image(encoded)[None])[SEMANTIC_PREDICTIONS][0]
            return tf.io.encode_png(tf.cast(labels, tf.uint8)[:, :, None])

        files, _ = check_uploads(image_bytes, max_megapixels)
        # One at a time: memory is then that of one image.
        masks = tf.map_fn(mask, files, fn_output_signature=tf.string, parallel_iterations=1)
        return {MASK_BYTES: masks}

    return {
        SIGNATURE_IMAGES: predict_images.get_concrete_function(),
        SIGNATURE_BYTES: predict_files.get_concrete_function(),
        SIGNATURE_MASKS: predict_masks.get_concrete_function(),
    }
