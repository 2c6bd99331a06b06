"""Masks and overlays of files: what is written, skipped and refused."""

import os

import cv2
import numpy as np
import pytest
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.inference.export import export
from boxsup_tf.inference.predict_files import predict_files
from boxsup_tf.inference.saved_model import load_saved_model


@pytest.fixture(scope="module")
def saved_model(model, class_names, tmp_path_factory):
    return load_saved_model(export(model, class_names, str(tmp_path_factory.mktemp("export"))))


@pytest.fixture
def paths(images, tmp_path) -> list[str]:
    paths = [str(tmp_path / f"photo.{i}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        cv2.imwrite(path, image[:, :, ::-1])
    return paths


def test_masks_and_overlays(saved_model, paths, images, tmp_path):
    out = tmp_path / "out"
    assert predict_files(saved_model, [*paths, paths[0]], str(out)) == 3
    for i, image in enumerate(images):
        labels = saved_model.predict(image[None])[0][0].numpy()
        with Image.open(out / "masks" / f"photo.{i}.png") as picture:
            assert picture.mode == "P"
            np.testing.assert_array_equal(np.array(picture), labels)
        blend = cv2.imread(str(out / "overlays" / f"photo.{i}.jpg"))[:, :, ::-1]
        expected = drawing.overlay(image, labels)
        assert blend.shape == image.shape
        assert np.abs(blend.astype(int) - expected).mean() < 12  # JPEG
    assert len(os.listdir(out / "masks")) == len(os.listdir(out / "overlays")) == 3


def test_what_is_done_is_skipped(saved_model, paths, tmp_path):
    out = tmp_path / "out"
    predict_files(saved_model, paths[:2], str(out))
    kept = out / "masks" / "photo.0.png"
    kept.write_bytes(b"mine")
    (out / "overlays" / "photo.1.jpg").unlink()
    assert predict_files(saved_model, paths, str(out)) == 2
    assert kept.read_bytes() == b"mine"
    assert (out / "overlays" / "photo.1.jpg").exists()


def test_unreadable_images_are_named_and_the_others_done(saved_model, paths, tmp_path):
    text, cut, absent = (str(tmp_path / name) for name in ("text.png", "cut.png", "absent.png"))
    with open(text, "w") as file:
        file.write("no image")
    with open(paths[0], "rb") as whole, open(cut, "wb") as file:
        file.write(whole.read()[:500])
    with pytest.raises(InputError, match="3 of 6 images could not be read") as caught:
        predict_files(saved_model, [text, cut, absent, *paths], str(tmp_path / "out"))
    for path in (text, cut, absent):
        assert path in str(caught.value)
    assert len(os.listdir(tmp_path / "out" / "masks")) == 3


def test_files_with_one_stem_are_refused(saved_model, paths, tmp_path):
    os.makedirs(tmp_path / "other")
    twin = str(tmp_path / "other" / "photo.1.jpg")
    with pytest.raises(InputError, match=r"other/photo\.1\.jpg: would write the same files as"):
        predict_files(saved_model, [*paths, twin], str(tmp_path / "out"))
    assert not os.path.exists(tmp_path / "out")
