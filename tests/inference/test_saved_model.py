"""The SavedModel gives the predictor's answers, here and where only TensorFlow is installed."""

import os
import pathlib
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.inference.export import export
from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.records.example import decode_image

_SCALES = (0.75, 1.0)

# What a stranger would write: TensorFlow, NumPy and the exported folder, nothing else.
_STRANGER = """
import pathlib, sys
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
answers = {}
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    encoded = path.read_bytes()
    image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    of_pixels = model.signatures["serving_default"](images=image[None])
    of_bytes = model.signatures["serve_image_bytes"](image_bytes=tf.constant([encoded]))
    for name, outputs in (("pixels", of_pixels), ("bytes", of_bytes)):
        answers[f"{path.name}/{name}"] = outputs["semantic_predictions"].numpy()
        answers[f"{path.name}/{name}/p"] = outputs["probabilities"].numpy()
foreign = [name for name in sys.modules if name.split(".")[0] == "boxsup_tf"]
assert not foreign, foreign
np.savez(sys.argv[3], **answers)
"""


@pytest.fixture(scope="module")
def export_dir(segmenter, class_names, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("export"))
    export(segmenter, folder, _SCALES)
    return folder


@pytest.fixture(scope="module")
def image_dir(images, tmp_path_factory) -> pathlib.Path:
    """Three sizes, each in grey and in colour, as JPEG and as PNG."""
    folder = tmp_path_factory.mktemp("images")
    for i, image in enumerate(images):
        for ending in ("jpg", "png"):
            cv2.imwrite(str(folder / f"{i}_color.{ending}"), image[:, :, ::-1])
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            cv2.imwrite(str(folder / f"{i}_grey.{ending}"), grey)
    return folder


def test_tensorflow_alone_gives_the_same_answers(export_dir, image_dir, segmenter, tmp_path):
    answers_path = str(tmp_path / "answers.npz")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", _STRANGER, f"{export_dir}/1", str(image_dir), answers_path]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    answers = np.load(answers_path)
    predictor = Predictor(segmenter, _SCALES)
    paths = sorted(image_dir.iterdir())
    assert len(paths) == 12 and len(answers.files) == 4 * len(paths)
    for path in paths:
        expected = predictor.predict(decode_image(path.read_bytes())[None])
        for name in ("pixels", "bytes"):
            labels = answers[f"{path.name}/{name}"]
            np.testing.assert_array_equal(labels, expected[SEMANTIC_PREDICTIONS])
            probabilities = answers[f"{path.name}/{name}/p"]
            np.testing.assert_allclose(probabilities, expected[PROBABILITIES], atol=1e-5)


def test_loaded_model_predicts_and_names_its_classes(export_dir, segmenter, class_names, images):
    loaded = load_saved_model(export_dir)
    assert loaded.class_names == class_names
    batch = np.stack([images[2], images[2][:, ::-1]])
    labels, probabilities = loaded.predict(batch)
    predictor = Predictor(segmenter, _SCALES)
    expected = predictor.predict(batch)
    np.testing.assert_array_equal(labels, expected[SEMANTIC_PREDICTIONS])
    np.testing.assert_allclose(probabilities, expected[PROBABILITIES], atol=1e-6)


def test_highest_version_is_taken(export_dir, tmp_path):
    for version in ("2", "10"):
        shutil.copytree(f"{export_dir}/1", tmp_path / version)
    (tmp_path / "11").mkdir()
    assert load_saved_model(str(tmp_path)).path == str(tmp_path / "10")
    assert load_saved_model(str(tmp_path / "2")).path == str(tmp_path / "2")


