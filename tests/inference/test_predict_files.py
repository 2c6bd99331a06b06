"""Masks, overlays and summaries of files: what is written, skipped and refused."""

import json
import os

import cv2
import numpy as np
import pytest
from PIL import Image

from boxsup_tf import drawing, sheet
from boxsup_tf.crf.dense_crf import refine
from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.data.source_image import ImageOptions, read_source_image
from boxsup_tf.errors import InputError
from boxsup_tf.inference.export import export
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.predict_files import PredictOptions, predict_files
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.inference.tiling import predict_in_tiles
from boxsup_tf.records.example import decode_image
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def saved_model(segmenter, class_names, tmp_path_factory):
    return load_saved_model(export(segmenter, str(tmp_path_factory.mktemp("export"))))


@pytest.fixture
def paths(images, tmp_path) -> dict[str, str]:
    paths = {f"photo.{i}": str(tmp_path / f"photo.{i}.png") for i in range(len(images))}
    for path, image in zip(paths.values(), images, strict=True):
        cv2.imwrite(path, image[:, :, ::-1])
    return paths


def read(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def summaries(out) -> dict:
    return json.loads((out / "predictions.json").read_text())["images"]


def test_masks_overlays_and_summaries(saved_model, paths, images, class_names, tmp_path):
    out = tmp_path / "out"
    paths["below/it"] = paths.pop("photo.0")
    assert predict_files(saved_model, paths, str(out)) == 3
    assert sorted(summaries(out)) == ["below/it", "photo.1", "photo.2"]
    for name, image in zip(("below/it", "photo.1", "photo.2"), images, strict=True):
        labels = saved_model.predict(image[None])[0][0].numpy()
        with Image.open(out / "masks" / f"{name}.png") as picture:
            assert picture.mode == "P"
        np.testing.assert_array_equal(read(out / "masks" / f"{name}.png"), labels)
        blend = read(out / "overlays" / f"{name}.jpg")
        expected = drawing.overlay(image, labels)
        with_legend = sheet.with_legend(expected, np.unique(labels), class_names)
        assert blend.shape == with_legend.shape
        assert np.abs(blend[: len(image)].astype(int) - expected).mean() < 12  # JPEG

        summary = summaries(out)[name]
        assert summary["file"] == paths[name]
        assert (summary["height"], summary["width"]) == image.shape[:2]
        areas = {class_names[label]: int((labels == label).sum()) for label in np.unique(labels)}
        assert {k: v["pixels"] for k, v in summary["classes"].items()} == areas
        assert sum(v["share"] for v in summary["classes"].values()) == pytest.approx(1)
    assert len(os.listdir(out / "masks")) == len(os.listdir(out / "overlays")) == 3


def test_what_is_done_is_skipped(saved_model, paths, images, tmp_path):
    out = tmp_path / "out"
    first, second, third = paths
    predict_files(saved_model, {first: paths[first], second: paths[second]}, str(out))
    whole = summaries(out)
    # A killed run leaves masks without a record; what is in them counts.
    mine = np.full(images[0].shape[:2], 2, np.uint8)
    drawing.write_palette_png(str(out / "masks" / f"{first}.png"), mine)
    content = json.loads((out / "predictions.json").read_text())
    (out / "predictions.json").write_text(json.dumps(content | {"images": {}}))
    (out / "overlays" / f"{second}.jpg").unlink()
    assert predict_files(saved_model, paths, str(out)) == 2
    np.testing.assert_array_equal(read(out / "masks" / f"{first}.png"), mine)
    assert list(summaries(out)) == [first, second, third]
    assert summaries(out)[second] == whole[second]
    (found,) = summaries(out)[first]["classes"].values()
    assert found == {"pixels": mine.size, "share": 1.0}

    # A mask that is none is made again, and other images may follow into the same folder.
    (out / "masks" / f"{second}.png").write_bytes(b"")
    (out / "predictions.json").write_text(json.dumps(content | {"images": {}}))
    assert predict_files(saved_model, {second: paths[second]}, str(out)) == 1
    before = (out / "predictions.json").read_bytes()
    assert list(summaries(out)) == [second]
    assert predict_files(saved_model, {second: paths[second]}, str(out)) == 0
    assert (out / "predictions.json").read_bytes() == before


def test_masks_among_the_images_are_not_taken_for_images(saved_model, paths, tmp_path):
    out = str(tmp_path / "out")
    for new in (3, 0):
        assert predict_files(saved_model, find_images([str(tmp_path)], out), out) == new


def test_what_was_finished_before_an_error_is_recorded(saved_model, paths, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write = drawing.write_palette_png

    def full_disk(path, label_map):
        if "photo.2" in path:
            raise OSError("disk full")
        write(path, label_map)

    with monkeypatch.context() as patch:
        patch.setattr(drawing, "write_palette_png", full_disk)
        with pytest.raises(OSError, match="disk full"):
            predict_files(saved_model, paths, str(out))
    assert list(summaries(out)) == ["photo.0", "photo.1"]
    assert predict_files(saved_model, paths, str(out)) == 1


def test_the_same_bytes_whatever_the_batch(saved_model, paths, tmp_path):
    twice = paths | {"again": paths["photo.1"]}
    contents = []
    for batch_size in (1, 2):
        out = tmp_path / str(batch_size)
        predict_files(saved_model, twice, str(out), PredictOptions(batch_size=batch_size))
        files = sorted(path for path in out.rglob("*") if path.is_file())
        contents.append([path.read_bytes() for path in files])
    assert len(contents[0]) == 9 and contents[0] == contents[1]


def test_unreadable_images_are_named_and_the_others_done(saved_model, paths, tmp_path):
    bad = {name: str(tmp_path / f"{name}.jpg") for name in ("text", "cut", "absent", "large")}
    with open(bad["text"], "w") as file:
        file.write("no image")
    with open(paths["photo.0"], "rb") as whole, open(bad["cut"], "wb") as file:
        file.write(whole.read()[:500])
    Image.new("1", (200, 100)).save(bad["large"], "PNG")
    with pytest.raises(InputError, match="4 of 7 images could not be predicted") as caught:
        predict_files(
            saved_model, bad | paths, str(tmp_path / "out"), PredictOptions(max_megapixels=0.01)
        )
    for path in bad.values():
        assert f"\n  {path}: " in str(caught.value)
    assert "large.jpg: the image has 100 x 200 pixels" in str(caught.value)
    assert len(os.listdir(tmp_path / "out" / "masks")) == len(summaries(tmp_path / "out")) == 3


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "I;16"])
def test_kinds_of_png(saved_model, images, tmp_path, mode):
    grey = cv2.cvtColor(images[0], cv2.COLOR_RGB2GRAY)
    if mode == "I;16":
        picture, seen = Image.fromarray(grey.astype(np.uint16) * 256 + 7), grey
    elif mode == "RGBA":
        picture, seen = Image.fromarray(np.dstack([images[0], grey])), images[0]
    else:
        picture = Image.fromarray(images[0]).convert(mode)
        seen = np.array(picture.convert("RGB"))
    path = str(tmp_path / "a.png")
    picture.save(path)
    predict_files(saved_model, {"a": path}, str(tmp_path / "out"))
    seen = np.broadcast_to(seen[:, :, None], images[0].shape) if seen.ndim == 2 else seen
    labels = saved_model.predict(seen[None])[0][0].numpy()
    np.testing.assert_array_equal(read(tmp_path / "out" / "masks" / "a.png"), labels)


