"""proposals.sam.keras_hub_model: a SAM preset of keras-hub."""

import pathlib

import numpy as np
import pytest

from boxsup_tf.errors import InputError

keras_hub = pytest.importorskip("keras_hub")

import keras

from boxsup_tf.proposals.registry import propose
from boxsup_tf.proposals.sam import keras_hub_model
from boxsup_tf.proposals.sam.prompted_model import Prompt, padded_square

SIDE = 64


@pytest.fixture(scope="module")
def segmenter() -> keras.Model:
    """Small, of random weights."""
    keras.utils.set_random_seed(0)
    encoder = keras_hub.models.ViTDetBackbone(
        hidden_size=8,
        num_layers=2,
        intermediate_dim=16,
        num_heads=2,
        global_attention_layer_indices=[1],
        patch_size=16,
        num_output_channels=8,
        window_size=2,
        image_shape=(SIDE, SIDE, 3),
    )
    prompt_encoder = keras_hub.layers.SAMPromptEncoder(
        hidden_size=8,
        image_embedding_size=(SIDE // 16, SIDE // 16),
        input_image_size=(SIDE, SIDE),
        mask_in_channels=4,
    )
    decoder = keras_hub.layers.SAMMaskDecoder(
        num_layers=1,
        hidden_size=8,
        intermediate_dim=16,
        num_heads=2,
        embedding_dim=8,
        num_multimask_outputs=3,
        iou_head_depth=2,
        iou_head_hidden_dim=8,
    )
    backbone = keras_hub.models.SAMBackbone(
        image_encoder=encoder, prompt_encoder=prompt_encoder, mask_decoder=decoder
    )
    return keras_hub.models.SAMImageSegmenter(backbone=backbone)


@pytest.fixture(scope="module")
def preset(segmenter, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("preset"))
    segmenter.save_to_preset(folder)
    return folder


def _image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, SIDE, 3), np.uint8)


@pytest.mark.parametrize("with_mask", [False, True])
@pytest.mark.parametrize("inside", [0, 1])
def test_the_masks_are_those_of_the_segmenter(inside, with_mask, segmenter, preset):
    model = keras_hub_model.load(preset)
    assert model.side == SIDE and model.mask_side == SIDE // 4
    square = padded_square(_image(), SIDE, SIDE)
    points = np.array([[20, 20], [8, 4], [40, 44]], np.float32)[1 - inside :]
    labels = np.array([1, 2, 3], np.float32)[1 - inside :]
    mask = np.linspace(-8, 8, 256, dtype=np.float32).reshape(16, 16) if with_mask else None
    logits, ious = model.masks(model.embed(square), Prompt(points, labels, mask))
    prompts = {
        "images": square[None],
        "points": points[None, :inside],
        "labels": labels[None, :inside],
        "boxes": points[None, None, inside:],
    }
    if mask is not None:
        prompts["masks"] = mask[None, None, :, :, None]
    expected = segmenter.predict(prompts, verbose=0)
    assert logits.shape == (4, SIDE // 4, SIDE // 4)
    np.testing.assert_allclose(logits, expected["masks"][0], atol=1e-4)
    np.testing.assert_allclose(ious, expected["iou_pred"][0], atol=1e-4)


def test_the_weights_tell_a_model_from_others(segmenter, preset):
    identity = keras_hub_model.load(preset).identity
    assert identity == keras_hub_model.KerasHubModel(segmenter.backbone).identity
    changed = keras_hub_model.load(preset)._backbone
    changed.mask_decoder.iou_token.set_weights([np.ones((1, 8), np.float32)])
    assert keras_hub_model.KerasHubModel(changed).identity != identity


def test_a_preset_is_a_model_of_the_method(preset):
    boxes = np.array([[4, 8, 40, 50], [0, 0, 20, 20]], np.float32)
    pool = propose(_image(), "sam", boxes, sam_model=preset)
    again = propose(_image(), "sam", boxes, sam_model=preset)
    assert 0 < pool.num_candidates <= 8
    assert pool.pack() == again.pack()


def test_another_preset_is_refused(tmp_path):
    pathlib.Path(tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match=f"--sam_model={tmp_path}: .*: expected a SAM preset"):
        keras_hub_model.load(str(tmp_path))


def test_the_presets_are_those_of_keras_hub():
    assert "sam_base_sa1b" in keras_hub_model.preset_names()
