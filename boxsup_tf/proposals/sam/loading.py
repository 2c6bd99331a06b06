"""Finds the back end of a model, and loads it once per process."""

import functools
import os

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.sam import keras_hub_model, onnx_model
from boxsup_tf.proposals.sam.prompted_model import PromptedModel


@functools.lru_cache(maxsize=1)
def load(model: str) -> PromptedModel:
    """A model that is ready for prompts.

    Args:
        model: a folder of two ONNX files, or of a preset of keras-hub; or the name of such a
            preset, which keras-hub then downloads.

    Raises:
        InputError: it is none of these; a package is missing, or see the back ends' own.
    """
    if os.path.isdir(model):
        holds_onnx = onnx_model.holds_onnx(model)
        return onnx_model.load(model) if holds_onnx else keras_hub_model.load(model)
    expected = "expected a folder of two ONNX files or of a keras-hub preset"
    if not model or os.path.sep in model or os.path.exists(model):
        raise InputError(f"--sam_model={model}: no folder: {expected}")
    names = keras_hub_model.preset_names()
    if model not in names:
        raise InputError(f"--sam_model={model}: no folder: {expected}, or {', '.join(names)}")
    return keras_hub_model.load(model)
