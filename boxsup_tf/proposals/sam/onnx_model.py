"""Encoder and decoder as two ONNX files, by onnxruntime: the pair that labelling tools use.

The decoder has the inputs and outputs that the export script of Segment Anything gives it
(github.com/facebookresearch/segment-anything, scripts/export_onnx_model.py). One that was exported
to return a single mask chooses it by the number of points: with a padding point, of label -1, it is
the single-mask token's, without it the best of the others.
"""

import glob
import hashlib
import os
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError, require
from boxsup_tf.proposals.sam.prompted_model import Masks, Prompt

_DECODER_INPUTS = (
    *("image_embeddings", "point_coords", "point_labels"),
    *("mask_input", "has_mask_input", "orig_im_size"),
)
_DECODER_OUTPUTS = ("low_res_masks", "iou_predictions")


class OnnxModel:
    """See `PromptedModel`.

    Args:
        encoder, decoder: sessions.
        identity: see `PromptedModel`.
    """

    def __init__(self, encoder: Any, decoder: Any, identity: dict[str, str]) -> None:
        self.identity = identity
        self._encoder, self._decoder = encoder, decoder
        self.side: int = encoder.get_inputs()[0].shape[-1]
        shapes = {each.name: each.shape for each in decoder.get_inputs()}
        self._mask_shape = tuple(shapes["mask_input"])
        self.mask_side: int = self._mask_shape[-1]

    def embed(self, square: np.ndarray) -> np.ndarray:
        (image,) = self._encoder.get_inputs()
        return self._encoder.run(None, {image.name: square.transpose(2, 0, 1)[None]})[0]

    def masks(self, embedding: np.ndarray, prompt: Prompt) -> Masks:
        logits, ious = self._decode(embedding, _with_padding(prompt))
        if len(ious) > 1:
            return logits, ious
        other_logits, other_ious = self._decode(embedding, prompt)
        return np.concatenate([logits, other_logits]), np.concatenate([ious, other_ious])

    def single_mask(self, embedding: np.ndarray, prompt: Prompt) -> tuple[np.ndarray, float]:
        logits, ious = self._decode(embedding, _with_padding(prompt))
        return logits[0], float(ious[0])

    def _decode(self, embedding: np.ndarray, prompt: Prompt) -> Masks:
        points, labels, mask = prompt
        has_mask = np.full(1, mask is not None, np.float32)
        mask = np.zeros(self._mask_shape, np.float32) if mask is None else mask[None, None]
        values = (
            *(embedding, points[None], labels[None], mask, has_mask),
            np.full(2, self.side, np.float32),  # the size of an output that nobody reads
        )
        feed = dict(zip(_DECODER_INPUTS, values, strict=True))
        logits, ious = self._decoder.run(_DECODER_OUTPUTS, feed)
        return logits[0], ious[0]


def _with_padding(prompt: Prompt) -> Prompt:
    """With a point that is none."""
    return prompt._replace(
        points=np.concatenate([prompt.points, np.zeros((1, 2), np.float32)]),
        labels=np.append(prompt.labels, np.float32(-1)),
    )


def holds_onnx(folder: str) -> bool:
    """Whether a folder holds ONNX files."""
    return bool(_files(folder))


def load(folder: str) -> OnnxModel:
    """The model of a folder with two ONNX files, whatever they are called.

    Raises:
        InputError: onnxruntime is missing; there are not two, not one of them is a decoder, or see
            `OnnxModel`.
    """
    require("onnxruntime", "pip install onnxruntime", f"--sam_model={folder}")
    paths = _files(folder)
    if len(paths) != 2:
        raise InputError(
            f"--sam_model={folder}: holds {len(paths)} ONNX files: expected two, an encoder and a "
            "decoder"
        )
    sessions = {path: _session(path) for path in paths}
    decoders = [path for path in paths if _is_decoder(sessions[path])]
    if len(decoders) != 1:
        raise InputError(
            f"--sam_model={folder}: {len(decoders)} of its two ONNX files have the inputs "
            f"{', '.join(_DECODER_INPUTS)} and the outputs {', '.join(_DECODER_OUTPUTS)}: "
            "expected one, the decoder"
        )
    (decoder,) = decoders
    (encoder,) = set(paths) - {decoder}
    _check_encoder(encoder, sessions[encoder])
    _check_sizes(decoder, sessions[decoder], sessions[encoder])
    identity = {"sam_encoder": _digest(encoder), "sam_decoder": _digest(decoder)}
    model = OnnxModel(sessions[encoder], sessions[decoder], identity)
    _check_masks(decoder, model, sessions[decoder])
    return model


def _files(folder: str) -> list[str]:
    return sorted(glob.glob(os.path.join(glob.escape(folder), "*.onnx")))


def _is_decoder(session: Any) -> bool:
    inputs = {each.name for each in session.get_inputs()}
    outputs = {each.name for each in session.get_outputs()}
    return inputs == set(_DECODER_INPUTS) and outputs >= set(_DECODER_OUTPUTS)


def _check_encoder(path: str, encoder: Any) -> None:
    inputs, outputs = encoder.get_inputs(), encoder.get_outputs()
    shape = inputs[0].shape
    square = len(shape) == 4 and shape[1] == 3 and shape[2] == shape[3]
    if not square or not isinstance(shape[3], int) or len(inputs) + len(outputs) != 2:
        described = [f"{each.name} {each.shape}" for each in [*inputs, *outputs]]
        raise InputError(
            f"{path}: its inputs and outputs are {', '.join(described)}: expected one image "
            "[1, 3, side, side] with a number for side, and its embedding"
        )


def _check_sizes(path: str, decoder: Any, encoder: Any) -> None:
    shapes = {each.name: each.shape for each in decoder.get_inputs()}
    embedding, mask = shapes["image_embeddings"], shapes["mask_input"]
    given = encoder.get_outputs()[0].shape
    if given[1:] != embedding[1:] or not all(isinstance(size, int) for size in mask):
        raise InputError(
            f"{path}: image_embeddings is {embedding}, mask_input {mask}: expected {given} as the "
            "encoder beside it gives, and numbers"
        )


def _check_masks(path: str, model: OnnxModel, decoder: Any) -> None:
    """By one decoding: not all shapes are known before."""
    shapes = {each.name: each.shape for each in decoder.get_inputs()}
    embedding = np.zeros((1, *shapes["image_embeddings"][1:]), np.float32)
    corners = np.array([[0, 0], [model.side, model.side]], np.float32)
    try:
        logits, ious = model.masks(embedding, Prompt(corners, np.array([2, 3], np.float32)))
    except Exception as error:  # those of onnxruntime have no base of their own
        raise InputError(f"{path}: {_line(error)}: expected masks of a box") from None
    if logits.ndim != 3 or logits.shape[1] != logits.shape[2] or ious.shape != logits.shape[:1]:
        raise InputError(
            f"{path}: low_res_masks are {[1, *logits.shape]}, iou_predictions {[1, *ious.shape]}: "
            "expected [1, M, side, side] and [1, M]"
        )


def _session(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Worker processes fill the cores, and sums keep one order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # those of onnxruntime have no base of their own
        raise InputError(f"{path}: {_line(error)}: expected an ONNX model") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
