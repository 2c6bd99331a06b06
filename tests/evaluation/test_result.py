"""The result of an evaluation: what is written is read, and what is not there is said."""

import json
import os

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.result import Evaluation, read_evaluations, short_names
from boxsup_tf.evaluation.trimap import Trimap
from boxsup_tf.metrics.confusion import ConfusionMatrix

COUNTS = np.array([[5, 1], [2, 9]])
IMAGE = {"classes": {"cat": 0.75}, "counts": {"cat": {"cat": 3, "background": 1}}}


@pytest.fixture
def written(tmp_path) -> Evaluation:
    summary = ConfusionMatrix(COUNTS).summary(("background", "cat"))
    counted = {"num_images": 2, "num_images_without_mask": 1}
    evaluation = Evaluation(
        name="mine",
        path=str(tmp_path),
        data="abc",
        metrics=summary | counted,
        images={"b": {"mean_iou": 0.75, **IMAGE}, "a": {"mean_iou": None, **IMAGE}},
        trimap=Trimap([1.0, 2.5], [0.5, None], [0.25, 1.0]),
        confusion=COUNTS,
    )
    evaluation.write()
    (tmp_path / "evaluation.json").write_text('{"data": "abc", "weights": "xyz"}')
    (tmp_path / "predictions").mkdir()
    return evaluation


def test_what_was_written_is_read(written):
    (found,) = read_evaluations(written.path, "mine")
    assert found.missing == () and found.predictions == f"{written.path}/predictions"
    assert list(found.images) == ["b", "a"]  # worst first
    for name in ("name", "path", "data", "metrics", "images", "trimap", "per_class"):
        assert getattr(found, name) == getattr(written, name), name
    np.testing.assert_array_equal(found.confusion, COUNTS)


def test_that_of_the_crf_follows_where_it_has_scores(written):
    crf = os.path.join(written.path, "crf")
    os.makedirs(f"{crf}/predictions")
    assert len(read_evaluations(written.path, "mine")) == 1
    os.link(f"{written.path}/metrics.json", f"{crf}/metrics.json")
    plain, refined = read_evaluations(written.path, "mine")
    assert (plain.name, refined.name, refined.path) == ("mine", "mine + CRF", crf)
    assert refined.metrics == plain.metrics and not refined.images and refined.data is None
    files = ("evaluation.json", "per_image.json", "trimap.json", "confusion.json")
    assert list(refined.missing) == [os.path.join(crf, name) for name in files]


def test_a_folder_without_any_file_is_none(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path}: no evaluation: expected a folder"):
        read_evaluations(str(tmp_path), "mine")


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("metrics.json", {"crf": {}}, "an earlier version wrote the CRF's scores into it"),
        ("metrics.json", {"mean_iou": "high"}, "TypeError"),
        ("per_image.json", {"images": [{"id": "a"}]}, "has no 'mean_iou'"),
        ("metrics.json", {"per_class_iou": {"cat": []}}, "'cat'. is a list: expected a number"),
        (
            "per_image.json",
            {"images": [IMAGE | {"id": 7, "mean_iou": 1}]},
            "'id'. is 7: expected a",
        ),
        ("evaluation.json", {"data": None}, "data is None: expected a text"),
        ("confusion.json", {"counts": [[0.5]]}, "is 0.5: expected a whole number"),
        ("trimap.json", {"widths": [1]}, "expected 1 values a curve"),
        ("confusion.json", {"class_names": ["cat"]}, r"counts of shape \(2, 2\)"),
    ],
)
def test_damaged_files_are_named(written, file, changes, message):
    path = os.path.join(written.path, file)
    with open(path, encoding="utf-8") as stream:
        content = json.load(stream)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content | changes, stream)
    with pytest.raises(InputError, match=f"{file}: expected a file that evaluate.py.*{message}"):
        read_evaluations(written.path, "mine")


def test_a_runs_metrics_are_no_evaluations(tmp_path):
    (tmp_path / "metrics.json").write_text('{"epochs": []}')
    with pytest.raises(InputError, match=r"metrics.json: the metrics of a training run: expected"):
        read_evaluations(str(tmp_path), "mine")


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["runs/a/eval"], ["eval"]),
        (["runs/a/eval", "runs/b/eval"], ["a", "b"]),
        (["runs/a/eval/", "runs/a/crf"], ["eval", "crf"]),
        (["runs/a/1/eval", "runs/b/2/eval", "runs/a/2/eval"], ["a/1", "b/2", "a/2"]),
        (["a", "a/b"], ["a", "b"]),
        (["x/eval", "/y/x/eval"], ["x", "/y/x"]),
    ],
)
def test_evaluations_are_called_by_what_differs(folders, names):
    assert short_names(folders) == names
