"""The dense CRF by pydensecrf: what it does to real score maps, its parameters, its processes."""

import json
import os
import subprocess
import sys
import textwrap
from importlib import util

import numpy as np
import pytest

from boxsup_tf.crf import dense_crf
from boxsup_tf.crf.dense_crf import mean_field
from boxsup_tf.crf.parameters import PARAMETER_SETS, CrfParameters, load_parameters
from boxsup_tf.crf.refine_many import refine_many
from boxsup_tf.errors import InputError
from tests.conftest import REPOSITORY
from tests.crf.noisy_scores import noisy_scores, photograph

needs_pydensecrf = pytest.mark.skipif(
    util.find_spec("pydensecrf") is None, reason="pydensecrf2 is not installed"
)
PARAMETERS = CrfParameters(w1=4, theta_alpha=20, theta_beta=10, iterations=5)


def brute_force(image: np.ndarray, energies: np.ndarray, parameters: CrfParameters) -> np.ndarray:
    """The mean field with exact kernels over all pairs of pixels."""
    height, width = image.shape[:2]
    place = np.stack(np.mgrid[:height, :width], -1).reshape(-1, 2).astype(float)
    color = image.reshape(-1, 3).astype(float)

    def kernel(features: np.ndarray) -> np.ndarray:
        squares = np.square(features[:, None] - features[None]).sum(-1)
        matrix = np.exp(-squares / 2)
        norm = matrix.sum(1) ** -0.5
        return matrix * norm[:, None] * norm[None]

    p = parameters
    appearance = kernel(np.hstack([place / p.theta_alpha, color / p.theta_beta]))
    total = p.w1 * appearance + p.w2 * kernel(place / p.theta_gamma)
    unary = energies.reshape(len(energies), -1)
    scores = -unary
    for _ in range(p.iterations + 1):
        marginals = np.exp(scores - scores.max(0))
        marginals /= marginals.sum(0)
        scores = -unary + marginals @ total
    return marginals.reshape(energies.shape)


@needs_pydensecrf
def test_parameters_mean_what_they_say():
    """The lattice is approximate, so close, not equal; but no parameter may be mistaken."""
    rng = np.random.default_rng(0)
    image = np.full((16, 18, 3), 90, np.uint8)
    image[:, 9:] += 25
    image += rng.integers(0, 6, image.shape, np.uint8)
    probabilities = rng.dirichlet((2, 2, 2), image.shape[:2])
    energies = -np.log(probabilities).transpose(2, 0, 1)
    for parameters in (
        CrfParameters(w1=3, theta_alpha=5, theta_beta=12, w2=1, theta_gamma=2, iterations=1),
        CrfParameters(w1=3, theta_alpha=2, theta_beta=40, w2=1, theta_gamma=2, iterations=1),
        CrfParameters(w1=1, theta_alpha=5, theta_beta=12, w2=3, theta_gamma=2, iterations=1),
        CrfParameters(w1=1, theta_alpha=5, theta_beta=12, w2=3, theta_gamma=5, iterations=1),
        CrfParameters(w1=1, theta_alpha=5, theta_beta=12, w2=3, theta_gamma=5, iterations=4),
    ):
        found = mean_field(image, energies, parameters)
        expected = brute_force(image, energies, parameters)
        assert np.abs(found - expected).mean() < 0.03, parameters


@needs_pydensecrf
def test_refines_a_photograph(shared_data):
    image, truth = photograph(shared_data, 0)
    scores = noisy_scores(truth, seed=0)
    refined = dense_crf.refine(image, scores, PARAMETER_SETS["deeplab_largefov"])
    assert refined.dtype == np.float32 and refined.shape == scores.shape
    np.testing.assert_allclose(refined.sum(-1), 1, atol=1e-5)
    known = truth != 255

    def accuracy(values: np.ndarray) -> float:
        return (values.argmax(-1) == truth)[known].mean()

    assert accuracy(refined) > accuracy(scores) + 0.02


@needs_pydensecrf
def test_labels_that_are_not_believed_get_nothing_and_change_little(shared_data):
    image, truth = photograph(shared_data, 1)
    scores = noisy_scores(truth, seed=1)
    parameters = PARAMETER_SETS["deeplab_voc"]
    scores[..., 7] = 1e-3  # believed nowhere
    scores[..., 8] = 1e-3
    scores[5, 5] = np.eye(scores.shape[-1])[8]  # and believed once
    scores /= scores.sum(-1, keepdims=True)
    kept = dense_crf.believed_labels(scores, dense_crf.MIN_SHARE)
    assert not kept[7] and kept[8] and kept[0]
    pruned = dense_crf.refine(image, scores, parameters)
    complete = dense_crf.refine(image, scores, parameters, min_share=0)
    assert (pruned[..., ~kept] == 0).all() and (complete[..., 7] > 0).any()
    assert (pruned.argmax(-1) == complete.argmax(-1)).mean() > 0.999
    # The labels that are left are refined as if there were no others.
    alone = dense_crf.refine_labels(image, scores[..., kept], parameters)
    np.testing.assert_array_equal(pruned[..., kept], alone)


def test_which_labels_are_believed():
    """Of 1000 pixels, half a per cent are 5."""
    scores = np.zeros((25, 40, 6), np.float32)
    scores[..., 0] = 0.45
    for label, (count, probability) in enumerate([(4, 0.48), (5, 0.48), (1, 0.5), (0, 0)], 1):
        row = scores[label, :count]
        row[:, label] = probability
    scores[..., 5] = 0.44  # everywhere, but never the most probable one
    kept = dense_crf.believed_labels(scores, 0.005)
    np.testing.assert_array_equal(kept, [True, False, True, True, False, False])
    assert dense_crf.believed_labels(scores, 0.0).all()
    # Nothing reaches this share, and what is certain stays; without it, the most frequent label.
    np.testing.assert_array_equal(
        dense_crf.believed_labels(scores, 1.0), [False, False, False, True, False, False]
    )
    scores[3, 0] = scores[9, 9]
    np.testing.assert_array_equal(dense_crf.believed_labels(scores, 1.0), np.arange(6) == 0)


