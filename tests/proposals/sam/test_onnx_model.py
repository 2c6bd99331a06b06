"""proposals.sam.onnx_model: the pair of ONNX files that labelling tools use."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from tests.conftest import REPOSITORY

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from boxsup_tf.proposals.sam import onnx_model
from boxsup_tf.proposals.sam.prompted_model import Prompt, padded_square
from tests.proposals.sam.tiny_models import SIDE, write_decoder, write_encoder, write_pair

CORNERS = Prompt(np.array([[0, 0], [SIDE, SIDE]], np.float32), np.array([2, 3], np.float32))


def _image() -> np.ndarray:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[16:48, 16:32] = 255
    return image


def test_a_single_mask_decoder_is_asked_for_both_of_its_masks(tmp_path):
    model = onnx_model.load(write_pair(tmp_path))
    assert model.side == SIDE
    logits, ious = model.masks(model.embed(padded_square(_image(), SIDE, SIDE)), CORNERS)
    np.testing.assert_allclose(ious, [0.5, 0.25])
    bright = np.zeros((16, 16), bool)
    bright[4:12, 4:8] = True
    np.testing.assert_array_equal(logits > 0, [bright, bright])
    np.testing.assert_allclose(logits[0] - logits[1], 1, rtol=1e-5)


def test_a_multi_mask_decoder_gives_all_at_once(tmp_path):
    model = onnx_model.load(write_pair(tmp_path, num_masks=4))
    logits, ious = model.masks(model.embed(padded_square(_image(), SIDE, SIDE)), CORNERS)
    assert logits.shape == (4, 16, 16) and logits.dtype == np.float32
    np.testing.assert_allclose(ious, [0.9, 0.8, 0.7, 0.6])


@pytest.mark.parametrize("num_masks", [1, 4])
def test_a_mask_is_part_of_the_prompt(num_masks, tmp_path):
    model = onnx_model.load(write_pair(tmp_path, num_masks))
    embedding = model.embed(padded_square(_image(), SIDE, SIDE))
    assert model.mask_side == 16
    mask = np.arange(256, dtype=np.float32).reshape(16, 16)
    without, _ = model.masks(embedding, CORNERS)
    logits, ious = model.masks(embedding, CORNERS._replace(mask=mask))
    np.testing.assert_allclose(logits - without, np.stack([mask] * len(logits)), atol=1e-4)
    single, iou = model.single_mask(embedding, CORNERS._replace(mask=mask))
    np.testing.assert_array_equal(single, logits[0])
    assert iou == ious[0]


def test_the_files_tell_a_model_from_others_not_their_names(tmp_path):
    first = onnx_model.load(write_pair(tmp_path / "a")).identity
    moved = pathlib.Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    (moved / "image.onnx").rename(moved / "other.onnx")
    assert onnx_model.load(str(moved)).identity == first
    assert onnx_model.load(write_pair(tmp_path / "c", 4)).identity != first


def _one_file(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx")


def _two_encoders(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx")
    write_encoder(folder / "b.onnx")


def _two_decoders(folder: pathlib.Path) -> None:
    write_decoder(folder / "a.onnx")
    write_decoder(folder / "b.onnx")


def _no_model(folder: pathlib.Path) -> None:
    write_pair(folder)
    (folder / "image.onnx").write_bytes(b"no model")


def _no_low_res_masks(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx")
    write_decoder(folder / "b.onnx", leave_out="low_res_masks")


def _any_side(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx", (1, 3, "height", "width"))
    write_decoder(folder / "b.onnx")


def _channels_last(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx", (1, SIDE, SIDE, 3))
    write_decoder(folder / "b.onnx")


def _of_another_size(folder: pathlib.Path) -> None:
    write_encoder(folder / "a.onnx")
    write_decoder(folder / "b.onnx", embedding=(1, 5, 16, 16))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_one_file, "--sam_model=.*: holds 1 ONNX files: expected two, an encoder and a decoder"),
        (_two_encoders, ": 0 of its two ONNX files have the inputs .*: expected one, the decoder"),
        (_two_decoders, ": 2 of its two ONNX files have the inputs .*: expected one, the decoder"),
        (_no_model, "image.onnx: .*: expected an ONNX model"),
        (_no_low_res_masks, ": 0 of its two .* and the outputs low_res_masks, iou_predictions"),
        (_any_side, "a.onnx: .*image .1, 3, 'height', 'width'.*: expected one image .1, 3, side"),
        (_channels_last, "a.onnx: .*image .1, 64, 64, 3.*: expected one image .1, 3, side, side"),
        (_of_another_size, "b.onnx: image_embeddings is .1, 5, 16, 16., .* expected .1, 3, 16, 16"),
    ],
)
def test_what_is_no_such_pair_is_named(make, message, tmp_path):
    make(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        onnx_model.load(str(tmp_path))
    assert "\n" not in str(caught.value)


_WITHOUT = """
import sys
sys.modules["onnxruntime"] = None
from boxsup_tf.errors import shown_in_one_line
from boxsup_tf.proposals.sam.loading import load
with shown_in_one_line():
    load(sys.argv[1])
"""


def test_without_onnxruntime_it_says_what_to_install(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT, write_pair(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert run.returncode == 1
    expected = "the module onnxruntime is missing: expected it after `pip install onnxruntime`"
    assert run.stderr.endswith(f"error: --sam_model={tmp_path}: {expected}\n")
