"""explore.explorer: its numbers are those of a mask update on the same records."""

import dataclasses
import io
import shutil

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.explore.choice import ChoiceSettings
from boxsup_tf.explore.opened_image import DrawnBox, OpenedImage
from boxsup_tf.explore.server import ExploreOptions, make_explorer
from boxsup_tf.labels import color_map
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import registry
from boxsup_tf.records import keys, records
from boxsup_tf.training.input_pipeline import pseudo_mask
from boxsup_tf.training.training_example import read_example
from tests.explore.conftest import FOLLOWED_MASK, NUM_IMAGES, png_of
from tests.training.folders import CLASS_NAMES, SIDE

ALL = 200  # more than a pool has


def _boxes(explorer):
    """(key, number) of every box that may choose."""
    for key in map(str, range(NUM_IMAGES)):
        for number, box in enumerate(explorer.describe(key)["boxes"]):
            if not box["ignored"]:
                yield key, number


def _in_colour(label_map: np.ndarray) -> np.ndarray:
    alpha = np.where(label_map == 0, 0, 255)
    return np.dstack([color_map()[label_map], alpha]).astype(np.uint8)


@pytest.mark.parametrize(
    ("update", "values"),
    [
        (0, {}),
        (1, {"k": 1, "belief": "centred", "feedback_weight": 0.7, "min_box_iou": 0.4}),
        (
            2,
            {
                **{"belief": "cross_entropy", "normaliser": "box", "clip_to_box": False},
                **{"k": 50, "prior_weight": 0.3},
            },
        ),
        (3, {"k": 1, "box_tolerance": 0.3, "min_box_iou": 0.6}),
        (4, {"k": 2, "box_tolerance": 0.2, "retighten_boxes": True}),
    ],
)
def test_every_box_chooses_as_in_a_mask_update(world, explorer, update, values):
    settings = dataclasses.replace(explorer.defaults, update=update, **values)
    sources, labelling, report = world.update(update, **values)
    costs = []
    for key, number in _boxes(explorer):
        answer = explorer.candidates(key, None, number, settings, ALL)
        example = sources[0].examples[int(key)]
        chosen = labelling.of(tf.constant(f"0/{example.source_id}"), example.num_boxes).numpy()
        assert answer["chosen"] == chosen[number]
        listed = [each["number"] for each in answer["candidates"]]
        assert listed.index(answer["chosen"]) < settings.k
        costs += [each for each in answer["candidates"] if each["number"] == answer["chosen"]]
    assert len(costs) >= NUM_IMAGES
    for name, mean in (
        ("overlap", report.overlap_cost),
        ("regression", report.regression_cost),
        ("coverage", report.coverage),
    ):
        assert np.mean([each[name] for each in costs]) == pytest.approx(mean, rel=1e-5)
    for key in range(NUM_IMAGES):
        picture = png_of(explorer.picture(str(key), "now", None, 0, settings))
        painted = pseudo_mask(
            read_example(sources[0], key), labelling, dataclasses.replace(world.config, **values)
        )
        np.testing.assert_array_equal(picture, _in_colour(painted.numpy()))


def test_candidates_are_in_the_order_of_their_total(explorer):
    settings = dataclasses.replace(explorer.defaults, feedback_weight=4.0, prior_weight=0.5, k=1)
    for key, number in _boxes(explorer):
        answer = explorer.candidates(key, None, number, settings, ALL)
        found = answer["candidates"]
        totals = [each["total"] for each in found]
        expected = [e["overlap"] + 4.0 * e["regression"] + 0.5 / (1 + e["coverage"]) for e in found]
        np.testing.assert_allclose(totals, expected, rtol=1e-5)
        assert totals == sorted(totals) and len(found) == answer["num_eligible"]
        assert answer["chosen"] == found[0]["number"]
        by_overlap = sorted(found, key=lambda each: (each["overlap"], each["number"]))
        assert [each["overlap_rank"] for each in by_overlap] == [*range(1, len(found) + 1)]


def test_a_box_drawn_where_one_is_has_its_candidates(explorer):
    settings = dataclasses.replace(explorer.defaults, k=1)
    for key, number in _boxes(explorer):
        own = explorer.describe(key)["boxes"][number]
        drawn = DrawnBox(tuple(own["box"]), own["label"])
        expected = explorer.candidates(key, None, number, settings, 5)
        answer = explorer.candidates(key, drawn, 0, settings, 5)
        assert [e["number"] for e in answer["candidates"]] == [
            e["number"] for e in expected["candidates"]
        ]
        for one, other in zip(answer["candidates"], expected["candidates"], strict=True):
            assert one == pytest.approx(other, rel=1e-5)


