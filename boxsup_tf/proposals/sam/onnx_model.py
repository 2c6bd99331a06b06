"""Encoder and decoder as two ONNX files, by onnxruntime: the pair that labelling tools use.

The decoder has the inputs and outputs of the export script of Segment Anything (image_embeddings,
point_coords, point_labels, mask_input, has_mask_input, orig_im_size to masks, iou_predictions,
low_res_masks). One that was exported to return a single mask chooses it by the number of points:
with a padding point, of label -1, the single-mask token's, without it the best of the three others.
"""

import functools
import glob
import hashlib
import os
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError, require
from boxsup_tf.proposals.sam.prompted_model import Masks

# Of ImageNet, in R, G and B.
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
_DECODER_INPUTS = {
    "image_embeddings",
    "point_coords",
    "point_labels",
    "mask_input",
    "has_mask_input",
    "orig_im_size",
}
_DECODER_OUTPUTS = ("low_res_masks", "iou_predictions")
_PADDING = np.zeros((1, 2), np.float32), np.full(1, -1, np.float32)


class OnnxModel:
    """A pair of sessions, of one thread each; see `PromptedModel`."""

    def __init__(self, encoder: Any, decoder: Any, identity: dict[str, str]) -> None:
        self.identity = identity
        self._encoder, self._decoder = encoder, decoder
        (self._image,) = encoder.get_inputs()
        self.side = self._image.shape[-1]
        shapes = {each.name: each.shape for each in decoder.get_inputs()}
        self._no_mask = np.zeros(shapes["mask_input"], np.float32)

    def embed(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        square = np.zeros((1, 3, self.side, self.side), np.float32)
        normal = (image - _MEAN) / _DEVIATION
        square[0, :, :height, :width] = normal.transpose(2, 0, 1)
        return self._encoder.run(None, {self._image.name: square})[0]

    def masks(self, embedding: np.ndarray, points: np.ndarray, labels: np.ndarray) -> Masks:
        padded = np.concatenate([points, _PADDING[0]]), np.concatenate([labels, _PADDING[1]])
        logits, ious = self._decode(embedding, *padded)
        if len(ious) == 1:
            second = self._decode(embedding, points, labels)
            logits, ious = np.concatenate([logits, second[0]]), np.concatenate([ious, second[1]])
        return logits, ious

    def _decode(self, embedding: np.ndarray, points: np.ndarray, labels: np.ndarray) -> Masks:
        feed = {
            "image_embeddings": embedding,
            "point_coords": points[None],
            "point_labels": labels[None],
            "mask_input": self._no_mask,
            "has_mask_input": np.zeros(1, np.float32),
            "orig_im_size": np.full(2, self.side, np.float32),
        }
        logits, ious = self._decoder.run(_DECODER_OUTPUTS, feed)
        return logits[0], ious[0]


@functools.lru_cache(maxsize=1)
def load(folder: str) -> OnnxModel:
    """The model of a folder that holds two ONNX files; once per process.

    Raises:
        InputError: onnxruntime is missing; the folder holds other than two ONNX files, or they are
            not an encoder and a decoder.
    """
    require("onnxruntime", "pip install onnxruntime", f"--sam_model={folder}")
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), "*.onnx")))
    if len(paths) != 2:
        raise InputError(
            f"--sam_model={folder}: holds {len(paths)} ONNX files: expected two, an "
            "encoder and a decoder"
        )
    sessions = {path: _session(path) for path in paths}
    decoders = [path for path in paths if _names(sessions[path]) == _DECODER_INPUTS]
    if len(decoders) != 1:
        raise InputError(
            f"--sam_model={folder}: {len(decoders)} of its ONNX files have the inputs "
            f"{', '.join(sorted(_DECODER_INPUTS))}: expected one, the decoder"
        )
    (encoder,) = set(paths) - set(decoders)
    image, *others = sessions[encoder].get_inputs()
    if others or len(image.shape) != 4 or image.shape[1] != 3 or image.shape[2] != image.shape[3]:
        raise InputError(
            f"{encoder}: its inputs are {_described(sessions[encoder])}: expected one image "
            "[1, 3, side, side]"
        )
    identity = {"sam_encoder": _digest(encoder), "sam_decoder": _digest(decoders[0])}
    return OnnxModel(sessions[encoder], sessions[decoders[0]], identity)


def _session(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Worker processes fill the cores, and sums keep one order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common base
        raise InputError(f"{path}: no ONNX model: {error}: expected one") from None


def _names(session: Any) -> set[str]:
    return {each.name for each in session.get_inputs()}


def _described(session: Any) -> str:
    return ", ".join(f"{each.name} {each.shape}" for each in session.get_inputs())


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
