"""Scores and files of an evaluation, against scikit-learn; resuming; what is refused."""

import dataclasses
import io
import json
import os
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt
from sklearn import metrics

from boxsup_tf.crf.dense_crf import refine
from boxsup_tf.crf.parameters import PARAMETER_SETS
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.labels import VOID
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo, check_same_classes, shard_paths
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.writer import write_dataset
from tests.conftest import needs_crf


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
    mask[:20] = VOID
    examples[0] = dataclasses.replace(examples[0], mask=mask)
    examples[2] = dataclasses.replace(examples[2], mask=None)
    return examples


@pytest.fixture(scope="module")
def dataset(examples, tmp_path_factory) -> str:
    return write(str(tmp_path_factory.mktemp("records")), examples)


def segmentation_model(
    label_maps: Callable, probabilities: Callable | None = None, names: tuple = SHAPE_CLASSES
) -> SegmentationModel:
    return SegmentationModel(names, {"weights": "a"}, label_maps, probabilities or label_maps)


def by_colour(images: np.ndarray) -> np.ndarray:
    """Probabilities of a model that has opinions of every kind: right, wrong, never predicted."""
    red, green, blue = np.moveaxis(images.astype(np.float32) / 255, -1, 0)
    scores = [np.full_like(red, 0.9), 2 * red - green, 2 * green - blue, 2 * blue - red]
    odds = np.exp(3 * np.stack([*scores, np.full_like(red, -1)], axis=-1))
    return odds / odds.sum(axis=-1, keepdims=True)


def by_colour_labels(images: np.ndarray) -> np.ndarray:
    return by_colour(images).argmax(axis=-1)


def metrics_of(*arguments) -> dict:
    """What `evaluate` makes of the model's own label maps."""
    return evaluate(*arguments)[0].metrics


