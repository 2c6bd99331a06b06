"""data.shapes: generated images whose boxes and masks are exact."""

import numpy as np
import pytest

from boxsup_tf.boxes import pairwise_iou_yxyx
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader, draw_scene
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.registry import propose
from boxsup_tf.records.example import decode_image

READER = ShapesReader(60, seed=11)


@pytest.fixture(scope="module")
def examples() -> list:
    return list(READER)


def test_depends_on_seed_and_index_alone(examples):
    again, prefix, other = ShapesReader(60, 11), ShapesReader(3, 11), ShapesReader(60, 12)
    for index in (40, 2, 0):
        one, same = examples[index], again[index]
        assert one.encoded == same.encoded and one.source_id == same.source_id
        np.testing.assert_array_equal(one.mask, same.mask)
        np.testing.assert_array_equal(one.boxes, same.boxes)
    assert [e.encoded for e in prefix] == [e.encoded for e in examples[:3]]
    assert other[0].encoded != examples[0].encoded and other[0].source_id != examples[0].source_id


def test_a_loop_over_the_reader_ends(examples):
    assert len(examples) == len(READER) == 60
    for index in (-1, 60):
        with pytest.raises(IndexError):
            READER[index]


def test_source_ids_and_images_differ(examples):
    assert len({e.source_id for e in examples}) == len({e.encoded for e in examples}) == 60


def test_settings_tell_datasets_apart():
    given = ((5, 1), (6, 1), (5, 2), (5, 1, 64), (5, 1, 128, "xray"))
    settings = [ShapesReader(*each).settings for each in given]
    assert all(a != b for i, a in enumerate(settings) for b in settings[:i])


@pytest.mark.parametrize("image_size", [48, 128])
def test_sides_are_in_range_and_those_of_the_mask(image_size):
    spread = image_size // 8
    sides = set()
    for example in ShapesReader(12, seed=0, image_size=image_size):
        assert example.mask.shape == (example.height, example.width)
        assert decode_image(example.encoded).shape == (example.height, example.width, 3)
        sides |= {example.height, example.width}
    assert min(sides) >= image_size - spread and max(sides) <= image_size + spread
    assert len(sides) > 5


def test_boxes_are_tight_on_what_is_visible(examples):
    """Where a class has one object, its box is tight on the class's pixels."""
    alone = 0
    for example in examples:
        assert 1 <= len(example.boxes) == len(example.labels) == len(example.truncated)
        assert set(np.unique(example.mask)) == {0, *example.labels}
        for label in set(example.labels.tolist()):
            y, x = np.nonzero(example.mask == label)
            tight = [y.min(), x.min(), y.max() + 1, x.max() + 1]
            boxes = example.boxes[example.labels == label]
            alone += len(boxes) == 1
            # Several boxes of a class enclose its pixels, and each other none else.
            assert [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)] == tight
            covered = np.zeros(example.mask.shape, bool)
            for top, left, bottom, right in boxes.astype(int):
                covered[top:bottom, left:right] = True
                sides = example.mask[top:bottom, left:right] == label
                assert sides[0].any() and sides[-1].any()
                assert sides[:, 0].any() and sides[:, -1].any()
            assert covered[y, x].all()
    assert alone > 30


def test_every_class_occurs_and_rectangles_are_visibly_wrong(examples):
    labels = np.concatenate([e.labels for e in examples])
    assert set(labels) == set(range(1, len(SHAPE_CLASSES)))
    shares = [
        np.mean(e.mask[int(b[0]) : int(b[2]), int(b[1]) : int(b[3])] == label)
        for e in examples
        for b, label in zip(e.boxes, e.labels, strict=True)
    ]
    assert 0.35 < np.mean(shares) < 0.65


def test_some_objects_are_partly_hidden_and_some_are_not(examples):
    truncated = np.concatenate([e.truncated for e in examples])
    assert 0.03 < truncated.mean() < 0.7


def test_an_object_hidden_by_another_is_truncated():
    """Objects that touch no other and no side of the image are whole."""
    for index in range(20):
        rng = np.random.default_rng([5, index])
        _, mask, boxes, labels, truncated = draw_scene(rng, 128)
        if len(labels) == 1:
            assert not truncated[0]
        assert mask.any() and len(boxes) == len(labels)


def test_another_look_is_another_photograph_of_such_scenes():
    reader = ShapesReader(12, seed=3, image_size=96, look="xray")
    assert reader[4].encoded == ShapesReader(12, 3, 96, "xray")[4].encoded
    contrasts = []
    for example in reader:
        image = decode_image(example.encoded).numpy().astype(float)
        # JPEG keeps grey grey.
        assert np.ptp(image, axis=2).max() <= 1
        inside, outside = example.mask > 0, example.mask == 0
        assert inside.any() and len(example.boxes) == len(example.labels)
        contrasts.append((image[outside].mean() - image[inside].mean()) / image[outside].std())
    # Darker than what is around them, and by no more than that varies.
    assert 0.1 < np.mean(contrasts) < 1.5, contrasts


def test_an_unknown_look_is_named():
    with pytest.raises(InputError, match="look 'sepia': expected one of colour, mats, xray"):
        ShapesReader(3, seed=0, look="sepia")


def test_boxes_alone_choose_objects_with_their_mats():
    """What --look=mats is made for: candidates hold the objects, and E_o takes others."""
    chosen, best = [], []
    for example in ShapesReader(8, seed=3, image_size=160, look="mats"):
        boxes = example.boxes
        overlaps = pairwise_iou_yxyx(boxes, boxes).numpy()
        assert (overlaps[~np.eye(len(boxes), dtype=bool)] == 0).all()
        assert not example.truncated.any()
        image = decode_image(example.encoded).numpy()
        pool = propose(image, "scg", edges="gradient", sigma=0.5, min_area=40, max_superpixels=60)
        box_iou = pairwise_iou_yxyx(boxes, pool.tight_boxes).numpy()
        for box, label, ious in zip(boxes.astype(int), example.labels, box_iou, strict=True):
            inside = np.s_[box[0] : box[2], box[1] : box[3]]
            truth = example.mask[inside] == label
            masks = [pool.mask(n)[inside] for n in np.flatnonzero(ious >= 0.7)]
            quality = [(mask & truth).sum() / (mask | truth).sum() for mask in masks]
            best.append(max(quality))
            chosen.append(quality[ious[ious >= 0.7].argmax()])
    assert np.mean(best) > 0.85
    assert np.mean(chosen) < np.mean(best) - 0.1
