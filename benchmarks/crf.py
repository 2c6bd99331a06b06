"""The dense CRF: labels left out, two processes, and TensorFlow operations against pydensecrf.

    python benchmarks/crf.py --model_dir=runs/voc/best --data=records/voc_val --json=crf.json

On score maps of a trained network, all its classes and no others. Reported are the medians over
repeats of ratios of times measured in turn, and the share of pixels of equal label:

    pruned_speedup, pruned_agreement: all labels against those that are believed, pydensecrf.
    two_process_speedup: `refine_many` of the images, several times over, by one process and by
        two; their start is part of it.
    in_graph_agreement: the CRF in TensorFlow operations and pydensecrf, the same labels left out.
    in_graph_over_pydensecrf: its time, by that of pydensecrf in one process.

The published 21 labels need a network of 21 classes.
"""

import itertools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import collections
from collections.abc import Callable

import numpy as np
import program
import side_by_side
import tensorflow as tf
from absl import flags

from boxsup_tf.crf import dense_crf, mean_field
from boxsup_tf.crf.parameters import CrfParameters, load_parameters
from boxsup_tf.crf.refine_many import refine_many
from boxsup_tf.evaluation.examples import read_examples
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.records.dataset_info import check_same_classes, load_complete
from boxsup_tf.records.example import decode_image

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "Folder of a training run.", required=True)
_DATA = flags.DEFINE_string("data", None, "Folder of records with masks.", required=True)
_PARAMETERS = flags.DEFINE_string(
    "crf_parameters", "deeplab_largefov", "Name of a parameter set, or a crf.json."
)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 12, "Spread over the data.", lower_bound=2)
_NUM_REPEATS = flags.DEFINE_integer("num_repeats", 5, "Of every measurement.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_ROUNDS = 4  # of the images, in the measurement of processes

Images = list[tuple[int, np.ndarray, np.ndarray]]  # key, image, probabilities


def main(_: object) -> None:
    parameters = load_parameters(_PARAMETERS.value)
    images, num_classes = _load_images()
    in_graph = _make_in_graph(parameters, num_classes)
    refiners = {
        "all": lambda image, scores: dense_crf.refine(image, scores, parameters, 0.0),
        "pruned": lambda image, scores: dense_crf.refine(image, scores, parameters),
        "in_graph": lambda image, scores: in_graph(image[None], scores[None]).numpy()[0],
    }
    work: dict[str, Callable[[], object]] = {
        name: _over(images, refine) for name, refine in refiners.items()
    }
    for num_workers in (1, 2):
        work[f"workers_{num_workers}"] = _by_workers(images * _ROUNDS, parameters, num_workers)
    times = side_by_side.measure(work, _NUM_REPEATS.value)
    results = {
        "pruned_speedup": side_by_side.ratio(times["all"], times["pruned"]),
        "pruned_agreement": _agreement(images, refiners["all"], refiners["pruned"]),
        "two_process_speedup": side_by_side.ratio(times["workers_1"], times["workers_2"]),
        "in_graph_agreement": _agreement(images, refiners["pruned"], refiners["in_graph"]),
        "in_graph_over_pydensecrf": side_by_side.ratio(times["in_graph"], times["pruned"]),
        "num_classes": num_classes,
        "labels_kept": float(np.mean([_num_kept(scores) for *_, scores in images])),
        "num_images": len(images),
        "num_repeats": _NUM_REPEATS.value,
    }
    results |= {
        f"{name}_ms_per_image": 1000 * float(np.median(times[name])) / len(images)
        for name in refiners
    }
    for name, value in results.items():
        print(f"{name:>26} {value:12.5f}")
    if _JSON.value:
        write_json(_JSON.value, results)


def _load_images() -> tuple[Images, int]:
    info = load_complete(_DATA.value)
    segmenter = load_segmenter(_MODEL_DIR.value)
    class_names = segmenter.class_names
    check_same_classes("the model", class_names, _DATA.value, info.class_names)
    predictor = Predictor(segmenter)
    step = max(1, info.num_images_with_masks // _NUM_IMAGES.value)
    examples = itertools.islice(read_examples(_DATA.value, info, "score maps"), 0, None, step)
    images = []
    for key, example in enumerate(itertools.islice(examples, _NUM_IMAGES.value)):
        image = decode_image(example.encoded)
        probabilities = predictor.probabilities(image[None])[0]
        images.append((key, image.numpy(), probabilities.numpy()))
    return images, len(class_names)


def _make_in_graph(parameters: CrfParameters, num_classes: int) -> Callable:
    signature = [
        tf.TensorSpec([None, None, None, 3], tf.uint8),
        tf.TensorSpec([None, None, None, num_classes], tf.float32),
    ]

    @tf.function(input_signature=signature)
    def in_graph(images: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        return mean_field.refine(images, probabilities, parameters)

    return in_graph


def _over(images: Images, refine: Callable) -> Callable[[], None]:
    def run() -> None:
        for _, image, probabilities in images:
            refine(image, probabilities)

    return run


def _by_workers(
    images: Images, parameters: CrfParameters, num_workers: int
) -> Callable[[], object]:
    return lambda: collections.deque(refine_many(images, parameters, num_workers), maxlen=0)


def _agreement(images: Images, first: Callable, second: Callable) -> float:
    """The share of pixels of equal label over all images."""
    same = [
        (first(image, scores).argmax(axis=-1) == second(image, scores).argmax(axis=-1)).ravel()
        for _, image, scores in images
    ]
    return float(np.concatenate(same).mean())


def _num_kept(probabilities: np.ndarray) -> int:
    return int(dense_crf.believed_labels(probabilities, dense_crf.MIN_SHARE).sum())


if __name__ == "__main__":
    program.run(main)
