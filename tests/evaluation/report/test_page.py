"""evaluation.report: what is in the file, and what is said of what is not."""

import base64
import html.parser
import io
import json
import os
import pathlib
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.evaluation.report.page import write_report
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.labels import BACKGROUND, color_map
from tests.conftest import needs_crf
from tests.evaluation.report.folders import (
    CLASS_NAMES,
    HEIGHT,
    WIDTH,
    make_folders,
    photograph,
)
from tests.forked import run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_folders(tmp_path_factory.mktemp("report"), [f"image{i}" for i in range(4)])


@pytest.fixture
def folders(made, tmp_path):
    """A copy that a test may break."""
    shutil.copytree(made.root, tmp_path / "copy", ignore=shutil.ignore_patterns("*.html"))
    return type(made)(tmp_path / "copy", made.truths, made.plain, made.refined, made.scores)


def report(folders, names=("crf",), run=True, **options) -> tuple[str, list[str]]:
    output = folders.root / "report.html"
    evaluations = [str(folders.root / name) for name in names]
    run_dir = folders.path("run") if run else ""
    left_out = write_report(evaluations, folders.path("records"), run_dir, str(output), **options)
    return output.read_text(encoding="utf-8"), left_out


def data_of(page: str) -> dict:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page)
    return json.loads(found[1])


def decode(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))