@needs_pydensecrf
def test_extreme_scores():
    image = np.zeros((4, 7, 3), np.uint8)
    certain = np.zeros((4, 7, 3), np.float32)
    certain[..., 2] = 1
    np.testing.assert_allclose(dense_crf.refine(image, certain, PARAMETERS), certain, atol=1e-6)
    np.testing.assert_allclose(
        dense_crf.refine(image, certain, PARAMETERS, 0.0), certain, atol=1e-6
    )
    flat = np.full((4, 7, 3), 1 / 3, np.float32)
    np.testing.assert_allclose(dense_crf.refine(image, flat, PARAMETERS, 0.0), flat, atol=1e-4)
    one_pixel = np.array([[[0.4, 0.6]]], np.float32)
    assert dense_crf.refine(image[:1, :1], one_pixel, PARAMETERS).shape == (1, 1, 2)


def test_parameters_by_name_and_by_file(tmp_path):
    largefov = load_parameters("deeplab_largefov")
    assert (largefov.w1, largefov.theta_alpha, largefov.theta_beta) == (4, 121, 5)
    assert (largefov.w2, largefov.theta_gamma, largefov.iterations) == (3, 3, 10)
    path = tmp_path / "crf.json"
    best = {"w1": 5.5, "theta_alpha": 45.0, "theta_beta": 4.0, "iterations": 3}
    path.write_text(json.dumps({"best": {"parameters": best, "mean_iou": 0.5}}))
    assert load_parameters(str(path)) == CrfParameters(5.5, 45, 4, iterations=3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected one of deeplab_voc, .* crf.json .*: .*No such file"),
        ("{", "expected one of deeplab_voc, .* crf.json .*: Expecting"),
        ("[]", "holds a list: expected an object"),
        ('{"tried": []}', "crf.json .*: damaged .*'best'"),
        ('{"best": {"parameters": {"w1": 3}}}', "crf.json .*: damaged .*'theta_alpha'"),
        (
            '{"best": {"parameters": {"w1": 3, "theta_alpha": -1, "theta_beta": 3}}}',
            "bad.json: CRF: theta_alpha=-1: expected more than 0",
        ),
    ],
)
def test_bad_parameter_files(tmp_path, content, message):
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        load_parameters(str(path))
    assert "bad.json" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"w1": -1.0}, "w1=-1.0: expected at least 0"),
        ({"w2": float("nan")}, "w2=nan"),
        ({"theta_beta": 0.0}, "theta_beta=0.0: expected more than 0"),
        ({"theta_gamma": float("inf")}, "theta_gamma=inf"),
        ({"iterations": 0}, "iterations=0: expected a number in 1 .. 1000"),
    ],
)
def test_impossible_parameters(values, message):
    with pytest.raises(InputError, match=message):
        CrfParameters(**({"w1": 1, "theta_alpha": 1, "theta_beta": 1} | values))


def test_without_the_module(monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    image = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(InputError, match="pydensecrf is missing: .*pip install .*pydensecrf2"):
        dense_crf.refine(image, np.full((2, 2, 2), 0.5, np.float32), PARAMETERS)
    with pytest.raises(InputError, match="pydensecrf is missing: .*pip install .*pydensecrf2"):
        next(refine_many([], PARAMETERS, 1))


@needs_pydensecrf
def test_processes_give_the_same_in_order(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY)
    rng = np.random.default_rng(3)
    read = []

    def images():
        for i in range(12):
            shape = (20 + i, 31)
            read.append(i)
            yield (
                f"image {i}",
                rng.integers(0, 255, (*shape, 3), np.uint8),
                rng.dirichlet((0.1, 0.5, 0.2, 0.01), shape).astype(np.float32),
            )

    given = list(images())
    read.clear()
    results = refine_many(((read.append(item[0]), item)[1] for item in given), PARAMETERS, 2)
    first = next(results)
    assert len(read) <= 8  # only a few are in memory
    results = [first, *results]
    assert [key for key, *_ in results] == [key for key, *_ in given]
    for (_, image, scores), (_, same, refined) in zip(given, results, strict=True):
        assert same is image
        np.testing.assert_array_equal(refined, dense_crf.refine(image, scores, PARAMETERS))


@needs_pydensecrf
def test_a_failure_is_reported_with_its_image(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY)
    image = np.zeros((4, 4, 3), np.uint8)
    scores = np.full((4, 4, 2), 0.5, np.float32)
    scores[0, 0] = 0.4, 0.6  # two labels are believed
    too_small = scores[:, :3]
    results = refine_many([("good", image, scores), ("bad", image, too_small)], PARAMETERS, 1)
    assert next(results)[0] == "good"
    with pytest.raises(InputError, match="^bad: the CRF failed: "):
        next(results)


@needs_pydensecrf
def test_processes_do_not_import_tensorflow(tmp_path):
    """Neither by themselves nor because the script that starts them does."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import sys
            import tensorflow
            from boxsup_tf.workers.worker_pool import WorkerPool

            if __name__ == "__main__":
                from tests.crf.imported import imported_modules, load_refine_many
                with WorkerPool(imported_modules, 1, load_refine_many) as pool:
                    (_, modules), = pool.map([None])
                assert "pydensecrf.densecrf" in modules, modules
                assert "boxsup_tf.crf.dense_crf" in modules, modules
                assert "tensorflow" not in modules and "keras" not in modules
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, str(script)], check=True, env=environment)