def test_files_of_one_request_share_a_size(export_dir, image_dir):
    serve = tf.saved_model.load(f"{export_dir}/1").signatures["serve_image_bytes"]
    one_size = [(image_dir / f"0_{kind}").read_bytes() for kind in ("color.jpg", "grey.png")]
    outputs = serve(image_bytes=tf.constant(one_size))[SEMANTIC_PREDICTIONS]
    for i, encoded in enumerate(one_size):
        alone = serve(image_bytes=tf.constant([encoded]))[SEMANTIC_PREDICTIONS]
        np.testing.assert_array_equal(outputs[i], alone[0])
    mixed = [*one_size, (image_dir / "1_color.jpg").read_bytes()]
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have one size"):
        serve(image_bytes=tf.constant(mixed))


def test_requests_of_too_many_pixels_are_refused(
    segmenter, class_names, images, image_dir, tmp_path
):
    """All of a request together, whatever the signature, and before the network sees any."""
    image = images[0]
    limit = 2.5 * image[..., 0].size / 1e6
    path = export(segmenter, str(tmp_path), max_megapixels=limit)
    signatures = tf.saved_model.load(path).signatures
    file = (image_dir / "0_color.png").read_bytes()
    inputs = {
        "serving_default": {"images": tf.constant(image)},
        "serve_image_bytes": {"image_bytes": file},
        "serve_masks": {"image_bytes": file},
    }
    for name, ((key, value),) in ((name, given.items()) for name, given in inputs.items()):
        signatures[name](**{key: tf.stack([value] * 2)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected at most .* megapixels"):
            signatures[name](**{key: tf.stack([value] * 3)})
    with pytest.raises(InputError, match=r"of shape \[3, .*: expected at most .* in a request"):
        load_saved_model(path).predict(np.stack([image] * 3))


def test_what_is_no_export_is_refused(export_dir, tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="no SavedModel: expected a folder that export.py"):
            load_saved_model(str(path))

    damaged = tmp_path / "damaged"
    shutil.copytree(f"{export_dir}/1", damaged)
    (damaged / "saved_model.pb").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError, match="saved_model.pb: is not as it was exported"):
        load_saved_model(str(damaged))
    shutil.rmtree(damaged / "assets.extra")  # as in exports of old
    with pytest.raises(InputError, match="cannot be loaded"):
        load_saved_model(str(damaged))

    shutil.rmtree(damaged / "assets")
    with pytest.raises(InputError, match="label_map.txt: cannot read the label map"):
        load_saved_model(str(damaged))

    foreign = tmp_path / "foreign"
    tf.saved_model.save(tf.Module(), str(foreign))
    shutil.copytree(f"{export_dir}/1/assets", foreign / "assets", dirs_exist_ok=True)
    with pytest.raises(InputError, match="signatures are .*: expected serving_default"):
        load_saved_model(str(foreign))


def test_sha256sum_knows_the_sums(export_dir):
    command = ["sha256sum", "--check", "--strict", "assets.extra/SHA256SUMS"]
    done = subprocess.run(command, cwd=f"{export_dir}/1", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"saved_model.pb: OK", "assets/label_map.txt: OK"} <= set(done.stdout.splitlines())


def test_a_label_map_short_of_a_class_is_refused(export_dir, tmp_path):
    shutil.copytree(f"{export_dir}/1", tmp_path / "1")
    shutil.rmtree(tmp_path / "1" / "assets.extra")
    path = tmp_path / "1" / "assets" / "label_map.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    message = f"label_map.txt: has {len(lines) - 1} classes: expected {len(lines)}, a line"
    with pytest.raises(InputError, match=message):
        load_saved_model(str(tmp_path))


@pytest.mark.parametrize("line", ["1\tcat", "2\tcat\t#800000", "one\tcat\t#800000"])
def test_label_map_with_a_wrong_line_is_refused(export_dir, tmp_path, line):
    shutil.copytree(f"{export_dir}/1", tmp_path / "1")
    path = tmp_path / "1" / "assets" / "label_map.txt"
    path.write_text(f"0\tbackground\t#000000\n{line}\n")
    with pytest.raises(InputError, match="label_map.txt: line 2 is .*expected label 1"):
        load_saved_model(str(tmp_path))
