"""records.untuned: elements stay, and nothing that reads shards is tuned."""

import tensorflow as tf

from boxsup_tf.records.shards import read_records
from boxsup_tf.records.untuned import untuned
from tests.records.numbered import write_numbered


def test_the_elements_are_the_same_and_what_is_made_of_them_is_untuned():
    made = untuned(tf.data.Dataset.range(5)).map(lambda number: 2 * number).batch(2)
    assert [batch.tolist() for batch in made.as_numpy_iterator()] == [[0, 2], [4, 6], [8]]
    assert made.options().autotune.enabled is False


def test_no_shard_is_read_with_the_thread_that_tunes(tmp_path, monkeypatch):
    write_numbered(tmp_path)
    tuned = []
    iterate = tf.data.Dataset.as_numpy_iterator

    def seen(dataset):
        tuned.append(dataset.options().autotune.enabled)
        return iterate(dataset)

    monkeypatch.setattr(tf.data.Dataset, "as_numpy_iterator", seen)
    monkeypatch.setattr(type(tf.data.TFRecordDataset([])), "as_numpy_iterator", seen)
    assert list(read_records(str(tmp_path)))
    assert tuned == [False] * 3