def test_the_class_changes_what_the_network_says_and_lambda_0_does_not_ask_it(explorer):
    box = (2.0, 3.0, 25.0, 30.0)
    silent = dataclasses.replace(explorer.defaults, feedback_weight=0.0, k=1)
    answers = [
        explorer.candidates("1", DrawnBox(box, label), 0, silent, 9)["candidates"]
        for label in (1, 2)
    ]
    assert [e["overlap"] for e in answers[0]] == [e["overlap"] for e in answers[1]]
    assert [e["regression"] for e in answers[0]] != [e["regression"] for e in answers[1]]
    assert all(e["total"] == e["overlap"] for e in answers[0])


def test_layers_show_what_they_say(world, explorer):
    settings, example = explorer.defaults, records.decode_example(explorer.gallery.read("0"))
    pool = records.decode_pool(explorer.gallery.read("0"))
    image = png_of(explorer.picture("0", "photo", None, 0, settings))
    np.testing.assert_array_equal(image, tf.io.decode_png(example.encoded))
    truth = png_of(explorer.picture("0", "truth", None, 0, settings))
    np.testing.assert_array_equal(truth, _in_colour(example.mask))
    mask = png_of(explorer.picture("0", "candidate", None, 7, settings))
    np.testing.assert_array_equal(mask[:, :, 3] > 0, pool.mask(7))

    scale = world.config.update_scale
    logits = world.segmenter.logits(image[None].astype(np.uint8), scale)[0].numpy()
    odds = np.exp(logits - logits.max(axis=2, keepdims=True))
    probability = odds / odds.sum(axis=2, keepdims=True)
    for label in range(len(CLASS_NAMES)):
        belief = png_of(explorer.picture("0", "belief", None, label, settings))
        np.testing.assert_allclose(belief[:, :, 3], 255 * probability[:, :, label], atol=0.6)
    predicted = png_of(explorer.picture("0", "prediction", None, 0, settings))
    np.testing.assert_array_equal(predicted, _in_colour(logits.argmax(axis=2)))

    contours = png_of(explorer.picture("0", "pool", None, 0, settings))[:, :, 3] > 0
    right = pool.superpixels[:, 1:] != pool.superpixels[:, :-1]
    assert (contours[:, :-1] >= right).all() and not contours.all()


def test_masks_of_the_runs_epochs(world, explorer):
    assert explorer.describe("0")["epochs"] == [0, 1]  # followed, and in the checkpoint
    assert explorer.describe("1")["epochs"] == [1]
    followed = png_of(explorer.picture("0", "epoch", None, 0, explorer.defaults))
    np.testing.assert_array_equal(followed, _in_colour(FOLLOWED_MASK))
    sources, labelling, _ = world.update()
    for key in range(NUM_IMAGES):
        picture = png_of(explorer.picture(str(key), "epoch", None, 1, explorer.defaults))
        expected = pseudo_mask(read_example(sources[0], key), labelling, world.config).numpy()
        np.testing.assert_array_equal(picture, _in_colour(expected))
    with pytest.raises(InputError, match="the masks of epoch 8 are not kept"):
        explorer.picture("0", "epoch", None, 7, explorer.defaults)


def test_records_of_another_folder_have_no_history(world):
    other, notices = make_explorer(ExploreOptions(world.plain, world.run), None)
    assert any(f"{world.plain} is none of its :box sources" in notice for notice in notices)
    assert other.describe("0")["epochs"] == []


def test_without_a_network_the_boxes_alone_decide(world):
    explorer, notices = make_explorer(ExploreOptions(world.data), None)
    assert notices == ["No network: candidates are ranked by E_o alone."]
    answer = explorer.candidates("0", None, 0, ChoiceSettings(feedback_weight=9.0), ALL)
    assert all(each["regression"] is None for each in answer["candidates"])
    assert [each["overlap_rank"] for each in answer["candidates"]] == [
        *range(1, answer["num_eligible"] + 1)
    ]
    with pytest.raises(InputError, match="no network: expected --model_dir"):
        explorer.picture("0", "belief", None, 1, ChoiceSettings())


def test_an_image_without_a_pool_gets_one(world):
    options = registry.make_options("scg", {"edges": "gradient"})
    explorer, notices = make_explorer(ExploreOptions(world.plain, method="scg"), options)
    assert "Images without a pool get one by scg." in notices
    assert not explorer.describe("0")["has_pool"]
    drawn = DrawnBox((1.0, 1.0, 30.0, 30.0), 1)
    answer = explorer.candidates("0", drawn, 0, ChoiceSettings(min_box_iou=0.0), 3)
    image = records.decode_example(explorer.gallery.read("0")).encoded
    pool = registry.propose(tf.io.decode_png(image).numpy(), "scg", edges="gradient")
    assert (answer["method"], answer["num_candidates"]) == ("scg", pool.num_candidates)
    mask = png_of(explorer.picture("0", "candidate", drawn, 0, ChoiceSettings()))
    np.testing.assert_array_equal(mask[:, :, 3] > 0, pool.mask(0))


