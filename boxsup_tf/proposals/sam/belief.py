"""What a trained network believes of a box, as a mask prompt: it points, the other cuts out.

A network that has learnt the classes knows which of the things in a box is meant; a prompted model
knows outlines. Not of the BoxSup paper; measured in docs/proposals.md.
"""

import functools

import cv2
import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io.digest import digest_of
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.proposals.sam.prompted_model import padded, scaled_to

# The network sees images at this many times their size, as in mask updates by default.
_SCALE = 1.25
# Of the log-odds, whose outlines are blurred; and the largest logits that a decoder is asked with.
_GAIN, _SURE = 2.0, 10.0
# Of the prompt, in the answer: the decoder alone follows a prompt less than its own eyes.
_SHARE = 0.15


class Belief:
    """A network that says where in a box it sees the box's class.

    Args:
        segmenter: the network.

    Attributes:
        identity: a digest of its weights.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._logits = tf.function(
            lambda image: segmenter.logits(image[None], _SCALE)[0],
            input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)],
        )
        weights = (weight.tobytes() for weight in segmenter.model.get_weights())
        what = repr(segmenter.architecture).encode()
        self.identity = {"sam_belief": digest_of([what, *weights])}

    def check_classes(self, class_names: tuple[str, ...]) -> None:
        """Makes sure that labels mean the same.

        Raises:
            InputError: the network has other classes.
        """
        known = self._segmenter.class_names
        if known != class_names:
            raise InputError(
                f"--sam_belief: a network of the classes {', '.join(known)}: expected those of the "
                f"records, {', '.join(class_names)}"
            )

    def logits(self, image: np.ndarray) -> np.ndarray:
        """float32 [H, W, num_classes] of uint8 [H, W, 3], RGB."""
        return self._logits(image).numpy()


@functools.lru_cache(maxsize=1)
def load_belief(model_dir: str) -> Belief:
    """The network of a run's folder, once per process; see `load_segmenter`."""
    try:
        return Belief(load_segmenter(model_dir))
    except InputError as error:
        raise InputError(f"--sam_belief={error}") from None


def mask_prompt(
    logits: np.ndarray, label: int, window: np.ndarray, side: int, mask_side: int
) -> np.ndarray:
    """A belief as logits of a prompted model's square.

    They are the log-odds of the box's class against the background, less their mean over the box
    where that is negative: an immature network is sure of background before it is sure of anything
    else. They are doubled, and cut off at what decoders give. Outside the box there is nothing.

    Args:
        logits: float32 [H, W, num_classes] of the network.
        label: of the box, above 0.
        window: int [4], the box's pixels, yxyx half-open.
        side, mask_side: see `PromptedModel`.

    Returns:
        float32 [mask_side, mask_side].
    """
    height, width = logits.shape[:2]
    top, left, bottom, right = window
    inside = logits[top:bottom, left:right]
    log_odds = inside[:, :, label] - inside[:, :, 0]
    believed = np.full((height, width), -_SURE, np.float32)
    lifted = _GAIN * (log_odds - min(log_odds.mean(), 0))
    believed[top:bottom, left:right] = np.clip(lifted, -_SURE, _SURE)
    square = padded(scaled_to(believed, side), side, -_SURE)
    return cv2.resize(square, (mask_side, mask_side), interpolation=cv2.INTER_AREA)


def with_belief(answer: np.ndarray, prompt: np.ndarray) -> np.ndarray:
    """The answer's logits, float32 [s, s], with a share of those that were asked with."""
    return answer + _SHARE * cv2.resize(prompt, answer.shape[::-1])