def test_files_are_read_as_for_records(saved_model, images, tmp_path):
    cv2.imwrite(str(tmp_path / "a.bmp"), images[0])
    deep = np.dstack([images[1], images[1][:, :, :1]]).astype(np.uint16) * 20 + 1000
    cv2.imwrite(str(tmp_path / "b.png"), deep)
    Image.new("RGB", (9, 9)).save(tmp_path / "c.gif")
    paths = {name: str(tmp_path / name) for name in ("a.bmp", "b.png", "c.gif")}
    chosen = ImageOptions(channels=(3, 1, 2), value_range=(1000, 6100))
    for number, options in enumerate((ImageOptions(), chosen)):
        out = tmp_path / str(number)
        with pytest.raises(InputError, match="(?s)1 of 3 .*c.gif: not a .* image, but a GIF"):
            predict_files(saved_model, paths, str(out), channels=options)
        for name in ("a.bmp", "b.png"):
            pixels = decode_image(read_source_image(paths[name], "x", options).encoded).numpy()
            expected = saved_model.predict(pixels[None])[0][0].numpy()
            np.testing.assert_array_equal(read(out / "masks" / f"{name}.png"), expected)
    assert (read(tmp_path / "0/masks/b.png.png") != read(tmp_path / "1/masks/b.png.png")).any()
    with pytest.raises(InputError, match="channels = .3, 1, 2.: expected None"):
        predict_files(saved_model, paths, str(tmp_path / "1"))


