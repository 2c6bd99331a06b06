"""Writes a SavedModel that needs nothing but TensorFlow: every weight once, all sizes."""

import os
import shutil
import tempfile
from collections.abc import Sequence

import keras
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.data.example import decode_image
from boxsup_tf.inference.label_map_file import format_label_map
from boxsup_tf.inference.predictor import Predictor


def export(
    model: keras.Model,
    class_names: Sequence[str],
    output_dir: str,
    scales: Sequence[float] = (1.0,),
) -> str:
    """Writes OUTPUT_DIR/VERSION, with VERSION the next free number.

    Signatures, both with the outputs of `Predictor.predict`:
        serving_default: `images`, uint8 [B, H, W, 3], RGB, any size.
        serve_image_bytes: `image_bytes`, string [B], JPEG or PNG files of one size.
    Reading, resizing and averaging over scales happen inside the graph. A client that wants
    no probabilities, by far the larger output, leaves them out with TensorFlow Serving's
    output filter.

    Args:
        model: a network of `models.networks`.
        class_names: index is label.
        output_dir: made if need be; earlier versions in it stay.
        scales: see `Predictor`.

    Returns:
        The path OUTPUT_DIR/VERSION.

    Raises:
        ValueError: the names do not fit the network's classes.
    """
    if model.output_shape[-1] != len(class_names):
        raise ValueError(f"{model.output_shape[-1]} classes, but {len(class_names)} class names")
    os.makedirs(output_dir, exist_ok=True)
    # A model server watches for folders with a number for a name: until it is whole, the
    # export has another. Not by mkdtemp, whose folders other users cannot enter.
    temporary = os.path.join(output_dir, f"export.{os.getpid()}.tmp")
    try:
        _save(Predictor(model, scales), class_names, temporary)
        return _publish(temporary, output_dir)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def versions(output_dir: str) -> list[int]:
    """The numbers of the versions in a folder of exports, ascending."""
    names = os.listdir(output_dir) if os.path.isdir(output_dir) else []
    return sorted(int(name) for name in names if name.isdecimal())


def decode_images(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes image files inside a graph.

    Args:
        image_bytes: string [B], B at least 1: JPEG or PNG files of one size.

    Returns:
        uint8 [B, H, W, 3], RGB. The graph fails, saying why, where sizes differ.
    """
    first = decode_image(image_bytes[0])

    def decode(encoded: tf.Tensor) -> tf.Tensor:
        image = decode_image(encoded)
        same = tf.debugging.assert_equal(
            tf.shape(image),
            tf.shape(first),
            "all images of one request must have one size (height, width, channels): send "
            "images of other sizes in requests of their own",
        )
        with tf.control_dependencies([same]):
            return tf.identity(image)

    def decode_all() -> tf.Tensor:
        spec = tf.TensorSpec([None, None, 3], tf.uint8)
        others = tf.map_fn(decode, image_bytes[1:], fn_output_signature=spec)
        return tf.concat([first[None], others], axis=0)

    # An empty map_fn cannot know its elements' size.
    return tf.cond(tf.shape(image_bytes)[0] == 1, lambda: first[None], decode_all)


def _save(predictor: Predictor, class_names: Sequence[str], folder: str) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def predict_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return predictor.predict(decode_images(image_bytes))

    module = tf.Module()
    # The variables alone, not the Keras model, whose objects would be saved along.
    module.weights = [weight.value for weight in predictor.model.weights]
    signatures = {
        fields.SIGNATURE_IMAGES: predictor.predict.get_concrete_function(),
        fields.SIGNATURE_BYTES: predict_bytes.get_concrete_function(),
    }
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, fields.LABEL_MAP_FILE)
        with open(path, "w", encoding="utf-8") as file:
            file.write(format_label_map(class_names))
        module.label_map = tf.saved_model.Asset(path)
        tf.saved_model.save(module, folder, signatures)


def _publish(temporary: str, output_dir: str) -> str:
    version = max(versions(output_dir), default=0)
    while True:
        version += 1
        path = os.path.join(output_dir, str(version))
        try:
            os.rename(temporary, path)
            return path
        except OSError:
            # Another export may have taken the number meanwhile.
            if not os.path.exists(path):
                raise
