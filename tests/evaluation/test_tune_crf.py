"""The search of CRF parameters: its figures, what it tries, and how it goes on after a stop."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from boxsup_tf.crf import dense_crf
from boxsup_tf.crf.parameters import CrfParameters, load_parameters
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.tune_crf import Grid, tune
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.io import owned_folder
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.writer import write_dataset
from tests.conftest import REPOSITORY, needs_crf

pytestmark = needs_crf
GRID = Grid(w1=(1.0, 3.0), theta_alpha=(10.0,), theta_beta=(5.0, 13.0), iterations=2, refinements=1)


def predict(images: np.ndarray) -> np.ndarray:
    """Coarse and unsure of itself, a function of the image alone."""
    small = tf.image.resize(tf.cast(images, tf.float32), [6, 6], method="area")
    mixed = tf.tensordot(small / 40, tf.constant(_MIXTURE), 1)
    return tf.nn.softmax(tf.image.resize(mixed, tf.shape(images)[1:3])).numpy()


def segmentation_model(weights: str = "colours", probabilities=predict) -> SegmentationModel:
    settings = {"weights": weights, "scales": (0.8, 1.0), "flip": False}
    labels = lambda images: probabilities(images).argmax(axis=-1)  # noqa: E731
    return SegmentationModel(SHAPE_CLASSES, settings, labels, probabilities)


_MIXTURE = np.random.default_rng(0).normal(0, 0.6, (3, len(SHAPE_CLASSES))).astype(np.float32)


@pytest.fixture(scope="module")
def examples() -> list:
    reader = ShapesReader(6, seed=21, image_size=48)
    return [reader[i] for i in range(6)]


@pytest.fixture(scope="module")
def dataset(examples, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("records"))
    info = DatasetInfo({"dataset": "shapes"}, SHAPE_CLASSES, num_shards=1)

    def make_records(indices: range) -> list[bytes]:
        return [records.encode_example(examples[i], SHAPE_CLASSES) for i in indices]

    write_dataset(folder, info, len(examples), make_records, "write")
    return folder


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY)


def search(dataset: str, folder, grid: Grid = GRID, num_workers: int = 1, **changes) -> dict:
    values = {"model": segmentation_model(), "num_images": 3} | changes
    return tune(
        dataset_dir=dataset, output_dir=str(folder), grid=grid, num_workers=num_workers, **values
    )


@pytest.fixture(scope="module")
def found(dataset, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("search")
    contents = search(dataset, folder)
    assert json.loads((folder / "crf.json").read_text()) == contents
    assert [path.name for path in folder.iterdir()] == ["crf.json"]
    assert load_parameters(str(folder / "crf.json")) == CrfParameters(
        **contents["best"]["parameters"]
    )
    return contents


def test_figures_equal_scikit_learn(found, examples):
    chosen = [examples[i] for i in (0, 2, 4)]  # spread over the data
    parameters = CrfParameters(**found["tried"][2]["parameters"])

    def mean_iou(refine) -> float:
        truths, predictions = [], []
        for example in chosen:
            image = decode_image(example.encoded)
            scores = refine(image.numpy(), predict(image.numpy()[None])[0])
            known = example.mask != 255
            truths.append(example.mask[known])
            predictions.append(scores.argmax(-1)[known])
        truth, predicted = np.concatenate(truths), np.concatenate(predictions)
        labels = np.union1d(truth, predicted)
        return metrics.jaccard_score(truth, predicted, labels=labels, average="macro")

    with_crf = mean_iou(lambda *pair: dense_crf.refine(*pair, parameters))
    assert found["tried"][2]["mean_iou"] == pytest.approx(with_crf, rel=1e-9)
    without = mean_iou(lambda image, scores: scores)
    assert found["unrefined_mean_iou"] == pytest.approx(without, rel=1e-9)
    assert found["settings"]["num_images"] == 3


def test_coarse_then_half_steps_around_the_best(found):
    tried = [CrfParameters(**entry["parameters"]) for entry in found["tried"]]
    assert [(p.w1, p.theta_beta) for p in tried[:4]] == [(1, 5), (1, 13), (3, 5), (3, 13)]
    coarse_best = max(found["tried"][:4], key=lambda entry: entry["mean_iou"])["parameters"]
    w1, theta_beta = coarse_best["w1"], coarse_best["theta_beta"]
    around = {(w1 + i, theta_beta + 4 * j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    around = {pair for pair in around if min(pair) > 0}
    assert {(p.w1, p.theta_beta) for p in tried[4:]} == around - {
        (p.w1, p.theta_beta) for p in tried[:4]
    }
    assert {(p.theta_alpha, p.w2, p.theta_gamma, p.iterations) for p in tried} == {(10, 3, 3, 2)}
    assert found["best"] == max(found["tried"], key=lambda entry: entry["mean_iou"])


def test_a_weight_of_nothing_is_one_to_refine_around():
    grid = Grid(w1=(0.0, 2.0), theta_alpha=(9.0,), theta_beta=(9.0,), w2=(0.0,))
    best = CrfParameters(w1=0, theta_alpha=9, theta_beta=9, w2=0, theta_gamma=3, iterations=10)
    assert [(each.w1, each.w2) for each in grid.around(best, 0)] == [(0, 0), (2, 0)]


def test_an_interrupted_search_goes_on_and_ends_the_same(found, dataset, tmp_path, monkeypatch):
    written = []

    def write_then_stop(path, contents):
        written.append(path)
        tune_crf_write(path, contents)
        if len(written) == 8:  # in the refinement
            raise KeyboardInterrupt

    tune_crf_write = owned_folder.write_json
    monkeypatch.setattr(owned_folder, "write_json", write_then_stop)
    with pytest.raises(KeyboardInterrupt):
        search(dataset, tmp_path, num_workers=2)
    assert len(list((tmp_path / "score_maps").iterdir())) == 3
    predicted = []

    def counted(images):
        predicted.append(images)
        return predict(images)

    resumed = search(
        dataset, tmp_path, num_workers=2, model=segmentation_model(probabilities=counted)
    )
    assert resumed == found
    assert not predicted  # the score maps were still there
    again = search(dataset, tmp_path)
    assert again == found and len(written) == 8 + len(found["tried"]) - 6


def test_another_model_or_other_images_are_refused(dataset, tmp_path):
    grid = Grid(w1=(1.0,), theta_alpha=(5.0,), theta_beta=(5.0,), iterations=1, refinements=0)
    search(dataset, tmp_path, grid)
    with pytest.raises(
        InputError, match="holds a search with weights = 'colours': expected 'other'"
    ):
        search(dataset, tmp_path, grid, model=segmentation_model("other"))
    with pytest.raises(InputError, match="holds a search with num_images = 3: expected 2"):
        search(dataset, tmp_path, grid, num_images=2)
    (tmp_path / "crf.json").write_text('{"settings": {}')
    with pytest.raises(InputError, match="crf.json: expected a file that tune_crf.py wrote"):
        search(dataset, tmp_path, grid)


def test_bad_grids_and_data(dataset, tmp_path):
    with pytest.raises(InputError, match="theta_beta=-3.0: expected more than 0"):
        search(dataset, tmp_path, Grid(theta_beta=(-3.0,)))
    with pytest.raises(InputError, match="no setting to try"):
        search(dataset, tmp_path, Grid(w1=()))
    with pytest.raises(InputError, match="--refinements=-1: expected at least 0"):
        Grid(refinements=-1)
    with pytest.raises(InputError, match="dataset.json: not found"):
        search(str(tmp_path), tmp_path)
    with pytest.raises(InputError, match="expected 'moon'"):
        other = dataclasses.replace(segmentation_model(), class_names=(*SHAPE_CLASSES, "moon"))
        search(dataset, tmp_path, model=other)
    assert not (tmp_path / "crf.json").exists()