def test_photographs_are_turned_upright(saved_model, images, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: a viewer turns the pixels clockwise
    path = str(tmp_path / "a.jpg")
    Image.fromarray(images[0][:40]).save(path, exif=exif)
    predict_files(saved_model, {"a": path}, str(tmp_path / "out"))
    with open(path, "rb") as file:
        upright = np.rot90(decode_image(file.read()), -1)
    labels = saved_model.predict(upright[None].copy())[0][0].numpy()
    np.testing.assert_array_equal(read(tmp_path / "out" / "masks" / "a.png"), labels)


def test_large_images_pass_in_tiles(saved_model, images, tmp_path, monkeypatch):
    large = np.tile(cv2.resize(images[0], (400, 90)), (1, 2, 1))
    path = str(tmp_path / "a.png")
    cv2.imwrite(path, large[:, :, ::-1])
    widths = []
    predict = type(saved_model).predict

    def watched(self, batch):
        widths.append(batch.shape[2])
        return predict(self, batch)

    monkeypatch.setattr(type(saved_model), "predict", watched)
    options = PredictOptions(tile_size=640, annotations=("coco", "labelme"))
    predict_files(saved_model, {"a": path}, str(tmp_path / "out"), options)
    assert (tmp_path / "out" / "annotations.json").exists()
    assert (tmp_path / "out" / "labelme" / "a.json").exists()
    assert widths == [640, 640]
    labels = predict(saved_model, large[None])[0][0].numpy()
    assert (read(tmp_path / "out" / "masks" / "a.png") == labels).mean() >= 0.999


def test_crf(saved_model, paths, images, tmp_path, monkeypatch):
    pytest.importorskip("pydensecrf")
    monkeypatch.syspath_prepend(REPOSITORY)  # for the processes
    parameters = load_parameters("deeplab_largefov")
    predict_files(saved_model, paths, str(tmp_path / "out"), PredictOptions(crf=True))
    for name, image in zip(paths, images, strict=True):
        labels, probabilities = saved_model.predict(image[None])
        refined = refine(image, probabilities[0].numpy(), parameters).argmax(-1)
        mask = read(tmp_path / "out" / "masks" / f"{name}.png")
        np.testing.assert_array_equal(mask, refined)
        assert (mask != labels[0].numpy()).any()


def test_crf_of_large_images_and_of_others_by_several_processes(
    saved_model, images, tmp_path, monkeypatch
):
    """A large one between others: all are done, each as by itself."""
    pytest.importorskip("pydensecrf")
    monkeypatch.syspath_prepend(REPOSITORY)  # for the processes
    large = np.tile(cv2.resize(images[0], (400, 90)), (1, 2, 1))
    pictures = {"a": images[0], "large": large, "b": images[1], "c": images[1][::-1]}
    paths = {name: str(tmp_path / f"{name}.png") for name in pictures}
    for name, path in paths.items():
        cv2.imwrite(path, pictures[name][:, :, ::-1])
    parameters = load_parameters("deeplab_largefov")
    contents = []
    for num_workers in (1, 2):
        out = tmp_path / str(num_workers)
        options = PredictOptions(crf=True, tile_size=640, num_workers=num_workers)
        assert predict_files(saved_model, paths, str(out), options) == 4
        contents.append({str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*.*")})
    assert contents[0] == contents[1]

    def refined(batch: np.ndarray) -> np.ndarray:
        pairs = zip(batch, saved_model.predict(batch)[1].numpy(), strict=True)
        return np.stack([refine(*pair, parameters).argmax(-1) for pair in pairs])

    for name, picture in pictures.items():
        expected = predict_in_tiles(refined, picture[None].copy(), 640)[0]
        mask = read(tmp_path / "1" / "masks" / f"{name}.png")
        assert (mask == expected).mean() > 0.999  # "b" and "c" passed the network together


def test_no_crf_after_a_crf(segmenter, class_names, paths, tmp_path):
    parameters = load_parameters("deeplab_largefov")
    path = export(segmenter, str(tmp_path / "export"), crf_parameters=parameters)
    exported, out = load_saved_model(path), tmp_path / "out"
    with pytest.raises(InputError, match="export/1: the model ends with a CRF .* leave out --crf"):
        predict_files(exported, paths, str(out), PredictOptions(crf=True))
    assert not out.exists()
    assert predict_files(exported, paths, str(out)) == 3


def test_an_image_too_long_for_any_picture_file_is_named_and_the_others_done(
    saved_model, paths, tmp_path
):
    paths = {"long": str(tmp_path / "long.png")} | paths
    Image.new("RGB", (70_000, 2)).save(paths["long"])
    with pytest.raises(InputError, match=r"1 of 4 images .*\n.*long.png: the image has 2 x 70000"):
        predict_files(saved_model, paths, str(tmp_path / "out"))
    assert sorted(summaries(tmp_path / "out")) == ["photo.0", "photo.1", "photo.2"]
    assert sorted(os.listdir(tmp_path / "out" / "masks"))[0] == "photo.0.png"


def test_files_of_unknown_origin_do_not_count(saved_model, paths, images, tmp_path):
    out = tmp_path / "out"
    predict_files(saved_model, paths, str(out))
    content = json.loads((out / "predictions.json").read_text())
    # As a killed run leaves them: nothing of what it made is recorded.
    killed = content | {"images": {}}
    (out / "predictions.json").write_text(json.dumps(killed))
    with pytest.raises(
        InputError, match="elsewhere/a.png: .*has .*photo.0.png by the name photo.0"
    ):
        predict_files(saved_model, {"photo.0": "elsewhere/a.png"}, str(out))
    # A label that the model does not have, and masks that no earlier run was to make.
    stray = np.full(images[0].shape[:2], 77, np.uint8)
    for name in ("photo.0", "other"):
        drawing.write_palette_png(str(out / "masks" / f"{name}.png"), stray)
        (out / "overlays" / f"{name}.jpg").touch()
    given = paths | {"other": paths["photo.1"]}
    assert predict_files(saved_model, given, str(out)) == 2
    for name in ("photo.0", "other"):
        assert read(out / "masks" / f"{name}.png").max() < 77
    again = summaries(out)
    assert again.pop("other")["file"] == paths["photo.1"] and again == content["images"]


def test_other_settings_need_another_folder(saved_model, paths, segmenter, class_names, tmp_path):
    out = str(tmp_path / "out")
    predict_files(saved_model, paths, out)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    with pytest.raises(InputError, match="holds predictions with tile_size = 1280: expected 640"):
        predict_files(saved_model, paths, out, PredictOptions(tile_size=640))
    kernel = segmenter.model.get_layer("fc8").kernel
    kernel.assign(-kernel)
    try:
        other = load_saved_model(export(segmenter, str(tmp_path / "export")))
    finally:
        kernel.assign(-kernel)
    with pytest.raises(InputError, match="holds predictions with model = .*another --output_dir"):
        predict_files(other, paths, out)
    paths["photo.1"] = paths["photo.2"]
    with pytest.raises(InputError, match="photo.2.png: .*has .*photo.1.png by the name photo.1"):
        predict_files(saved_model, paths, out)
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    for damage, message in (
        ("{}", "expected a file that predict.py wrote"),
        ("[]", "holds a list"),
    ):
        (tmp_path / "out" / "predictions.json").write_text(damage)
        with pytest.raises(InputError, match=f"predictions.json: {message}"):
            predict_files(saved_model, paths, out)


def test_a_wrong_tile_size_is_refused_before_anything_is_written(saved_model, paths, tmp_path):
    with pytest.raises(InputError, match="--tile_size=100: expected"):
        predict_files(saved_model, paths, str(tmp_path / "out"), PredictOptions(tile_size=100))
    assert not (tmp_path / "out").exists()
