"""What the frozen layers make of every view of an image, computed once and kept on disk.

Where the first blocks are not trained, their outputs never change, and they are most of the
network's work. Runs that freeze the same weights share a folder.
"""

import os
from collections.abc import Callable, Iterator
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.digest import digest_of
from boxsup_tf.models.as_written import as_written
from boxsup_tf.records.parsing import Record
from boxsup_tf.training.training_example import ExampleTable
from boxsup_tf.training.workers import Workers

_HASH_KEY = [0x66656174, 0x75726573]

Features: TypeAlias = (
    tf.Tensor | tuple[tf.Tensor, ...]
)  # a tuple where skips pass by the frozen blocks


class FeatureCache:
    """A folder of the frozen layers' outputs in bfloat16, one file per view.

    A view is what the network would be given: a whole image, or a crop. Its file is named by a
    hash of the image's bytes and of the view's name, in a folder named by the frozen weights.

    Args:
        folder: may be shared by several runs; made where it is missing.
        trunk: the frozen layers, from preprocessed images to features, or to a tuple of them.
        key: see `NetworkFamily.cache_key`.
    """

    def __init__(self, folder: str, trunk: keras.Model, key: str = "") -> None:
        self._folder = os.path.join(folder, _digest(trunk, key))
        self._trunk = tf.function(trunk, [tf.TensorSpec([None, None, None, 3], tf.float32)])
        self._is_tuple = isinstance(trunk.output, tuple)
        self._channels = [features.shape[-1] for features in tf.nest.flatten(trunk.output)]
        files.make_folders(self._folder)

    def read(self, encoded: tf.Tensor, view: tf.Tensor) -> Features:
        """Features that `fill` has computed, inside a graph.

        Args:
            encoded: scalar string, the image file.
            view: scalar string, the view's name.

        Returns:
            bfloat16 [h, w, C], or a tuple of such.
        """
        stored = tf.io.read_file(self._path(encoded, view))
        if not self._is_tuple:
            return _parse(stored, self._channels[0])
        parts = tf.unstack(tf.io.parse_tensor(stored, tf.string), len(self._channels))
        return tuple(map(_parse, parts, self._channels))

    def fill(
        self,
        examples: ExampleTable,
        numbers: np.ndarray,
        view: Callable[[Record], tf.Tensor],
        show: Callable[[Record], tf.Tensor],
        description: str,
        workers: Workers,
        batch_size: int = 1,
    ) -> None:
        """Computes what is missing; an interrupted filling goes on where it stopped.

        Args:
            examples: of the images.
            numbers: int64, of those that are wanted.
            view: the name of a record's view, a scalar string, inside a graph.
            show: the view: float32 [H, W, 3], preprocessed, inside a graph.
            description: what the progress bar says.
            workers: that share the work. All need all features, so where they do not share the
                folder each computes all.
            batch_size: views that pass the network together; they must be of one size.
        """
        own = numbers[workers.own(len(numbers))]
        self._fill(examples, own, view, show, description, batch_size)
        if workers.count > 1:
            workers.wait()
            self._fill(examples, numbers, view, show, description, batch_size)

    def _fill(
        self,
        examples: ExampleTable,
        numbers: np.ndarray,
        view: Callable[[Record], tf.Tensor],
        show: Callable[[Record], tf.Tensor],
        description: str,
        batch_size: int,
    ) -> None:
        chosen = tf.data.Dataset.from_tensor_slices(numbers)
        records = examples.read(chosen).map(as_written(lambda example: example.record))
        paths = records.map(as_written(lambda record: self._path(record.encoded, view(record))))
        names = [path.decode() for path in paths.as_numpy_iterator()]
        missing = np.array([not files.exists(name) for name in names], bool)
        if not missing.any():
            return
        views = (
            tf.data.Dataset.zip(tf.data.Dataset.from_tensor_slices(missing), paths, records)
            .filter(as_written(lambda is_missing, _path, _record: is_missing))
            .map(
                as_written(lambda _, path, record: (path, show(record))),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            .batch(batch_size)
            .prefetch(2)
        )
        with tqdm(
            total=len(names), initial=int((~missing).sum()), desc=description, unit="view"
        ) as bar:
            for batch, images in views:
                features = [
                    tf.cast(part, tf.bfloat16) for part in tf.nest.flatten(self._trunk(images))
                ]
                for path, *parts in zip(batch.numpy(), *features, strict=True):
                    stored = [tf.io.serialize_tensor(part) for part in parts]
                    if self._is_tuple:
                        stored = [tf.io.serialize_tensor(tf.stack(stored))]
                    with atomic_write(path.decode(), "wb") as file:
                        file.write(stored[0].numpy())
                bar.update(len(batch))

    def _path(self, encoded: tf.Tensor, view: tf.Tensor) -> tf.Tensor:
        key = tf.strings.join([view, encoded], ":")
        number = tf.strings.to_hash_bucket_strong(key, 2**62, key=_HASH_KEY)
        return tf.strings.join([self._folder, "/", tf.strings.as_string(number)])


def _parse(stored: tf.Tensor, channels: int) -> tf.Tensor:
    return tf.ensure_shape(tf.io.parse_tensor(stored, tf.bfloat16), [None, None, channels])


def _digest(trunk: keras.Model, key: str) -> str:
    """Names the weights and the precision that the features depend on, and which they are."""

    def parts() -> Iterator[bytes]:
        yield key.encode()
        if isinstance(trunk.output, tuple):
            yield " ".join(features.name for features in trunk.output).encode()
        for layer in trunk.layers:
            yield f"{layer.name} {layer.dtype_policy.name}".encode()
            yield from (weights.tobytes() for weights in layer.get_weights())

    return digest_of(parts())[:16]
