"""Segment Anything of keras-hub (`SAMImageSegmenter`), a preset by name or in a folder.

Its own call encodes the image anew for every set of prompts, so its parts are called here. Images
are normalised as the original weights expect it: the preset's own converter crops, and only scales.
"""

import textwrap
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError, require
from boxsup_tf.io.digest import digest_of
from boxsup_tf.proposals.sam.prompted_model import Masks, Prompt

_INSIDE = 1  # the label of points; those of boxes go another way


class KerasHubModel:
    """See `PromptedModel`.

    Args:
        backbone: a `keras_hub.models.SAMBackbone`.
    """

    def __init__(self, backbone: Any) -> None:
        self._backbone = backbone
        self.side: int = backbone.image_encoder.input.shape[1]
        # Its encoder of prompts shrinks masks to the embedding's size by two strides of 2.
        self.mask_side: int = 4 * backbone.image_encoder.output.shape[1]
        weights = (weight.tobytes() for weight in backbone.get_weights())
        self.identity = {"sam_weights": digest_of(weights)}

    def embed(self, square: np.ndarray) -> Any:
        return self._backbone.image_encoder(square[None], training=False)

    def masks(self, embedding: Any, prompt: Prompt) -> Masks:
        points, labels, mask = prompt
        inside = labels == _INSIDE
        encoded = self._backbone.prompt_encoder(
            points=points[None, inside],
            labels=labels[None, inside],
            boxes=points[None, None, ~inside],
            masks=None if mask is None else mask[None, None, :, :, None],
        )
        found = self._backbone.mask_decoder(image_embeddings=embedding, **encoded)
        return np.array(found["masks"][0]), np.array(found["iou_pred"][0])

    def single_mask(self, embedding: Any, prompt: Prompt) -> tuple[np.ndarray, float]:
        logits, ious = self.masks(embedding, prompt)  # its decoder gives all at once
        return logits[0], float(ious[0])


def preset_names() -> tuple[str, ...]:
    """The presets that keras-hub would download.

    Raises:
        InputError: keras-hub is missing.
    """
    return tuple(sorted(_keras_hub("").models.SAMImageSegmenter.presets))


def load(preset: str) -> KerasHubModel:
    """The model of a preset; one that is given by name is downloaded to keras-hub's cache.

    Raises:
        InputError: keras-hub is missing, or the preset is no SAM model.
    """
    keras_hub = _keras_hub(preset)
    try:
        # Not of the backbone's class, which leaves the decoder unbuilt.
        segmenter = keras_hub.models.SAMImageSegmenter.from_preset(preset, dtype="float32")
    except (ValueError, OSError, KeyError, TypeError) as error:
        line = textwrap.shorten(str(error), 300)
        raise InputError(f"--sam_model={preset}: {line}: expected a SAM preset") from None
    return KerasHubModel(segmenter.backbone)


def _keras_hub(preset: str) -> Any:
    require("keras_hub", "pip install 'boxsup_tf[keras-hub]'", f"--sam_model={preset}")
    import keras_hub

    return keras_hub
