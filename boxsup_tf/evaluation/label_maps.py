"""Makes the label maps of a data set that a folder lacks, with and without the dense CRF."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

from boxsup_tf.crf.parameters import CrfParameters
from boxsup_tf.crf.refine_many import refine_many
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.inference.batching import predict_in_batches
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.records.example import Example, decode_image

T = TypeVar("T")
# An image's id, its pixels, and its label map or probabilities.
Predicted = tuple[str, np.ndarray, np.ndarray]


def make_label_maps(
    examples: Iterable[Example],
    model: SegmentationModel,
    folder: EvaluationFolder,
    batch_size: int,
    crf: CrfParameters | None,
    num_workers: int,
) -> tuple[int, dict[str, float]]:
    """Predicts the images whose label maps are missing; label maps that are there stay.

    Args:
        examples: their images.
        model: predicts them.
        folder: where the label maps go.
        batch_size: so many images of one size pass the network together at most.
        crf: None: without.
        num_workers: processes that run the CRF.

    Returns:
        The number of images that were predicted, and the seconds that were spent on `predict`:
        reading images, predicting, and writing label maps; and, with the CRF, on `crf`: waiting
        for it, and writing its label maps.

    Raises:
        InputError: pydensecrf is missing, or the CRF failed.
    """
    kinds = (False,) if crf is None else (False, True)
    images = (
        (example.source_id, decode_image(example.encoded).numpy())
        for example in examples
        if not all(folder.has_label_map(example.source_id, kind) for kind in kinds)
    )
    count = 0
    start = time.perf_counter()
    if crf is None:
        for source_id, _, label_map in predict_in_batches(model.label_maps, images, batch_size):
            folder.write_label_map(source_id, False, label_map)
            count += 1
        return count, {"predict": time.perf_counter() - start}
    stopwatch = _Stopwatch()
    believed = predict_in_batches(model.probabilities, images, batch_size)
    for source_id, marginals in refine_many(
        stopwatch.measure(_writing_plain_maps(believed, folder)), crf, num_workers
    ):
        folder.write_label_map(source_id, True, marginals.argmax(axis=-1))
        count += 1
    elapsed = time.perf_counter() - start
    return count, {"predict": stopwatch.seconds, "crf": elapsed - stopwatch.seconds}


def _writing_plain_maps(
    believed: Iterable[Predicted], folder: EvaluationFolder
) -> Iterator[Predicted]:
    for source_id, image, probabilities in believed:
        if not folder.has_label_map(source_id, crf=False):
            folder.write_label_map(source_id, False, probabilities.argmax(axis=-1))
        yield source_id, image, probabilities


class _Stopwatch:
    """Measures the time that an iterator takes to give what it is asked for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def measure(self, items: Iterator[T]) -> Iterator[T]:
        while True:
            start = time.perf_counter()
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self.seconds += time.perf_counter() - start
            yield item
