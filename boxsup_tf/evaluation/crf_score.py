"""What a CRF makes of a stored score map: work for processes that do not import TensorFlow."""

import numpy as np

from boxsup_tf.crf import dense_crf
from boxsup_tf.crf.parameters import CrfParameters
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.metrics.confusion import count_pixels


def write_score_map(
    path: str,
    image: np.ndarray,
    probabilities: np.ndarray,
    truth: np.ndarray,
    min_share: float,
) -> None:
    """Writes what `confusion_with_crf` needs of an image, whole or not at all.

    Args:
        path: of a file .npz.
        image: uint8 [H, W, 3], RGB.
        probabilities: float32 [H, W, C]; labels left out by the CRF are not written.
        truth: integer [H, W], `VOID` where unknown.
        min_share: see `dense_crf.refine`.
    """
    kept = dense_crf.believed_labels(probabilities, min_share)
    with atomic_write(path, "wb") as file:
        np.savez(
            file,
            image=image,
            believed=probabilities[..., kept],
            kept=kept,
            truth=truth.astype(np.uint8),
        )


def confusion_with_crf(task: tuple[str, CrfParameters | None]) -> np.ndarray:
    """The confusion matrix of one image.

    Args:
        task: path of a score map; parameters of the CRF, None: without CRF.

    Returns:
        int64 [C, C], true label by predicted label; void pixels are left out.
    """
    path, parameters = task
    with np.load(path) as file:
        image, believed, kept, truth = (
            file[name] for name in ("image", "believed", "kept", "truth")
        )
    if parameters:
        believed = dense_crf.refine_labels(image, believed, parameters)
    predicted = np.flatnonzero(kept)[believed.argmax(axis=-1)]
    return count_pixels(truth, predicted, kept.size)
