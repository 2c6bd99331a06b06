"""Models of the kind of Segment Anything that are small and known."""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64  # of the image; logits and embedding have a fourth of it
_SMALL = SIDE // 4


def write_encoder(path: pathlib.Path, shape: tuple = (1, 3, SIDE, SIDE), channels: int = 3) -> None:
    """An encoder whose embedding is the mean of every 4 x 4 pixels."""
    pool = helper.make_node(
        "AveragePool", ["image"], ["embedding"], kernel_shape=[4, 4], strides=[4, 4]
    )
    made = _value("embedding", (1, channels, _SMALL, _SMALL))
    _write(path, [pool], [_value("image", shape)], [made])


def write_decoder(path: pathlib.Path, num_masks: int = 1, **other: object) -> None:
    """A decoder that finds what is bright: where the first channel is above 0, wherever the box.

    A mask that it is asked with is added to what it finds.

    Every further mask asks for more of it. With one mask, the IoU that it predicts is 0.5 for three
    points and 0.25 for two, whose mask is that of pixels above 1.

    Args:
        num_masks: of the multi-mask head.
        **other: `embedding`, the shape; `leave_out`, the name of an output.
    """
    shape = other.get("embedding", (1, 3, _SMALL, _SMALL))
    inputs = [
        _value("image_embeddings", shape),
        _value("point_coords", (1, "num_points", 2)),
        _value("point_labels", (1, "num_points")),
        _value("mask_input", (1, 1, _SMALL, _SMALL)),
        _value("has_mask_input", (1,)),
        _value("orig_im_size", (2,)),
    ]
    thresholds = np.arange(num_masks, dtype=np.float32).reshape(1, -1, 1, 1)
    ious = np.linspace(0.9, 0.6, num_masks, dtype=np.float32)[None]
    constants = {
        "thresholds": thresholds,
        "ious": ious,
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "three": np.array(3, np.float32),
        "quarter": np.array([[0.25]], np.float32),
        "channel": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Slice", ["image_embeddings", "zero", "one", "channel"], ["first"]),
        helper.make_node("Sub", ["first", "thresholds"], ["bright"]),
        helper.make_node("Mul", ["mask_input", "has_mask_input"], ["asked"]),
        helper.make_node("Add", ["bright", "asked"], ["seen"]),
        # 0 with a padding point, 1 without.
        helper.make_node("Shape", ["point_labels"], ["shape"]),
        helper.make_node("Slice", ["shape", "one", "two", "zero"], ["count"]),
        helper.make_node("Cast", ["count"], ["points"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["three", "points"], ["missing"]),
    ]
    constants["two"] = np.array([2], np.int64)
    if num_masks == 1:
        nodes += [
            helper.make_node("Sub", ["seen", "missing"], ["low_res_masks"]),
            helper.make_node("Mul", ["missing", "quarter"], ["less"]),
            helper.make_node("Sub", ["half", "less"], ["iou_predictions"]),
        ]
        constants["half"] = np.array([[0.5]], np.float32)
    else:
        nodes += [
            helper.make_node("Identity", ["seen"], ["low_res_masks"]),
            helper.make_node("Identity", ["ious"], ["iou_predictions"]),
        ]
    outputs = [
        _value(name, None)
        for name in ("low_res_masks", "iou_predictions")
        if name != other.get("leave_out")
    ]
    _write(path, nodes, inputs, outputs, constants)


def write_pair(folder: pathlib.Path, num_masks: int = 1) -> str:
    """The folder of an encoder and a decoder."""
    folder.mkdir(exist_ok=True)
    write_encoder(folder / "image.onnx")
    write_decoder(folder / "prompt.onnx", num_masks)
    return str(folder)


def _value(name: str, shape: tuple | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _write(
    path: pathlib.Path,
    nodes: list,
    inputs: list,
    outputs: list,
    constants: dict[str, np.ndarray] | None = None,
) -> None:
    initial = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initial)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
