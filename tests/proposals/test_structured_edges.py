"""proposals.edges.structured: OpenCV's structured forest, of a small forest made by hand."""

import gzip
import pathlib

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.edges import structured

_OPTIONS = {
    "stride": 2,
    "shrinkNumber": 2,
    "patchSize": 32,
    "patchInnerSize": 16,
    "numberOfGradientOrientations": 4,
    "gradientSmoothingRadius": 0,
    "regFeatureSmoothingRadius": 0,
    "ssFeatureSmoothingRadius": 0,
    "gradientNormalizationRadius": 4,
    "selfsimilarityGridSize": 5,
    "numberOfTrees": 1,
    "numberOfTreesToEvaluate": 1,
}
# One tree of a root and two leaves. The root looks at the gradient's magnitude (channel 3 of a
# patch of 16 x 16 cells of 2 pixels) in the middle; where there is one, the second leaf draws an
# edge of 2 x 2 pixels in the middle of the inner patch.
_LISTS = {
    "childs": [[2, 0, 0]],
    "featureIds": [[3 * 16 * 16 + 8 * 16 + 8, 0, 0]],
    "thresholds": [[0.1, 0.0, 0.0]],
    "edgeBoundaries": [[0, 0, 0, 4]],
    "edgeBins": [[7 * 16 + 7, 7 * 16 + 8, 8 * 16 + 7, 8 * 16 + 8]],
}


def _write_forest(path: pathlib.Path, options: dict = _OPTIONS, lists: dict = _LISTS) -> str:
    lines = ["%YAML:1.0", "---", "options:"]
    lines += [f"   {name}: {value}" for name, value in options.items()]
    for name, trees in lists.items():
        lines += [f"{name}:", *(f"   - {tree}" for tree in trees)]
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


@pytest.fixture(params=["forest.yml", "forest.yml.gz"])
def forest(tmp_path, request) -> str:
    return _write_forest(tmp_path / request.param)


def _step(height: int = 50, width: int = 60) -> np.ndarray:
    """Dark left, light right; the edge is between columns 29 and 30."""
    image = np.full((height, width, 3), 60, np.uint8)
    image[:, 30:] = 180
    return image


def test_the_forest_is_asked_about_every_place(forest):
    strength = edges.detect_edges(_step(), "structured", forest)
    assert strength.shape == (50, 60) and strength.dtype == np.float32
    assert strength.min() == 0 and 0 < strength.max() <= 1
    middle = strength[12:-12]
    assert (middle[:, 28:31].max(axis=1) == strength.max()).all()
    assert not strength[:, :24].any() and not strength[:, 36:].any()
    across = edges.detect_edges(_step().transpose(1, 0, 2), "structured", forest)
    np.testing.assert_allclose(across, strength.T, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (31, 40), (33, 32), (47, 35)])
def test_images_of_any_size(forest, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for image in (noise, np.full_like(noise, 255)):
        strength = structured.detect_edges(image, forest)
        assert strength.shape == shape and np.isfinite(strength).all()
        np.testing.assert_array_equal(strength, structured.detect_edges(image, forest))


def test_a_forest_is_needed_by_this_detector_and_by_no_other(tmp_path):
    with pytest.raises(InputError, match="--edge_model is not given: .*model.yml.gz"):
        edges.detect_edges(_step(), "structured")
    with pytest.raises(InputError, match=r"--edge_model=.*nothing.yml: not found"):
        edges.check_model("structured", str(tmp_path / "nothing.yml"))
    with pytest.raises(InputError, match=r"--edge_model=some.yml: --edges=gradient reads none"):
        edges.check_model("gradient", "some.yml")
    edges.check_model("gradient", "")
    np.testing.assert_array_equal(
        edges.detect_edges(_step(), "gradient"), edges.gradient.detect_edges(_step())
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.yml", b""),
        ("text.yml", b"no model at all"),
        ("noise.yml.gz", b"\x00\x01\x02\x03"),
        ("cut.yml.gz", gzip.compress(b"%YAML:1.0\n---\n" + b"options:\n" * 50, mtime=0)[:40]),
        ("other.yml", b"%YAML:1.0\n---\nsvm: 3\n"),
        ("other.json", b'{"svm": 3}'),
        ("list.yml", b"%YAML:1.0\n---\noptions: [ 1, 2 ]\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_forest_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"--edge_model=.*{name}: .*expected a structured forest"):
        structured.load_model(str(tmp_path / name))


@pytest.mark.parametrize(
    ("options", "lists", "message"),
    [
        ({"stride": 0}, {}, "options.stride is 0, less than 1"),
        ({"numberOfTrees": 0}, {}, "options.numberOfTrees is 0"),
        ({"patchSize": "large"}, {}, "no number options.patchSize"),
        ({"numberOfTrees": 2}, {}, "3 nodes .childs. of 2 trees"),
        ({}, {"childs": [[]]}, "0 nodes"),
        ({}, {"thresholds": [[0.1, 0.0]]}, "2 thresholds of 3 nodes"),
        ({}, {"featureIds": [[1], [2]]}, "2 featureIds of 3 nodes"),
        ({}, {"edgeBoundaries": [[0, 0]]}, "2 edgeBoundaries of 3 nodes"),
    ],
)
def test_a_forest_that_would_end_the_process_is_refused(tmp_path, options, lists, message):
    path = _write_forest(tmp_path / "bad.yml", {**_OPTIONS, **options}, {**_LISTS, **lists})
    with pytest.raises(InputError, match=message):
        structured.load_model(path)


def test_a_detector_that_is_not_installed_is_named(monkeypatch, tmp_path):
    (tmp_path / "absent_detector.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.setattr(edges, "__path__", [*edges.__path__, str(tmp_path)])
    with pytest.raises(InputError, match="--edges=absent_detector: .*no_such_module_anywhere"):
        edges.detect_edges(_step(), "absent_detector")
