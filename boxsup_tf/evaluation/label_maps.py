"""Makes the label maps of a data set that a folder lacks, with and without the dense CRF."""

import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from boxsup_tf.crf.parameters import CrfParameters
from boxsup_tf.crf.refine_many import refine_many
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.inference.batching import predict_in_batches
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.records.example import Example, decode_image

# An image's id, its pixels, and its probabilities.
Predicted = tuple[str, np.ndarray, np.ndarray]


def make_label_maps(
    examples: Iterable[Example],
    model: SegmentationModel,
    folders: Sequence[EvaluationFolder],
    batch_size: int,
    crf: CrfParameters | None,
    num_workers: int,
) -> tuple[int, dict[str, float]]:
    """Predicts the images whose label maps are missing; label maps that are there stay.

    Args:
        examples: their images.
        model: predicts them.
        folders: where the model's own label maps go and, with the CRF, the refined ones.
        batch_size: the most images, of one size, that pass the network together.
        crf: its parameters; None: without.
        num_workers: processes that run the CRF.

    Returns:
        The number of images that were predicted, and the seconds that were spent on `predict`:
        reading images, predicting, and writing label maps; and, with the CRF, on `crf`: waiting
        for it, and writing its label maps.

    Raises:
        InputError: pydensecrf is missing, or the CRF failed.
    """
    images = _missing(examples, folders)
    start, count = time.perf_counter(), 0
    if crf is None:
        for source_id, _, label_map in predict_in_batches(model.label_maps, images, batch_size):
            folders[0].write_label_map(source_id, label_map)
            count += 1
        return count, {"predict": time.perf_counter() - start}
    plain, refined = folders
    seconds = {"predict": 0.0}
    believed = predict_in_batches(model.probabilities, images, batch_size)
    believed = _writing_plain_maps(believed, plain, seconds)
    for source_id, _, marginals in refine_many(believed, crf, num_workers):
        refined.write_label_map(source_id, marginals.argmax(axis=-1))
        count += 1
    return count, seconds | {"crf": time.perf_counter() - start - seconds["predict"]}


def _missing(
    examples: Iterable[Example], folders: Sequence[EvaluationFolder]
) -> Iterator[tuple[str, np.ndarray]]:
    """Ids and pixels of the images of which a folder lacks the label map."""
    for example in examples:
        if not all(folder.has_label_map(example.source_id) for folder in folders):
            yield example.source_id, decode_image(example.encoded).numpy()


def _writing_plain_maps(
    believed: Iterable[Predicted], folder: EvaluationFolder, seconds: dict[str, float]
) -> Iterator[Predicted]:
    """Adds to `seconds["predict"]` the time that it takes to give what it is asked for."""
    start = time.perf_counter()
    for source_id, image, probabilities in believed:
        if not folder.has_label_map(source_id):
            folder.write_label_map(source_id, probabilities.argmax(axis=-1))
        seconds["predict"] += time.perf_counter() - start
        yield source_id, image, probabilities
        start = time.perf_counter()
    seconds["predict"] += time.perf_counter() - start
