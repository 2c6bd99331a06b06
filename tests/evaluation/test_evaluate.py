"""Scores of a model and of its export, against scikit-learn, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest
from sklearn import metrics

from boxsup_tf import fields
from boxsup_tf.data import records
from boxsup_tf.data.dataset_info import DatasetInfo, check_same_classes, shard_paths
from boxsup_tf.data.example import decode_image
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.data.writer import write_dataset
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import evaluate
from boxsup_tf.inference.export import export
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.models import scores
from boxsup_tf.models.networks import build_network


def write(folder: str, examples: list) -> str:
    info = DatasetInfo({"dataset": "shapes"}, SHAPE_CLASSES, num_shards=2)

    def make_records(indices: range) -> list[bytes]:
        return [records.encode_example(examples[i], SHAPE_CLASSES) for i in indices]

    write_dataset(folder, info, len(examples), make_records, "write")
    return folder


@pytest.fixture(scope="module")
def examples() -> list:
    """Five images; the first has void pixels, the third no mask."""
    reader = ShapesReader(5, seed=11, image_size=80)
    examples = [reader[i] for i in range(5)]
    mask = np.array(examples[0].mask)
    mask[:20] = fields.VOID
    examples[0] = dataclasses.replace(examples[0], mask=mask)
    examples[2] = dataclasses.replace(examples[2], mask=None)
    return examples


@pytest.fixture(scope="module")
def dataset(examples, tmp_path_factory) -> str:
    return write(str(tmp_path_factory.mktemp("records")), examples)


@pytest.fixture(scope="module")
def model():
    model = build_network("largefov", len(SHAPE_CLASSES), width_multiplier=0.1, seed=4)
    # Opinions enough for a score of every kind: right, wrong, and never predicted.
    last = model.get_layer("fc8")
    kernel = np.random.default_rng(4).normal(0, 3, last.kernel.shape)
    last.set_weights([kernel, np.zeros(len(SHAPE_CLASSES))])
    image = ShapesReader(1, seed=12, image_size=80)[0]
    pixels = decode_image(image.encoded)[None]
    logits = scores.full_resolution_logits(model, pixels).numpy()
    last.set_weights([kernel, -logits.mean(axis=(0, 1, 2))])
    return model


def test_scores_equal_scikit_learn_for_model_and_export(model, dataset, examples, tmp_path):
    predictor = Predictor(model)
    truths, predictions = [], []

    def predict(images):
        return predictor.predict(images)[fields.SEMANTIC_PREDICTIONS]

    for example in examples:
        if example.mask is not None:
            image = decode_image(example.encoded)
            known = example.mask != fields.VOID
            truths.append(example.mask[known])
            predictions.append(predict(image[None]).numpy()[0][known])
    truth, predicted = np.concatenate(truths), np.concatenate(predictions)
    occurring = np.union1d(truth, predicted)
    assert len(np.unique(predicted)) > 2
    expected = metrics.jaccard_score(truth, predicted, labels=occurring, average=None)

    result = evaluate(predict, dataset, str(tmp_path / "model"), SHAPE_CLASSES)
    assert result["mean_iou"] == pytest.approx(expected.mean(), rel=1e-9)
    by_name = {
        SHAPE_CLASSES[label]: value for label, value in zip(occurring, expected, strict=True)
    }
    for name in SHAPE_CLASSES:
        wanted = by_name.get(name)
        assert result["per_class_iou"][name] == (wanted and pytest.approx(wanted, rel=1e-9))
    assert result["pixel_accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert (result["num_images"], result["num_images_without_mask"]) == (4, 1)
    assert json.loads((tmp_path / "model" / "metrics.json").read_text()) == result

    saved_model = load_saved_model(export(model, SHAPE_CLASSES, str(tmp_path / "export")))
    of_export = evaluate(
        lambda images: saved_model.predict(images)[0],
        dataset,
        str(tmp_path / "saved"),
        saved_model.class_names,
    )
    assert of_export == result


def test_perfect_and_useless_predictions(examples, dataset, tmp_path):
    masks = iter([example.mask for example in examples if example.mask is not None])
    result = evaluate(
        lambda _: next(masks)[None].astype(np.int32), dataset, str(tmp_path), SHAPE_CLASSES
    )
    assert result["mean_iou"] == result["pixel_accuracy"] == 1
    found = set(np.unique(np.concatenate([e.mask.ravel() for e in examples if e.mask is not None])))
    absent = {name for label, name in enumerate(SHAPE_CLASSES) if label not in found}
    for name, value in result["per_class_iou"].items():
        assert value == (None if name in absent else 1)

    def all_star(images):
        return np.ones(images.shape[:3], np.int32)

    result = evaluate(all_star, dataset, str(tmp_path), SHAPE_CLASSES)
    assert result["per_class_iou"]["background"] == 0
    assert result["mean_iou"] < 0.2


def test_nothing_to_score_is_refused(examples, tmp_path):
    bare = write(str(tmp_path / "bare"), [examples[2]])
    with pytest.raises(InputError, match="none of 1 images has a class mask"):
        evaluate(lambda images: images[..., 0], bare, str(tmp_path), SHAPE_CLASSES)
    all_void = np.full_like(examples[0].mask, fields.VOID)
    void = write(str(tmp_path / "void"), [dataclasses.replace(examples[0], mask=all_void)])
    with pytest.raises(InputError, match="every pixel of the masks is void"):
        evaluate(lambda x: np.zeros(x.shape[:3], np.int32), void, str(tmp_path), SHAPE_CLASSES)
    with pytest.raises(InputError, match="dataset.json: not found"):
        evaluate(lambda images: images, str(tmp_path), str(tmp_path), SHAPE_CLASSES)


def test_other_classes_are_refused(dataset, tmp_path):
    for names, message in (
        (
            ("background", "star", "moon", *SHAPE_CLASSES[3:]),
            "label 2 is 'crescent': expected 'mo",
        ),
        (SHAPE_CLASSES[:-1], "label 4 is 'cross': expected 'no class'"),
        ((*SHAPE_CLASSES, "moon"), "label 5 is 'no class': expected 'moon'"),
    ):
        with pytest.raises(InputError, match=message):
            evaluate(lambda images: images, dataset, str(tmp_path), names)
    check_same_classes("a", list(SHAPE_CLASSES), "b", SHAPE_CLASSES)


def test_missing_and_damaged_shards_are_named(examples, tmp_path):
    folder = write(str(tmp_path / "records"), [examples[0], examples[1]])
    first, second = shard_paths(folder, 2)

    def all_background(images):
        return np.zeros(images.shape[:3], np.int32)

    with open(second, "r+b") as file:
        file.truncate(100)
    with pytest.raises(InputError, match="damaged TFRecord"):
        evaluate(all_background, folder, str(tmp_path), SHAPE_CLASSES)
    (tmp_path / "records" / first.split("/")[-1]).unlink()
    with pytest.raises(InputError, match="data-00000-of-00002.tfrecord: shard not found"):
        evaluate(all_background, folder, str(tmp_path), SHAPE_CLASSES)