def test_a_method_of_boxes_is_asked_for_every_drawn_box(world):
    explorer, _ = make_explorer(ExploreOptions(world.plain, method="rectangle"), None)
    settings, num_boxes = ChoiceSettings(), len(explorer.describe("0")["boxes"])
    names = set()
    for box in ((1.0, 2.0, 9.0, 9.0), (3.0, 3.0, 20.0, 30.0)):
        drawn = DrawnBox(box, 2)
        answer = explorer.candidates("0", drawn, 0, settings, 3)
        assert answer["chosen"] == num_boxes == answer["num_candidates"] - 1
        assert [each["overlap"] for each in answer["candidates"]] == [0.0]
        names.add(answer["pool"])
        mask = png_of(explorer.picture("0", "candidate", drawn, num_boxes, settings))[:, :, 3] > 0
        expected = np.zeros((SIDE, SIDE), bool)
        expected[int(box[0]) : int(box[2]), int(box[1]) : int(box[3])] = True
        np.testing.assert_array_equal(mask, expected)
    assert len(names) == 2


def test_what_is_not_there_is_an_error_of_the_asker(explorer):
    settings = explorer.defaults
    for key in ("99", "-1", "upload-0123", "../0", "²"):
        with pytest.raises(InputError, match="image"):
            explorer.describe(key)
    for box in ((5.0, 5.0, 5.0, 9.0), (0.0, 0.0, 99.0, 9.0), (-1.0, 0.0, 9.0, 9.0)):
        with pytest.raises(InputError, match="box"):
            explorer.candidates("0", DrawnBox(box, 1), 0, settings, 3)
    with pytest.raises(InputError, match="box 77: image0 has"):
        explorer.candidates("0", None, 77, settings, 3)
    with pytest.raises(InputError, match="label 4: expected one of 4"):
        explorer.candidates("0", DrawnBox((1.0, 1.0, 9.0, 9.0), 4), 0, settings, 3)
    with pytest.raises(InputError, match="candidate 999: expected one of 60"):
        explorer.picture("0", "candidate", None, 999, settings)


def test_a_pool_that_is_damaged_or_anothers_is_named(explorer):
    serialized = explorer.gallery.read("0")
    record = tf.train.Example.FromString(serialized)
    features = record.features.feature
    features[keys.CANDIDATES_MEMBERSHIP].bytes_list.value[:] = [b"no zlib stream"]
    with pytest.raises(InputError, match="image0: its candidate pool is damaged: "):
        OpenedImage(record.SerializeToString(), explorer.proposer)
    small = CandidatePool.from_masks(np.ones((1, 5, 6), bool), "small")
    with pytest.raises(InputError, match=r"pool is \(5, 6\) .* expected the image's \(33, 33\)"):
        OpenedImage(records.add_pool(serialized, small), explorer.proposer)


def test_a_shard_that_is_damaged_is_named(world, tmp_path):
    copied = tmp_path / "copied"
    shutil.copytree(world.data, copied)
    explorer, _ = make_explorer(ExploreOptions(str(copied)), None)
    shard = copied / "data-00000-of-00002.tfrecord"
    content = bytearray(shard.read_bytes())
    content[200] ^= 255
    shard.write_bytes(content)
    with pytest.raises(InputError, match="data-00000-of-00002.tfrecord: record 0 cannot be read"):
        explorer.describe("0")
    assert explorer.describe("3")["id"] == "image3"


def test_uploads_are_turned_reduced_and_the_last_eight_are_kept(world):
    explorer, _ = make_explorer(ExploreOptions(world.data, upload_side=40), None)
    image = np.zeros((60, 80, 3), np.uint8)
    image[:30] = [250, 20, 10]
    picture = Image.fromarray(image)
    exif = picture.getexif()
    exif[274] = 6  # a quarter turn
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif, quality=95)
    key = explorer.gallery.add(buffer.getvalue(), "turned.jpg")
    described = explorer.describe(key)
    assert (described["height"], described["width"]) == (40, 30)
    shown = png_of(explorer.picture(key, "photo", None, 0, ChoiceSettings()))
    assert shown[20, 25, 0] > 200 and shown[20, 5, 0] < 50  # the top went to the right
    for number in range(8):
        encoded = cv2.imencode(".png", np.full((20, 20, 3), number, np.uint8))[1].tobytes()
        explorer.gallery.add(encoded, f"{number}.png")
    with pytest.raises(InputError, match="upload it again"):
        explorer.gallery.read(key)
