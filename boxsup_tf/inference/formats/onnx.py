"""onnx: for ONNX Runtime and what else reads ONNX, by tf2onnx."""

from typing import Any

import tensorflow as tf

from boxsup_tf.errors import require
from boxsup_tf.inference.predictor import Predictor

FILE_NAME = "model.onnx"
PRECISIONS = ("float32",)
_OPSET = 17


def convert(predictor: Predictor, precision: str, image_size: tuple[int, int] | None) -> bytes:
    """Converts a model.

    Args:
        predictor: of the model.
        precision: float32.
        image_size: height and width in pixels of all images; None: images of any size.

    Returns:
        A model from `images`, uint8 [B, H, W, 3] RGB, to the outputs of `Predictor.predict`.

    Raises:
        InputError: tf2onnx is not installed.
    """
    require("tf2onnx", "pip install tf2onnx", "--format=onnx")
    import tf2onnx

    images = tf.TensorSpec([None, *(image_size or (None, None)), 3], tf.uint8, name="images")
    function = tf.function(lambda images: predictor.predict(images), [images])
    model, _ = tf2onnx.convert.from_function(function, [images], opset=_OPSET)
    outputs = sorted(function.get_concrete_function().structured_outputs)  # as TensorFlow has them
    _name(model.graph, [*model.graph.input, *model.graph.output], ["images", *outputs])
    for node in model.graph.node:
        if node.op_type == "Conv":
            _pad_explicitly(node)
    return model.SerializeToString()


def _name(graph: Any, values: list, names: list[str]) -> None:
    """Names inputs and outputs of a graph, everywhere that they occur."""
    new = {value.name: name for value, name in zip(values, names, strict=True)}
    for value in values:
        value.name = new[value.name]
    for node in graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]


def _pad_explicitly(convolution: Any) -> None:
    """Says in numbers what "SAME" pads of a dilated convolution: ONNX Runtime refuses the word.

    Such a convolution has stride 1, so that they do not depend on the size of the image.
    """
    found = {attribute.name: attribute for attribute in convolution.attribute}
    dilations = list(found["dilations"].ints) if "dilations" in found else [1]
    if max(dilations) == 1 or "auto_pad" not in found or found["auto_pad"].s != b"SAME_UPPER":
        return
    sizes = found["kernel_shape"].ints
    total = [(size - 1) * dilation for size, dilation in zip(sizes, dilations, strict=True)]
    before = [pixels // 2 for pixels in total]
    pads = convolution.attribute.add(name="pads", type=found["dilations"].type)
    pads.ints.extend(before + [a - b for a, b in zip(total, before, strict=True)])
    convolution.attribute.remove(found["auto_pad"])
