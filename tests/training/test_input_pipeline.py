"""training.input_pipeline: every example once an epoch, in an order that can be taken up again."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.preprocessing import caffe_bgr
from boxsup_tf.records import records, shards
from boxsup_tf.records.example import decode_image
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.supervision.void_band import with_void_band
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import TrainingPipeline, steps_per_epoch
from boxsup_tf.training.sources import Source, load_sources
from tests.supervision.pools import paint_by_pixel
from tests.training.folders import SIDE, make_example, scattered, write

NUM_BOX, NUM_MASK = 11, 6
BATCH = 4


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Source]:
    """Eleven box examples (two more without boxes) and six masks (two more without)."""
    root = tmp_path_factory.mktemp("pipeline")
    boxes = [make_example(f"image{i}", i) for i in range(NUM_BOX)]
    boxes[4:4] = [make_example(f"none{i}", i, boxes=False) for i in range(2)]
    masks = [make_example(f"image{i}", i + 100, boxes=False) for i in range(NUM_MASK)]
    masks += [make_example(f"none{i}", i, boxes=False, mask=False) for i in range(2)]
    box_folder = write(root / "boxes", boxes, scattered, 3)
    mask_folder = write(root / "masks", masks, None, 2)
    return load_sources(f"{box_folder}:box,{mask_folder}:mask")


def _labelling(sources: list[Source]) -> Labelling:
    """Random candidates and rectangles."""
    counts = {s.example_id(e): e.num_boxes for s in sources if s.is_box for e in s.examples}
    labelling = Labelling(counts)
    labelling.chosen.assign(np.random.default_rng(0).integers(-1, 25, labelling.num_boxes))
    return labelling


def _config(**values) -> TrainConfig:
    return TrainConfig("", batch_size=BATCH, crop_size=SIDE, **values)


IDENTITY = {"min_scale": 1.0, "max_scale": 1.0}


def _epoch(pipeline: TrainingPipeline, epoch: int, step: int = 0) -> list:
    pipeline.start(epoch, step)
    return list(pipeline.dataset.as_numpy_iterator())


def _assert_same(one: list, other: list) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for ours, theirs in zip(a, b, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def _images(batches: list) -> list[bytes]:
    """One value an image, whether it is flipped or not."""
    images = np.concatenate([images for images, *_ in batches])
    return [min(i.tobytes(), i[:, ::-1].tobytes()) for i in images]


def _truths(
    sources: list[Source], labelling: Labelling, ignore: bool
) -> dict[bytes, tuple[np.ndarray, str]]:
    """Every usable example's label map and id, by image (whether flipped or not)."""
    truths = {}
    for source in sources:
        for serialized in shards.read_records(source.folder):
            example = records.decode_example(serialized)
            example_id = f"{source.number}/{example.source_id}"
            if source.is_box and example.boxes is not None:
                chosen = labelling.of(tf.constant(example_id), len(example.boxes))
                void = example.is_crowd | (example.difficult & ignore)
                scene = chosen.numpy(), example.boxes, example.labels, void, True
                label_map = paint_by_pixel(records.decode_pool(serialized), *scene)
            elif not source.is_box and example.mask is not None:
                label_map = example.mask.astype(int)
            else:
                continue
            image = caffe_bgr(decode_image(example.encoded)).numpy()
            truths[image.tobytes()] = label_map, example_id
            truths[np.ascontiguousarray(image[:, ::-1]).tobytes()] = label_map[:, ::-1], example_id
    return truths


def test_one_epoch_twice_is_the_same_and_another_is_not(sources):
    pipeline = TrainingPipeline(sources, _labelling(sources), _config())
    first = _epoch(pipeline, 3)
    _assert_same(_epoch(pipeline, 3), first)
    rebuilt = TrainingPipeline(sources, _labelling(sources), _config())
    _assert_same(_epoch(rebuilt, 3), first)
    for other in (
        _epoch(pipeline, 4),
        _epoch(TrainingPipeline(sources, _labelling(sources), _config(seed=1)), 3),
    ):
        assert any((a[0] != b[0]).any() for a, b in zip(first, other, strict=True))


