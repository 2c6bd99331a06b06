"""The CRF in TensorFlow operations, against pydensecrf on photographs and sums over all pairs."""

from importlib import util

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.crf import dense_crf, mean_field
from boxsup_tf.crf.parameters import PARAMETER_SETS, CrfParameters
from tests.crf.noisy_scores import NUM_CLASSES, noisy_scores, photograph

needs_pydensecrf = pytest.mark.skipif(
    util.find_spec("pydensecrf") is None, reason="pydensecrf2 is not installed"
)


def make_function(
    parameters: CrfParameters, min_share: float = 0.005, num_classes: int = NUM_CLASSES
):
    signature = [
        tf.TensorSpec([None, None, None, 3], tf.uint8, name="images"),
        tf.TensorSpec([None, None, None, num_classes], tf.float32, name="probabilities"),
    ]

    @tf.function(input_signature=signature)
    def refine(images, probabilities):
        return mean_field.refine(images, probabilities, parameters, min_share)

    return refine


def refine_now(image, probabilities, parameters, min_share) -> np.ndarray:
    """One image, without a graph."""
    refined = mean_field.refine(image[None], probabilities[None], parameters, min_share)
    return refined[0].numpy()


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    return (a.argmax(-1) == b.argmax(-1)).mean()


def check_agreement(image, scores, found, parameters) -> None:
    expected = dense_crf.refine(image, scores, parameters)
    assert agreement(expected, scores) < 0.99  # there is something to agree on
    assert agreement(found, expected) > 0.998
    assert np.abs(found - expected).mean() < 1e-3


@needs_pydensecrf
@pytest.mark.parametrize("name", PARAMETER_SETS)
def test_agrees_with_pydensecrf_on_a_photograph(shared_data, name):
    parameters = PARAMETER_SETS[name]
    image, truth = (values[:240, :320] for values in photograph(shared_data, 0))
    scores = noisy_scores(truth, seed=0)
    found = refine_now(image, scores, parameters, dense_crf.MIN_SHARE)
    check_agreement(image, scores, found, parameters)


@needs_pydensecrf
def test_one_graph_for_all_sizes(shared_data):
    parameters = PARAMETER_SETS["deeplab_largefov"]
    refine = make_function(parameters)
    for index, height, width in ((1, 500, 500), (2, 160, 117), (3, 60, 200)):
        image, truth = (values[:height, :width] for values in photograph(shared_data, index))
        scores = noisy_scores(truth, seed=index)
        check_agreement(image, scores, refine(image[None], scores[None])[0].numpy(), parameters)
    assert refine.experimental_get_tracing_count() == 1


@needs_pydensecrf
def test_all_labels_and_a_batch(shared_data):
    parameters = PARAMETER_SETS["deeplab_coco"]
    refine = make_function(parameters, min_share=0.0)
    pairs = [photograph(shared_data, index) for index in (3, 4)]
    images = np.stack([image[100:220, 100:250] for image, _ in pairs])
    scores = np.stack([noisy_scores(truth[100:220, 100:250], 5) for _, truth in pairs])
    found = refine(images, scores).numpy()
    for image, score, refined in zip(images, scores, found, strict=True):
        assert agreement(refined, dense_crf.refine(image, score, parameters, 0.0)) > 0.998
        np.testing.assert_array_equal(refine(image[None], score[None])[0], refined)


@needs_pydensecrf
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (33, 5)])
def test_small_images(shape):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (*shape, 3), np.uint8)
    scores = rng.dirichlet((1, 1, 1), shape).astype(np.float32)
    parameters = CrfParameters(w1=2, theta_alpha=6, theta_beta=30, iterations=4)
    found = refine_now(image, scores, parameters, 0.0)
    expected = dense_crf.refine(image, scores, parameters, 0.0)
    assert np.abs(found - expected).mean() < 0.02
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def test_labels_that_are_not_believed_get_nothing():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 255, (20, 30, 3), np.uint8)
    scores = rng.dirichlet((9, 9, 1e-2, 1e-2), (20, 30)).astype(np.float32)
    scores[..., 2:] = 1e-4
    scores[3, 4] = (0, 0, 1, 0)
    parameters = CrfParameters(w1=2, theta_alpha=10, theta_beta=20, iterations=2)
    found = refine_now(image, scores, parameters, 0.5)
    assert (found[..., 3] == 0).all() and (found[..., 2] > 0).any()
    alone = refine_now(image, scores[..., :3], parameters, 0.0)
    np.testing.assert_array_equal(found[..., :3], alone)
    # One label is left, and it is certain; of labels that none believes, the best ones stay.
    sure = np.tile(np.float32([0, 1, 0, 0]), (20, 30, 1))
    np.testing.assert_array_equal(refine_now(image, sure, parameters, 0.5), sure)
    even = np.full((20, 30, 4), 0.25, np.float32)
    np.testing.assert_allclose(refine_now(image, even, parameters, 0.0), even, atol=1e-5)


@pytest.mark.parametrize("concentration", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("min_share", [0.0, 0.03, 0.06, 1.0])
def test_leaves_out_what_dense_crf_leaves_out(concentration, min_share):
    rng = np.random.default_rng(int(concentration))
    scores = rng.dirichlet(np.full(20, concentration), (10, 20)).astype(np.float32)
    image = rng.integers(0, 255, (10, 20, 3), np.uint8)
    parameters = CrfParameters(w1=1, theta_alpha=10, theta_beta=60, iterations=1)
    found = refine_now(image, scores, parameters, min_share)
    np.testing.assert_array_equal(
        (found > 0).any(axis=(0, 1)), dense_crf.believed_labels(scores, min_share)
    )


def test_saved_and_loaded_without_python_in_the_graph(tmp_path):
    parameters = CrfParameters(w1=2, theta_alpha=10, theta_beta=20, iterations=2)
    module = tf.Module()
    module.refine = make_function(parameters, 0.1, 3)
    operations = {
        node.op
        for function in module.refine.get_concrete_function().graph.as_graph_def().library.function
        for node in function.node_def
    }
    assert "SparseTensorDenseMatMul" in operations
    assert not [name for name in operations if "Py" in name]
    rng = np.random.default_rng(4)
    image = rng.integers(0, 255, (1, 21, 17, 3), np.uint8)
    scores = rng.dirichlet((1, 1, 1), image.shape[:3]).astype(np.float32)
    expected = module.refine(image, scores).numpy()
    tf.saved_model.save(module, str(tmp_path), module.refine.get_concrete_function())
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    (found,) = loaded(images=tf.constant(image), probabilities=tf.constant(scores)).values()
    np.testing.assert_array_equal(found, expected)
