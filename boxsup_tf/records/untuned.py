"""How every tf.data pipeline of the package runs: as parallel as it says, and untuned."""

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same elements, and those of what is made of it, without the thread that tunes.

    That thread sleeps twice as long each time, up to a minute, and an iterator that ends may miss
    waking it and wait: an epoch of 11 s took 20, half a shard's proposals 12 s instead of 8
    (TensorFlow 2.21). Of what is parallel there are as many calls at once as there are threads.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
