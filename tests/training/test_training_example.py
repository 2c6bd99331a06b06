"""training.training_example: examples read by number, against streams of whole shards."""

import os
import shutil

import pytest
import tensorflow as tf

from boxsup_tf.records.dataset_info import shard_paths
from boxsup_tf.records.parsing import parse
from boxsup_tf.training.sources import Source, load_sources
from boxsup_tf.training.training_example import ExampleTable, read_examples
from tests.training.folders import make_example, scattered, write


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Source]:
    """Some examples of each cannot be learnt from; one shard has none that can."""
    root = tmp_path_factory.mktemp("examples")
    boxes = [make_example(f"b{i}", i, boxes=i not in (2, 3, 8)) for i in range(13)]
    masks = [make_example(f"m{i}", i, boxes=False, mask=i != 4) for i in range(6)]
    folders = write(root / "boxes", boxes, scattered, 6), write(root / "masks", masks, None, 2)
    return load_sources(f"{folders[0]}:box,{folders[1]}:mask")


def _streamed(sources: list[Source], seed: int) -> list[bytes]:
    """The ids of an epoch, as they come from shards that are read side by side as a whole."""
    paths, is_box, numbers = [], [], []
    for source in sources:
        paths += shard_paths(source.folder, source.info.num_shards)
        is_box += [source.is_box] * source.info.num_shards
        numbers += [str(source.number)] * source.info.num_shards

    def of_shard(path: tf.Tensor, is_box: tf.Tensor, number: tf.Tensor) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(path).map(parse)
        usable = records.filter(
            lambda record: tf.where(is_box, record.has_boxes, record.has_mask())
        )
        return usable.map(lambda record: tf.strings.join([number, record.source_id], "/"))

    shards = tf.data.Dataset.from_tensor_slices((paths, is_box, numbers)).shuffle(
        len(paths), seed=seed, reshuffle_each_iteration=False
    )
    return list(shards.interleave(of_shard, cycle_length=16).as_numpy_iterator())


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_an_epoch_is_that_of_shards_read_side_by_side(seed, sources):
    table = ExampleTable(sources)
    examples = table.read(table.numbers(tf.constant(seed, tf.int64)))
    ids = [example.id for example in examples.as_numpy_iterator()]
    assert ids == _streamed(sources, seed)
    assert len(set(ids)) == len(ids) == len(table)


def test_without_a_seed_all_come_in_order(sources):
    found = list(read_examples(sources).as_numpy_iterator())
    expected = [
        (source.example_id(e).encode(), source.is_box)
        for source in sources
        for e in source.examples
    ]
    assert [(example.id, example.is_box) for example in found] == expected
    assert len(expected) == 10 + 5


def test_any_numbers_can_be_read(sources):
    table = ExampleTable(sources)
    every = [example.id for example in table.read(table.numbers()).as_numpy_iterator()]
    for numbers in ([], [3], [14, 0, 7, 7]):
        read = table.read(tf.data.Dataset.from_tensor_slices(tf.constant(numbers, tf.int64)))
        assert [example.id for example in read.as_numpy_iterator()] == [every[n] for n in numbers]


def test_what_is_not_asked_for_is_not_read(sources, tmp_path):
    folder = shutil.copytree(sources[1].folder, tmp_path / "masks")
    (source,) = load_sources(f"{folder}:mask")
    os.remove(shard_paths(str(folder), 2)[1])
    table = ExampleTable([source])
    in_first = int((source.places.shards == 0).sum())
    numbers = tf.data.Dataset.range(in_first + 1)
    assert len(list(table.read(numbers.take(in_first)))) == in_first > 0
    with pytest.raises(tf.errors.NotFoundError):
        list(table.read(numbers))


def test_nothing_made_of_examples_is_tuned_while_it_runs(sources):
    # An iterator that ends would wait for the thread that tunes.
    examples = ExampleTable(sources)
    ids = examples.read(examples.numbers()).map(lambda example: example.id).batch(2).prefetch(1)
    assert ids.options().autotune.enabled is False
    assert len(next(iter(ids))) == 2
