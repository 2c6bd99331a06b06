"""benchmarks/proposals.py and proposal_benchmark.py: the figures that they report."""

import functools
import json
import pathlib
import time

import numpy as np
import proposal_benchmark
import pytest
from PIL import Image
from proposal_benchmark import measure, parse_method
from voc_instances import voc_instances

from boxsup_tf.data.instance_images import InstanceImage
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.edges import gradient
from tests.forked import run
from tests.proposals.in_this_process import InThisProcess

SIDES = (60, 80)


def _discs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An image of two discs, one large and one small, and their numbers."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SIDES[0], : SIDES[1]]
    pixels = np.full((*SIDES, 3), 60.0)
    objects = np.zeros(SIDES, np.uint8)
    for number, (centre, radius) in enumerate((((25, 25), 16), ((40, 65), 7)), start=1):
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
        pixels[disc], objects[disc] = rng.integers(150, 255, 3), number
    pixels += rng.normal(0, 3, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8), objects


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("devkit") / "VOC2012"
    for name in ("ImageSets/Segmentation", "JPEGImages", "SegmentationObject"):
        (root / name).mkdir(parents=True)
    for i in range(4):
        pixels, objects = _discs(i)
        Image.fromarray(pixels).save(root / "JPEGImages" / f"{i}.jpg", quality=95)
        Image.fromarray(objects).save(root / "SegmentationObject" / f"{i}.png")
    (root / "ImageSets/Segmentation/val.txt").write_text("0\n1\n2\n3\n")
    (root / "ImageSets/Segmentation/few.txt").write_text("1\n2\n")
    return root


@pytest.fixture
def images(folder, monkeypatch) -> list[InstanceImage]:
    monkeypatch.setattr(proposal_benchmark, "WorkerPool", InThisProcess)
    return voc_instances(str(folder), ["val"])


def test_rectangles_have_the_figures_of_discs(images):
    masks = [mask for i in range(4) for mask in (_discs(i)[1] == 1, _discs(i)[1] == 2)]
    sides = [np.ptp(np.argwhere(mask), axis=0) + 1 for mask in masks]
    fills = [mask.sum() / side.prod() for mask, side in zip(masks, sides, strict=True)]
    result = measure("rectangle", images, 1, 1)
    quality = result.quality
    assert (quality.num_images, quality.num_instances) == (4, 8)
    assert quality.box_choice_iou == pytest.approx(np.mean(fills))
    last = quality.rows[-1]
    assert (last["n"], last["mean_candidates"], last["recall_50"]) == (2, 2, 1)
    assert last["mean_best_jaccard"] == pytest.approx(quality.box_choice_iou)
    assert last["recall_85"] == np.mean(np.array(fills) >= 0.85) == 0.5
    assert result.subset_quality is None and result.seconds_per_image > 0
    # Of the objects of 400 pixels and more, there is one an image.
    assert measure("rectangle", images, 1, 400).quality.num_instances == 4
    with pytest.raises(InputError, match="none of the images has an instance"):
        measure("rectangle", images, 1, 4000)


def test_segments_find_the_discs(images):
    result = measure("scg:edges=gradient:min_area=10", images, 1, 1, {"1", "2"})
    assert result.quality.rows[-1]["mean_best_jaccard"] > 0.85
    assert result.quality.box_choice_iou > 0.85
    assert result.subset_quality.num_images == 2
    assert result.subset_quality.rows[-1]["n"] <= result.quality.rows[-1]["n"]
    assert 100 < result.bytes_per_image < 20000
    figures = result.as_dict()
    assert {"rows", "box_choice_iou", "seconds_per_image", "bytes_per_image"} < set(figures)
    assert json.loads(json.dumps(figures)) == figures


def test_the_detection_of_edges_is_timed_apart(images, monkeypatch):
    real = gradient.detect_edges

    def slow(image: np.ndarray) -> np.ndarray:
        time.sleep(0.2)
        return real(image)

    monkeypatch.setattr(gradient, "detect_edges", slow)
    result = measure("scg:edges=gradient", images, 1, 1)
    edge_seconds = result.seconds_per_image - result.seconds_per_image_without_edges
    assert 0.19 < edge_seconds < result.seconds_per_image


def test_a_method_that_fails_is_named(images, folder):
    image = voc_instances(str(folder), ["val"])[0]
    masks = functools.partial(image.masks.func, "9.png")
    gone = [*images, InstanceImage("9", "9.jpg", masks)]
    with pytest.raises(InputError, match="9.jpg: rectangle failed: 9.png: cannot read"):
        measure("rectangle", gone, 1, 1)


def test_methods_with_options():
    assert parse_method("scg") == ("scg", {})
    expected = {"edges": "gradient", "sigma": 2.0, "min_area": 7}
    assert parse_method("scg:edges=gradient:sigma=2:min_area=7") == ("scg", expected)
    assert parse_method("union:methods=scg+rectangle")[1] == {"methods": ["scg", "rectangle"]}
    for bad, message in {
        "nothing": "--method=nothing: expected one of",
        "scg:spam=1": "--spam: --method=scg does not know it",
        "scg:edges=none": "--edges=none: expected one of",
        "scg:min_area=x": "--methods: 'min_area=x': expected a whole number",
        "scg:min_area": "--methods: 'min_area': expected option=value",
    }.items():
        with pytest.raises(InputError, match=message):
            parse_method(bad)


def test_the_program(folder, tmp_path):
    """With real processes and a published curve."""
    curve = "ncands\tjac_class\tjac_instance\trec_at_0.5\trec_at_0.7\trec_at_0.85\n"
    (tmp_path / "COCO_MCG.txt").write_text(
        curve + "10\t.2\t.19\t.16\t.08\t.03\n1e2\t1\t1\t1\t1\t1\n"
    )
    command = [
        "benchmarks/proposals.py",
        *(f"--data_dir={folder.parent}", "--methods=scg:edges=gradient"),
        *(f"--val_list={folder}/ImageSets/Segmentation/few.txt", f"--json={tmp_path / 'a.json'}"),
        *(f"--plot={tmp_path / 'a.png'}", f"--curves={tmp_path}", "--min_instance_area=100"),
        "--num_workers=1",
    ]
    printed = run(command)
    figures = json.loads((tmp_path / "a.json").read_text())
    assert list(figures) == ["scg:edges=gradient"]
    for name, of_method in figures.items():
        assert len(of_method["rows"]) == 10 and of_method["num_instances"] == 8
        assert of_method["subset_quality"]["num_instances"] == 4
        assert f"{name}: {of_method['seconds_per_image']:.2f} s per image" in printed
        row = of_method["rows"][-1]
        expected = f"   all {row['mean_candidates']:>17.1f} {row['mean_best_jaccard']:>17.3f}"
        assert expected in printed
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 500