class _Elements(html.parser.HTMLParser):
    """Attributes of all elements, and the headings of the parts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.attributes.append((tag, dict(attrs)))

    def parts(self) -> list[str]:
        return [attrs["id"] for tag, attrs in self.attributes if tag == "section"]


def test_everything_is_there_and_nothing_is_fetched(made):
    page, left_out = report(made)
    elements = _Elements(page)
    assert left_out == []
    expected = "summary classes boundaries confusion training evolution images"
    assert elements.parts() == expected.split()
    for _, attributes in elements.attributes:
        for name in ("src", "href", "data", "action"):
            assert re.match(r"#|data:|$", attributes.get(name) or "")
    assert not re.search(r"url\((?!#)", page) and "@import" not in page


def test_pictures_are_those_of_the_records_and_predictions(made):
    data = data_of(report(made)[0])
    assert data["results"] == ["crf", "crf + CRF"]
    colors = color_map()
    for image in data["images"]:
        name = image["id"]
        maps = (made.truths[name], made.plain[name], made.refined[name])
        for uri, label_map in zip((image["truth"], *image["predictions"]), maps, strict=True):
            shown = np.array(decode(uri).convert("RGBA"))
            np.testing.assert_array_equal(shown[..., 3], np.where(label_map == 0, 0, 255))
            seen = label_map != BACKGROUND
            np.testing.assert_array_equal(shown[seen, :3], colors[label_map[seen]])
        photo = np.array(decode(image["photo"])).astype(int)
        assert np.abs(photo - photograph(name)).mean() < 3
        assert image["scores"][0] == pytest.approx(made.scores[name], abs=1e-4)
        assert (image["height"], image["width"]) == (HEIGHT, WIDTH)


def test_large_pictures_are_reduced(made):
    image = data_of(report(made, max_side=40)[0])["images"][0]
    sizes = {decode(image[name]).size for name in ("photo", "truth")}
    assert sizes == {(40, 30)} == {(image["width"], image["height"])}


def test_the_same_files_give_the_same_bytes(made):
    first = report(made)[0]
    assert report(made)[0] == first


def test_evaluations_side_by_side(folders):
    os.remove(folders.root / "plain" / "predictions" / "image2.png")
    page, left_out = report(folders, names=("plain", "crf"), run=False)
    data = data_of(page)
    assert data["results"] == ["plain", "crf", "crf + CRF"]
    third = next(image for image in data["images"] if image["id"] == "image2")
    assert third["predictions"][0] is None and third["predictions"][1]
    assert all(len(ious) == 3 for _, ious in third["classes"])
    assert [note.partition(":")[0] for note in left_out] == ["training curves and mask evolution"]
    assert "<b>50.00</b>" in page  # the mean accuracy of folders.py, best of all
    metrics = json.loads((folders.root / "crf" / "metrics.json").read_text())
    for name in ("plain", "crf"):
        assert f">{100 * metrics['mean_iou']:.1f}</strong>" in page, name


@needs_crf
def test_nothing_is_missing_in_what_evaluate_writes(made, tmp_path):
    def probabilities(images: np.ndarray) -> np.ndarray:
        reddish = images[..., :1] / 255 * 0.9
        return np.concatenate([0.95 - reddish, reddish, *[0 * reddish + 0.025] * 2], axis=-1)

    model = SegmentationModel(
        CLASS_NAMES, {}, lambda images: probabilities(images).argmax(axis=-1), probabilities
    )
    folder, output = str(tmp_path / "real"), str(tmp_path / "x.html")
    evaluations = evaluate(model, made.path("records"), folder, EvaluateOptions(crf=True))
    left_out = write_report([folder], made.path("records"), made.path("run"), output)
    page = pathlib.Path(output).read_text()
    data = data_of(page)
    assert left_out == []
    assert data["results"] == ["real", "real + CRF"]
    for evaluation in evaluations:
        assert f">{100 * evaluation.metrics['mean_iou']:.1f}</strong>" in page
    for image in data["images"]:
        assert all(image["predictions"]) and None not in image["scores"]


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("plain/trimap.json", "boundaries"),
        ("plain/confusion.json", "confusion"),
        ("plain/per_image.json", "images"),
        ("run/metrics.json", "training"),
        ("plain/metrics.json", "summary"),
        ("plain/evaluation.json", ""),
    ],
)
def test_what_is_missing_is_left_out_and_said(folders, file, part):
    os.remove(folders.root / file)
    page, left_out = report(folders, names=("plain",))
    assert part not in _Elements(page).parts()
    assert len(left_out) == 1 and file in left_out[0]
    assert left_out[0] in page


def test_label_maps_of_a_crf_without_scores_are_no_result(folders):
    os.remove(folders.root / "crf" / "crf" / "metrics.json")
    data = data_of(report(folders)[0])
    assert data["results"] == ["crf"]


def test_an_unfinished_run_shows_its_masks_alone(folders):
    os.remove(folders.root / "run" / "mask_evolution.png")
    page, left_out = report(folders)
    uri = re.search(r'<img [^>]*src="(data:image/jpeg[^"]*)"', page)[1]
    assert decode(uri).width >= 2 * WIDTH  # two updates side by side
    assert left_out == [] and "has not ended" in page
    shutil.rmtree(folders.root / "run" / "pseudo_masks")
    page, left_out = report(folders)
    assert "evolution" not in _Elements(page).parts()
    assert len(left_out) == 1 and "mask_evolution.png" in left_out[0]


def _break_json(folders):
    (folders.root / "crf" / "trimap.json").write_text('{"widths": [1], "inside": []')


def _break_shape(folders):
    content = '{"widths": [1], "inside": [], "outside": []}'
    (folders.root / "crf" / "trimap.json").write_text(content)


def _earlier_version(folders):
    path = folders.root / "crf" / "metrics.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"crf": content}))


def _other_data(folders):
    (folders.root / "crf" / "evaluation.json").write_text('{"data": "0123"}')


def _other_classes(folders):
    path = folders.root / "crf" / "metrics.json"
    path.write_text(path.read_text().replace('"emu"', '"gnu"'))


def _lost_image(folders):
    path = folders.root / "crf" / "per_image.json"
    path.write_text(path.read_text().replace('"image3"', '"image9"'))


def _wrong_size(folders):
    path = folders.root / "crf" / "crf" / "predictions" / "image1.png"
    drawing.write_palette_png(str(path), np.zeros((5, 6), np.uint8))


def _unknown_label(folders):
    path = folders.root / "crf" / "predictions" / "image1.png"
    drawing.write_palette_png(str(path), np.full((HEIGHT, WIDTH), 9))


def _damaged_picture(folders):
    (folders.root / "crf" / "predictions" / "image1.png").write_bytes(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_break_json, "trimap.json: expected a file that evaluate.py wrote"),
        (_earlier_version, "metrics.json: .*an earlier version wrote the CRF.*evaluate again"),
        (_other_data, "crf: an evaluation of other data than .*records: expected the records"),
        (_break_shape, "trimap.json: .*damaged.*one for every width"),
        (_other_classes, "label 3 is 'gnu': expected 'emu'"),
        (_lost_image, "such as 'image9'"),
        (_wrong_size, r"crf/crf/predictions/image1.png: shape \(5, 6\).*expected \(60, 80\)"),
        (_unknown_label, "predictions/image1.png.*largest value 9"),
        (_damaged_picture, "predictions/image1.png: not a whole PNG"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(folders, damage, message):
    damage(folders)
    with pytest.raises(InputError, match=message):
        report(folders)
    assert not list(folders.root.glob("report.html*"))


def test_other_bad_arguments(made, tmp_path):
    with pytest.raises(InputError, match="--max_side=0"):
        report(made, max_side=0)
    with pytest.raises(InputError, match="no evaluation"):
        report(made, names=("records",))
    page = tmp_path / "made" / "x.html"
    write_report([made.path("crf")], made.path("records"), "", str(page))
    assert page.exists()
    with pytest.raises(InputError, match="--model_dir=.*no such folder"):
        write_report(
            [made.path("crf")],
            made.path("records"),
            str(tmp_path / "none"),
            str(tmp_path / "x.html"),
        )


def test_script(made, tmp_path):
    evaluations = f"--evaluation={made.root}/plain,{made.path('crf')}"
    flags = (evaluations, f"--data={made.path('records')}", f"--output={tmp_path}/x.html")
    assert "left out: training curves" in run(["scripts/report.py", *flags])
    assert data_of((tmp_path / "x.html").read_text())["results"] == ["plain", "crf", "crf + CRF"]
