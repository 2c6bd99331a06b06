"""proposals.sam.belief: a network's belief as a mask prompt."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.sam.belief import load_belief, mask_prompt, with_belief
from boxsup_tf.records import records, shards
from tests.models.segmenters import make_segmenter

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from tests.proposals.sam.tiny_models import write_pair

OUTSIDE = -10.0


def save_run(folder: pathlib.Path, class_names: tuple[str, ...] = SHAPE_CLASSES) -> str:
    """A run's folder with a small network of random weights."""
    segmenter = make_segmenter(class_names, 0.02)
    folder.mkdir()
    config = {"network": "largefov", "width_multiplier": 0.02, "class_names": class_names}
    (folder / "config.json").write_text(json.dumps(config))
    tf.train.Checkpoint(model=segmenter.model).save(str(folder / "ckpt"))
    return str(folder)


def test_it_is_the_log_odds_inside_the_box():
    """A model whose square and masks have the image's own size: nothing is resized."""
    logits = np.zeros((6, 8, 3), np.float32)
    logits[:, :, 2] = np.arange(48).reshape(6, 8)
    logits[:, :, 0] = 20
    window = np.array([1, 2, 5, 7])
    prompt = mask_prompt(logits, 2, window, 8, 8)
    log_odds = np.arange(48.0).reshape(6, 8)[1:5, 2:7] - 20  # of the mean 8.5: not negative
    expected = np.full((8, 8), OUTSIDE)
    expected[1:5, 2:7] = np.clip(2 * log_odds, -10, 10)
    np.testing.assert_allclose(prompt, expected)


def test_a_network_that_is_sure_of_background_is_asked_where_it_is_less_so():
    logits = np.zeros((4, 4, 2), np.float32)
    logits[:, :, 0] = 10
    logits[:, 2:, 0] = 6
    prompt = mask_prompt(logits, 1, np.array([0, 0, 4, 4]), 4, 4)
    np.testing.assert_allclose(prompt, np.tile([-4, -4, 4, 4], (4, 1)))


def test_it_lies_where_the_image_does_in_the_square():
    logits = np.zeros((10, 20, 2), np.float32)
    logits[:, :, 1] = 4
    prompt = mask_prompt(logits, 1, np.array([0, 10, 10, 20]), 40, 10)
    assert prompt.shape == (10, 10) and prompt.dtype == np.float32
    np.testing.assert_allclose(prompt[:4, 6:], 8)  # a margin of a pixel is between
    np.testing.assert_allclose(prompt[5:], OUTSIDE)
    np.testing.assert_allclose(prompt[:, :4], OUTSIDE)


def test_a_share_of_the_prompt_is_added_to_the_answer():
    answer, asked = np.full((4, 4), 2, np.float32), np.full((8, 8), -10, np.float32)
    np.testing.assert_allclose(with_belief(answer, asked), 2 - 1.5)


def test_every_box_of_a_class_gets_a_candidate_of_its_own(tmp_path):
    run, model = save_run(tmp_path / "run"), write_pair(tmp_path / "sam")
    image = np.full((48, 64, 3), 130, np.uint8)
    boxes = np.array([[4, 4, 30, 30], [20, 10, 40, 60]], np.float32)
    options = {"sam_model": model, "sam_belief": run, "sam_prompts": ("box", "believed")}

    def masks(labels: list[int], **more: str) -> set[bytes]:
        pool = registry.propose(image, "sam", boxes, labels=np.array(labels), **more)
        return {pool.mask(candidate).tobytes() for candidate in range(pool.num_candidates)}

    alone = masks([0, 0], sam_model=model)
    assert masks([0, 0], **options) == alone
    # The tiny decoder adds the prompt to what is bright.
    logits = load_belief(run).logits(image)
    assert logits.shape == (48, 64, len(SHAPE_CLASSES))
    added = masks([0, 3], **options) - alone
    assert len(added) == 1
    mask = np.frombuffer(added.pop(), bool).reshape(48, 64)
    assert mask[20:40, 10:60].any() and mask.sum() == mask[20:40, 10:60].sum()
    with pytest.raises(InputError, match=f"--sam_belief={run}: expected the boxes' labels"):
        registry.propose(image, "sam", boxes, **options)


def test_a_folder_of_records_by_several_workers(tmp_path):
    run, model = save_run(tmp_path / "run"), write_pair(tmp_path / "sam")
    examples, out, one = (str(tmp_path / name) for name in ("in", "out", "one"))
    prepare(ShapesReader(4, seed=2, image_size=48), examples, 2)
    values = {"methods": ["rectangle", "sam"], "sam_model": model, "sam_belief": run}
    values["sam_prompts"] = ["believed"]
    options = registry.make_options("union", values)
    info = generate(examples, out, "union", options, 2)
    assert info.settings["options"]["sam"]["sam_belief"] == load_belief(run).identity["sam_belief"]
    assert generate(examples, one, "union", options, 1) == info
    pools = [
        [records.decode_pool(record).pack() for record in shards.read_records(folder)]
        for folder in (out, one)
    ]
    assert pools[0] == pools[1]


def test_a_network_of_other_classes_is_refused(tmp_path):
    run = save_run(tmp_path / "run", ("background", "star", "moon", "cross", "triangle"))
    examples = str(tmp_path / "in")
    prepare(ShapesReader(2, seed=2, image_size=48), examples, 1)
    values = {"sam_model": write_pair(tmp_path / "sam"), "sam_belief": run}
    values["sam_prompts"] = ["believed"]
    with pytest.raises(InputError, match="--sam_belief: a network of the classes .*moon, cross"):
        generate(examples, str(tmp_path / "out"), "sam", registry.make_options("sam", values))
    values["sam_belief"] = str(tmp_path / "no run")
    with pytest.raises(InputError, match="--sam_belief=.*no run"):
        generate(examples, str(tmp_path / "out"), "sam", registry.make_options("sam", values))
