"""The CRF of many images, by several processes.

The processes do not import TensorFlow, and are given the labels that are believed alone.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from boxsup_tf.crf import dense_crf
from boxsup_tf.crf.parameters import CrfParameters, check_installed
from boxsup_tf.errors import InputError
from boxsup_tf.workers.worker_pool import Failure, WorkerPool


class _Task(NamedTuple):
    key: Any
    image: np.ndarray
    believed: np.ndarray  # probabilities of the kept labels
    kept: np.ndarray


def refine_many(
    images: Iterable[tuple[Any, np.ndarray, np.ndarray]],
    parameters: CrfParameters,
    num_workers: int,
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """`dense_crf.refine` of every image, in order; the same numbers whatever `num_workers` is.

    Args:
        images: (key, image, probabilities): anything that can be pickled, and what `refine`
            takes. They are read as they are needed: a few images per process are in memory.
        num_workers: processes, at least 1.

    Yields:
        (key, image, marginals): the last float32 [H, W, C].

    Raises:
        InputError: pydensecrf is missing; or, with the key, an image ended its process twice, or
            made an error. Those before it have been given out.
    """
    check = functools.partial(check_installed, "CRF")
    check()
    function = functools.partial(_refine, parameters=parameters)
    tasks = (_task(*each) for each in images)
    with WorkerPool(function, num_workers, check) as pool:
        for task, marginals in pool.map(tasks):
            if isinstance(marginals, Failure):
                raise InputError(f"{task.key}: the CRF failed: {marginals.reason}")
            yield task.key, task.image, dense_crf.spread(marginals, task.kept)


def _task(key: Any, image: np.ndarray, probabilities: np.ndarray) -> _Task:
    kept = dense_crf.believed_labels(probabilities, dense_crf.MIN_SHARE)
    return _Task(key, image, probabilities[..., kept], kept)


def _refine(task: _Task, parameters: CrfParameters) -> np.ndarray:
    return dense_crf.refine_labels(task.image, task.believed, parameters)