def test_the_order_changes_with_the_epoch(sources):
    pipeline = TrainingPipeline(sources, _labelling(sources), _config(**IDENTITY))
    orders = [_images(_epoch(pipeline, epoch)) for epoch in range(4)]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_the_order_does_not_depend_on_what_the_process_did_before(sources):
    """Such as keras.utils.set_random_seed, which other work in the process may have called."""
    orders = []
    for seed in (None, 0, 1):
        tf.random.set_seed(seed)
        try:
            pipeline = TrainingPipeline(sources, _labelling(sources), _config())
            orders.append(_epoch(pipeline, 3))
        finally:
            tf.random.set_seed(None)
    _assert_same(orders[1], orders[0])
    _assert_same(orders[2], orders[0])


@pytest.mark.parametrize("step", [0, 1, 3, 4, 5])
def test_an_epoch_goes_on_with_the_batch_that_comes_next(sources, step):
    pipeline = TrainingPipeline(sources, _labelling(sources), _config())
    whole = _epoch(pipeline, 2)
    _assert_same(_epoch(pipeline, 2, step), whole[step:])


def test_every_usable_example_once_an_epoch(sources):
    pipeline = TrainingPipeline(sources, _labelling(sources), _config(**IDENTITY))
    assert steps_per_epoch(sources, _config()) == 5  # 17 examples
    for epoch in range(3):
        batches = _epoch(pipeline, epoch)
        assert [len(images) for images, *_ in batches] == [4, 4, 4, 4, 1]
        seen = _images(batches)
        assert len(set(seen)) == len(seen) == NUM_BOX + NUM_MASK


@pytest.mark.parametrize("difficult", ["ignore", "learn"])
def test_label_maps_are_what_the_labelling_paints_and_what_the_masks_say(sources, difficult):
    labelling = _labelling(sources)
    config = _config(difficult=difficult, **IDENTITY)
    pipeline = TrainingPipeline(sources, labelling, config)
    flipped = 0
    for epoch in range(2):
        truths = _truths(sources, labelling, difficult == "ignore")
        assert len(truths) == 2 * (NUM_BOX + NUM_MASK)
        order = list(truths)
        for batch in _epoch(pipeline, epoch):
            for image, label_map, example_id in zip(*batch, strict=True):
                np.testing.assert_array_equal(label_map, truths[image.tobytes()][0])
                assert example_id.decode() == truths[image.tobytes()][1]
                flipped += order.index(image.tobytes()) % 2
        # The next epoch must see another labelling, without a new pipeline.
        before = labelling.chosen.numpy()
        labelling.chosen.assign((before + 7) % 25)
    assert 5 < flipped < 2 * (NUM_BOX + NUM_MASK) - 5


def test_a_small_shuffle_buffer_still_gives_every_example_once(sources, monkeypatch):
    monkeypatch.setattr("boxsup_tf.training.input_pipeline._SHUFFLE_BUFFER", 3)
    monkeypatch.setattr("boxsup_tf.training.training_example._SHARDS_AT_ONCE", 2)
    pipeline = TrainingPipeline(sources, _labelling(sources), _config(**IDENTITY))
    whole = _epoch(pipeline, 0)
    assert len(set(_images(whole))) == NUM_BOX + NUM_MASK
    _assert_same(_epoch(pipeline, 0, 2), whole[2:])


def test_masks_alone_need_no_labelling(sources):
    pipeline = TrainingPipeline(sources[1:], Labelling({}), _config(**IDENTITY))
    assert len(_images(_epoch(pipeline, 0))) == NUM_MASK


def test_outlines_of_pseudo_masks_are_void_those_of_true_masks_are_not(sources):
    labelling = _labelling(sources)
    plain, banded = (
        _epoch(TrainingPipeline(sources, labelling, _config(**IDENTITY, void_band=width)), 0)
        for width in (0, 2)
    )
    num_changed = 0
    for (images, label_maps, ids), (same, with_band, _) in zip(plain, banded, strict=True):
        np.testing.assert_array_equal(images, same)
        for label_map, banded_map, name in zip(label_maps, with_band, ids, strict=True):
            is_box = name.startswith(b"0/")
            expected = with_void_band(tf.constant(label_map), 2 if is_box else 0)
            np.testing.assert_array_equal(banded_map, expected)
            num_changed += (label_map != banded_map).any()
    assert num_changed == NUM_BOX
