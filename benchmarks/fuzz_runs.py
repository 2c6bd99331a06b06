"""What fuzz.py damages of runs, evaluations and predictions."""

import os

import numpy as np
import tensorflow as tf
from fuzz_reader import SIDE, Reader, digest, put, shapes

from boxsup_tf.commands import command_line
from boxsup_tf.crf.parameters import PARAMETER_SETS, load_parameters
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.report.curves import training_section
from boxsup_tf.evaluation.result import Evaluation, read_evaluations
from boxsup_tf.evaluation.trimap import Trimap
from boxsup_tf.evaluation.tune_crf import Grid, _Search
from boxsup_tf.inference.class_names_file import format_class_names, read_class_names
from boxsup_tf.inference.prediction_folder import PredictionFolder
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.models.architecture import Architecture, read_architecture
from boxsup_tf.models.saved_network import choose_network, load_segmenter
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.recipes.step import flags_of, read_flagfile
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.history import History
from boxsup_tf.training.run_settings import DataSettings, open_run, read_config

NAMES = ("background", "cat", "dog")
_WIDTH = 0.02
_DATA: DataSettings = {"data_digests": ["abc"], "pools": [{"method": "scg", "number": 9}]}
_SETTINGS = {"weights": "abc", "data": "xyz", "scales": [1.0], "flip": False}


def make_segmenter() -> Segmenter:
    return Segmenter.build(Architecture("largefov", _WIDTH, NAMES))


def _write_run(folder: str) -> None:
    open_run(folder, TrainConfig("data:box", width_multiplier=_WIDTH), NAMES, _DATA)
    history = History(folder, 0)
    for epoch in range(3):
        history.add(epoch, {"loss": 1.5 - epoch, "val_mean_iou": None, "changed_share": 0.5})


def _write_checkpoint(folder: str) -> None:
    _write_run(folder)
    checkpoint = tf.train.Checkpoint(model=make_segmenter().model)
    tf.train.CheckpointManager(checkpoint, folder, 2).save()


def _read_checkpoint(folder: str) -> str:
    segmenter = load_segmenter(choose_network(folder, "last")[0])
    return digest(b"".join(weight.tobytes() for weight in segmenter.model.get_weights()))


def _read_config(folder: str) -> str:
    return f"{read_config(folder)} {read_architecture(folder)}"


def _read_metrics(folder: str) -> list:
    training_section(folder)
    return History(folder, 2).epochs


def _write_crf(folder: str) -> None:
    search = _Search(folder, _SETTINGS, os.path.join(folder, "maps"))
    search._note(None, 0.5)
    for parameters in PARAMETER_SETS.values():
        search._note(parameters, 0.6)


def _read_crf(folder: str) -> str:
    search = _Search(folder, _SETTINGS, os.path.join(folder, "maps"))
    untried = search.untried([*Grid().settings()[:3], *PARAMETER_SETS.values()])
    return f"{load_parameters(os.path.join(folder, 'crf.json'))} {untried}"


def _evaluation_folder(folder: str) -> EvaluationFolder:
    return EvaluationFolder(folder, _SETTINGS, "a model")


def _write_evaluation(folder: str) -> None:
    for shape in (shapes()[0], shapes()[1]):
        assert shape.mask is not None
        label_map = np.minimum(shape.mask, 2)
        _evaluation_folder(folder).write_label_map(shape.source_id, label_map)
    counts = np.array([[5, 1, 0], [2, 9, 1], [0, 1, 3]])
    summary = ConfusionMatrix(counts).summary(NAMES)
    image = {"mean_iou": 0.5, "pixel_accuracy": 0.5, "classes": {"cat": 0.75}}
    image["counts"] = {"cat": {"cat": 3, "background": 1}}
    Evaluation(
        name="mine",
        path=folder,
        data="xyz",
        metrics=summary | {"num_images": 2, "num_images_without_mask": 1},
        images={"b": image, "a": image | {"mean_iou": None}},
        trimap=Trimap([1.0, 2.5], [0.5, None], [0.25, 1.0]),
        confusion=counts,
    ).write()


def _read_evaluation(folder: str) -> str:
    found = read_evaluations(folder, "mine")
    maps = [
        digest(_evaluation_folder(folder).read_label_map(shape, len(NAMES)))
        for shape in (shapes()[0], shapes()[1])
    ]
    scores = [(one.data, one.per_class, one.images, one.trimap, one.confusion) for one in found]
    return f"{scores} {maps}"


def _prediction_folder(folder: str) -> PredictionFolder:
    paths = {"a": os.path.join(folder, "a.jpg"), "b": os.path.join(folder, "b.jpg")}
    return PredictionFolder(folder, {"model": "abc"}, NAMES, paths)


def _write_predictions(folder: str) -> None:
    found = _prediction_folder(folder)
    for name in "ab":
        label_map = np.arange(SIDE**2).reshape(SIDE, SIDE) % 3
        image = np.zeros((SIDE, SIDE, 3), np.uint8)
        found.write(name, image, label_map.astype(np.uint8))
    found.save()


def _read_predictions(folder: str) -> str:
    found = _prediction_folder(folder)
    finished = [found.is_finished(name) for name in "ab"]
    found.save()
    return f"{finished} {found._images}"


def _write_flagfile(folder: str) -> None:
    lines = ["# what it is for", "--train_data=data:box", "--epochs=3", "--nojit_compile"]
    put(folder, "train.flags", "\n".join([*lines, "--min_scale=0.5", "--k=2"]))
    put(folder, "step.flags", "# what it is for\n--train_data=data:box\n--epochs=3\n")


def _read_flagfile(folder: str) -> str:
    step = os.path.join(folder, "step.flags")
    flags = flags_of(step, read_flagfile(step))
    parsed = command_line.parse([TrainConfig], [f"--flagfile={folder}/train.flags"])
    return f"{parsed} {flags}"


def _write_label_map(folder: str) -> None:
    put(folder, "label_map.txt", format_class_names(NAMES))


_EVALUATION = ("metrics", "per_image", "trimap", "confusion", "evaluation")

READERS = {
    "config_json": Reader(("config.json",), _write_run, _read_config),
    "run_metrics": Reader(("metrics.json",), _write_run, _read_metrics),
    "checkpoint": Reader(
        ("checkpoint", "ckpt-1.index", "ckpt-1.data-00000-of-00001"),
        _write_checkpoint,
        _read_checkpoint,
        "bytes",
        has_checksum=True,
        share=0.4,
    ),
    "crf_json": Reader(("crf.json",), _write_crf, _read_crf),
    "evaluation": Reader(
        (*(f"{name}.json" for name in _EVALUATION), "predictions/shapes_1_000000.png"),
        _write_evaluation,
        _read_evaluation,
    ),
    "predictions": Reader(
        ("predictions.json", "masks/a.png"), _write_predictions, _read_predictions
    ),
    "flagfile": Reader(("train.flags", "step.flags"), _write_flagfile, _read_flagfile),
    "label_map": Reader(
        ("label_map.txt",),
        _write_label_map,
        lambda folder: read_class_names(os.path.join(folder, "label_map.txt")),
    ),
}