def load(folder: pathlib.Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


def pixels(examples: list, predict: Callable) -> tuple[np.ndarray, np.ndarray]:
    """The known pixels of all masks, and what is predicted of them."""
    truths, predictions = [], []
    for example in examples:
        if example.mask is not None:
            known = example.mask != VOID
            truths.append(example.mask[known])
            predictions.append(predict(decode_image(example.encoded).numpy())[known])
    return np.concatenate(truths), np.concatenate(predictions)


def check_scores(found: dict, truth: np.ndarray, predicted: np.ndarray) -> None:
    occurring = np.union1d(truth, predicted)
    iou = metrics.jaccard_score(truth, predicted, labels=occurring, average=None)
    assert found["mean_iou"] == pytest.approx(iou.mean(), rel=1e-9)
    by_label = dict(zip(occurring.tolist(), iou.tolist(), strict=True))
    expected = {name: by_label.get(label) for label, name in enumerate(SHAPE_CLASSES)}
    assert found["per_class_iou"] == pytest.approx(expected)
    assert found["pixel_accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    recalls = metrics.recall_score(truth, predicted, labels=np.unique(truth), average=None)
    assert found["mean_accuracy"] == pytest.approx(recalls.mean())
    weighted = metrics.jaccard_score(truth, predicted, labels=np.unique(truth), average="weighted")
    assert found["frequency_weighted_iou"] == pytest.approx(weighted)


def mean_iou_by_scipy(examples: list, predict: Callable, width: float, near: bool) -> float:
    """In the band of a width, or outside it."""
    truths, predictions = [], []
    for example in examples:
        if example.mask is not None:
            mask = example.mask
            # Of every pixel the distance to the next one of another label; void is a label.
            distance = np.sum(
                [distance_transform_edt(mask == label) for label in np.unique(mask)], axis=0
            )
            chosen = ((distance <= width) == near) & (mask != VOID)
            truths.append(mask[chosen])
            predictions.append(predict(decode_image(example.encoded).numpy())[chosen])
    truth, predicted = np.concatenate(truths), np.concatenate(predictions)
    return metrics.jaccard_score(
        truth, predicted, labels=np.union1d(truth, predicted), average="macro"
    )


@needs_crf
def test_files_of_an_evaluation_with_and_without_crf(dataset, examples, tmp_path):
    model = segmentation_model(by_colour_labels, by_colour)
    options = EvaluateOptions(crf=True, crf_parameters="deeplab_voc", trimap_widths=(1, 3))
    result, refined_result = evaluate(model, dataset, str(tmp_path), options)
    assert load(tmp_path, "metrics.json") == result.metrics
    assert load(tmp_path / "crf", "metrics.json") == refined_result.metrics

    def refined(image: np.ndarray) -> np.ndarray:
        parameters = PARAMETER_SETS["deeplab_voc"]
        return refine(image, by_colour(image[None])[0], parameters).argmax(axis=-1)

    truth, predicted = pixels(examples, by_colour_labels)
    _, with_crf = pixels(examples, refined)
    assert len(np.unique(predicted)) > 2 and (predicted != with_crf).any()
    labels = list(range(len(SHAPE_CLASSES)))
    for folder, scored, predict, maps in (
        (tmp_path, result.metrics, by_colour_labels, predicted),
        (tmp_path / "crf", refined_result.metrics, refined, with_crf),
    ):
        check_scores(scored, truth, maps)
        assert (scored["num_images"], scored["num_images_without_mask"]) == (4, 1)
        confusion = load(folder, "confusion.json")
        expected = metrics.confusion_matrix(truth, maps, labels=labels)
        np.testing.assert_array_equal(confusion["counts"], expected)
        assert confusion["class_names"] == list(SHAPE_CLASSES)
        trimap = load(folder, "trimap.json")
        assert trimap["widths"] == [1, 3]
        for name, near in (("inside", True), ("outside", False)):
            expected = mean_iou_by_scipy(examples, predict, 3, near)
            assert trimap[name][1] == pytest.approx(expected)
        predictions = folder / "predictions"
        with Image.open(predictions / f"{examples[0].source_id}.png") as picture:
            assert picture.mode == "P" and picture.size == examples[0].mask.shape[::-1]
        assert len(os.listdir(predictions)) == 4  # the image without a mask is not predicted
    for name in ("confusion.png", "trimap.png", "worst.jpg", "crf/confusion.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 100
    seconds = load(tmp_path, "seconds.json")
    assert seconds.pop("num_predicted") == 4
    assert seconds.keys() == {"predict", "crf", "metrics"} and min(seconds.values()) > 0


def test_every_image_by_itself(dataset, examples, tmp_path):
    evaluate(segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions())
    images = load(tmp_path, "per_image.json")["images"]
    assert {image["id"] for image in images} == {
        example.source_id for example in examples if example.mask is not None
    }
    order = [image["mean_iou"] for image in images]
    assert order == sorted(order) and order[0] < order[-1]
    by_id = {example.source_id: example for example in examples}
    for image in images:
        truth, predicted = pixels([by_id[image["id"]]], by_colour_labels)
        occurring = np.union1d(truth, predicted)
        iou = metrics.jaccard_score(truth, predicted, labels=occurring, average=None)
        names = [SHAPE_CLASSES[label] for label in occurring]
        assert image["classes"] == pytest.approx(dict(zip(names, iou, strict=True)))
        assert image["mean_iou"] == pytest.approx(iou.mean())
        assert image["pixel_accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
        matrix = metrics.confusion_matrix(truth, predicted, labels=range(len(SHAPE_CLASSES)))
        for row, true in zip(matrix, SHAPE_CLASSES, strict=True):
            counts = image["counts"].get(true, {})
            assert [counts.get(name, 0) for name in SHAPE_CLASSES] == row.tolist()


def test_an_interrupted_evaluation_goes_on(dataset, tmp_path):
    whole = metrics_of(
        segmentation_model(by_colour_labels), dataset, str(tmp_path / "a"), EvaluateOptions()
    )
    calls = []

    def stops_at_the_third(images: np.ndarray) -> np.ndarray:
        calls.append(len(images))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return by_colour_labels(images)

    options = EvaluateOptions(batch_size=1)
    model = segmentation_model(stops_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, dataset, str(tmp_path / "b"), options)
    assert len(os.listdir(tmp_path / "b" / "predictions")) == 2
    assert metrics_of(model, dataset, str(tmp_path / "b"), options) == whole
    assert len(calls) == 3 + 2  # the two that were missing
    again = metrics_of(model, dataset, str(tmp_path / "b"), EvaluateOptions(trimap_widths=(2, 5)))
    assert again == whole and len(calls) == 5
    assert load(tmp_path / "b", "seconds.json")["num_predicted"] == 0
    assert load(tmp_path / "b", "trimap.json")["widths"] == [2, 5]
    for name in ("confusion.png", "per_image.json", "metrics.json", "worst.jpg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@needs_crf
def test_predictions_of_another_model_are_not_taken(dataset, tmp_path):
    evaluate(segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions())
    other = dataclasses.replace(segmentation_model(by_colour_labels), settings={"weights": "b"})
    with pytest.raises(InputError, match="holds predictions with weights = 'a': expected 'b'"):
        evaluate(other, dataset, str(tmp_path), EvaluateOptions())
    model = segmentation_model(by_colour_labels, by_colour)
    evaluate(model, dataset, str(tmp_path), EvaluateOptions(crf=True))
    with pytest.raises(InputError, match="holds predictions with crf = {'w1': 4"):
        options = EvaluateOptions(crf=True, crf_parameters="deeplab_coco")
        evaluate(model, dataset, str(tmp_path), options)


def test_no_crf_after_a_crf(dataset, tmp_path):
    model = dataclasses.replace(segmentation_model(by_colour_labels, by_colour), has_crf=True)
    with pytest.raises(InputError, match="the exported model: .* CRF of its own: leave out --crf"):
        evaluate(model, dataset, str(tmp_path / "out"), EvaluateOptions(crf=True))
    assert not (tmp_path / "out").exists()
    assert evaluate(model, dataset, str(tmp_path / "out"), EvaluateOptions())


@needs_crf
def test_scores_of_the_crf_are_not_lost(dataset, tmp_path):
    model = segmentation_model(by_colour_labels, by_colour)
    evaluate(model, dataset, str(tmp_path), EvaluateOptions(crf=True))
    before = load(tmp_path / "crf", "metrics.json")
    evaluate(model, dataset, str(tmp_path), EvaluateOptions())
    assert load(tmp_path / "crf", "metrics.json") == before


@needs_crf
def test_a_folder_of_the_version_that_kept_the_crf_in_it_is_refused(dataset, tmp_path):
    model = segmentation_model(by_colour_labels, by_colour)
    evaluate(model, dataset, str(tmp_path), EvaluateOptions())
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"crf": {"w1": 4}}))
    for crf in (False, True):
        with pytest.raises(InputError, match="crf = .*: expected None; choose another"):
            evaluate(model, dataset, str(tmp_path), EvaluateOptions(crf=crf))


def test_the_history_of_a_run_is_not_replaced(dataset, tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"epochs": []}')
    with pytest.raises(InputError, match=f"{path}: was not written by evaluate.py.*another"):
        evaluate(segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions())
    assert path.read_text() == '{"epochs": []}' and os.listdir(tmp_path) == ["metrics.json"]


def test_scores_are_there_though_the_sheet_of_the_worst_fails(dataset, tmp_path):
    (tmp_path / "worst.jpg").mkdir()
    with pytest.raises(IsADirectoryError):
        evaluate(segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions())
    assert load(tmp_path, "metrics.json")["num_images"] == 4


def test_damaged_and_strange_label_maps_are_named(dataset, examples, tmp_path):
    evaluate(segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions())
    path = tmp_path / "predictions" / f"{examples[1].source_id}.png"
    whole = path.read_bytes()
    height, width = examples[1].mask.shape
    wrong_label = np.full([height, width], 5, np.uint8)
    for content, message in (
        (whole[:60], "not a whole PNG"),
        (b"", "not a whole PNG"),
        (png(wrong_label[:5]), rf"shape \(5, {width}\).*expected \({height}, {width}\)"),
        (png(wrong_label), ".*largest value 5: expected .* labels below 5"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{path.name}: {message}.*delete it"):
            evaluate(
                segmentation_model(by_colour_labels), dataset, str(tmp_path), EvaluateOptions()
            )


def png(label_map: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(label_map).save(buffer, "PNG")
    return buffer.getvalue()


def test_perfect_and_useless_predictions(examples, dataset, tmp_path):
    masks = iter([example.mask for example in examples if example.mask is not None])

    def perfect(images: np.ndarray) -> np.ndarray:
        known = [next(masks) for _ in images]
        return np.stack([np.where(mask == VOID, 0, mask) for mask in known])

    result = metrics_of(
        segmentation_model(perfect), dataset, str(tmp_path / "a"), EvaluateOptions()
    )
    assert result["mean_iou"] == result["pixel_accuracy"] == result["mean_accuracy"] == 1
    assert result["frequency_weighted_iou"] == 1
    found = set(np.unique(np.concatenate([e.mask.ravel() for e in examples if e.mask is not None])))
    absent = {name for label, name in enumerate(SHAPE_CLASSES) if label not in found}
    for name, value in result["per_class_iou"].items():
        assert value == (None if name in absent else 1)

    def all_star(images: np.ndarray) -> np.ndarray:
        return np.ones(images.shape[:3], np.int32)

    result = metrics_of(
        segmentation_model(all_star), dataset, str(tmp_path / "b"), EvaluateOptions()
    )
    assert result["per_class_iou"]["background"] == 0
    assert result["mean_iou"] < 0.2


def test_an_image_of_void_alone_comes_last(examples, tmp_path):
    all_void = np.full_like(examples[0].mask, VOID)
    void = dataclasses.replace(examples[0], mask=all_void, source_id="a/b")
    folder = write(str(tmp_path / "records"), [void, examples[1]])
    result = metrics_of(
        segmentation_model(by_colour_labels), folder, str(tmp_path / "a"), EvaluateOptions()
    )
    assert result["num_images"] == 2
    last = load(tmp_path / "a", "per_image.json")["images"][-1]
    nothing = {"mean_iou": None, "pixel_accuracy": None, "classes": {}, "counts": {}}
    assert last == {"id": "a/b"} | nothing
    assert (tmp_path / "a" / "predictions" / "a" / "b.png").exists()


def test_nothing_to_score_is_refused(examples, tmp_path):
    bare = write(str(tmp_path / "bare"), [examples[2]])
    with pytest.raises(InputError, match="none of 1 images has a class mask"):
        evaluate(segmentation_model(by_colour_labels), bare, str(tmp_path), EvaluateOptions())
    all_void = np.full_like(examples[0].mask, VOID)
    void = write(str(tmp_path / "void"), [dataclasses.replace(examples[0], mask=all_void)])
    with pytest.raises(InputError, match="every pixel of the masks is void"):
        evaluate(segmentation_model(by_colour_labels), void, str(tmp_path / "a"), EvaluateOptions())
    with pytest.raises(InputError, match="dataset.json: not found"):
        evaluate(
            segmentation_model(by_colour_labels), str(tmp_path), str(tmp_path), EvaluateOptions()
        )


def test_options_out_of_range_are_refused():
    for values, message in (
        ({"num_workers": 0}, "--num_workers=0: expected at least 1"),
        ({"batch_size": -1}, "--batch_size=-1: expected at least 1"),
        ({"trimap_widths": (4, 2)}, "--trimap_widths=4,2: expected ascending"),
        ({"voc_server": "a/b"}, "--voc_server=a/b: expected a name without a folder"),
    ):
        with pytest.raises(InputError, match=message):
            EvaluateOptions(**values)


def test_other_classes_are_refused(dataset, tmp_path):
    for names, message in (
        (
            ("background", "star", "moon", *SHAPE_CLASSES[3:]),
            "label 2 is 'crescent': expected 'mo",
        ),
        (SHAPE_CLASSES[:-1], "label 4 is 'cross': expected 'no class'"),
        ((*SHAPE_CLASSES, "moon"), "label 5 is 'no class': expected 'moon'"),
    ):
        model = segmentation_model(by_colour_labels, names=names)
        with pytest.raises(InputError, match=message):
            evaluate(model, dataset, str(tmp_path), EvaluateOptions())
    check_same_classes("a", list(SHAPE_CLASSES), "b", SHAPE_CLASSES)


def test_missing_and_damaged_shards_are_named(examples, tmp_path):
    folder = write(str(tmp_path / "records"), [examples[0], examples[1]])
    first, second = shard_paths(folder, 2)
    with open(second, "r+b") as file:
        file.truncate(100)
    with pytest.raises(InputError, match="damaged TFRecord"):
        evaluate(segmentation_model(by_colour_labels), folder, str(tmp_path), EvaluateOptions())
    pathlib.Path(first).unlink()
    with pytest.raises(InputError, match="data-00000-of-00002.tfrecord: shard not found"):
        evaluate(segmentation_model(by_colour_labels), folder, str(tmp_path), EvaluateOptions())
