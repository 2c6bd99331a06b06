"""What the frozen layers make of every view of an image, computed once and kept on disk.

Where the first blocks are not trained, their outputs never change, and they are most of the
network's work. Runs that freeze the same weights share a folder.
"""

import hashlib
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.records.parsing import Record

_HASH_KEY = [0x66656174, 0x75726573]


class FeatureCache:
    """A folder of the frozen layers' outputs in bfloat16, one file per view.

    A view is what the network would be given: a whole image, or a crop. Its file is named by a
    hash of the image's bytes and of the view's name, in a folder named by the frozen weights.

    Args:
        folder: may be shared by several runs; made where it is missing.
        trunk: the frozen layers, from preprocessed images to features.
    """

    def __init__(self, folder: str, trunk: keras.Model) -> None:
        self._folder = os.path.join(folder, _digest(trunk))
        self._trunk = tf.function(trunk, [tf.TensorSpec([None, None, None, 3], tf.float32)])
        self._channels = trunk.output.shape[-1]
        os.makedirs(self._folder, exist_ok=True)

    def read(self, encoded: tf.Tensor, view: tf.Tensor) -> tf.Tensor:
        """Features that `fill` has computed, inside a graph.

        Args:
            encoded: scalar string, the image file.
            view: scalar string, the view's name.

        Returns:
            bfloat16 [h, w, C].
        """
        features = tf.io.parse_tensor(tf.io.read_file(self._path(encoded, view)), tf.bfloat16)
        return tf.ensure_shape(features, [None, None, self._channels])

    def fill(
        self,
        records: tf.data.Dataset,
        view: Callable[[Record], tf.Tensor],
        show: Callable[[Record], tf.Tensor],
        description: str,
        batch_size: int = 1,
    ) -> None:
        """Computes what is missing; an interrupted filling goes on where it stopped.

        Args:
            records: in an order that does not change.
            view: the name of a record's view, a scalar string, inside a graph.
            show: the view: float32 [H, W, 3], preprocessed, inside a graph.
            description: what the progress bar says.
            batch_size: views that pass the network together; they must be of one size.
        """
        paths = records.map(lambda record: self._path(record.encoded, view(record)))
        names = [path.decode() for path in paths.as_numpy_iterator()]
        missing = np.array([not os.path.exists(name) for name in names], bool)
        if not missing.any():
            return
        views = (
            tf.data.Dataset.zip(tf.data.Dataset.from_tensor_slices(missing), paths, records)
            .filter(lambda is_missing, _path, _record: is_missing)
            .map(lambda _, path, record: (path, show(record)), num_parallel_calls=tf.data.AUTOTUNE)
            .batch(batch_size)
            .prefetch(2)
        )
        with tqdm(
            total=len(names), initial=int((~missing).sum()), desc=description, unit="view"
        ) as bar:
            for batch, images in views:
                features = tf.cast(self._trunk(images), tf.bfloat16)
                for path, one in zip(batch.numpy(), features, strict=True):
                    # A file is whole or not there, also after a kill.
                    partial = f"{path.decode()}.{os.getpid()}.part"
                    tf.io.write_file(partial, tf.io.serialize_tensor(one))
                    os.replace(partial, path.decode())
                bar.update(len(batch))

    def _path(self, encoded: tf.Tensor, view: tf.Tensor) -> tf.Tensor:
        key = tf.strings.join([view, encoded], ":")
        number = tf.strings.to_hash_bucket_strong(key, 2**62, key=_HASH_KEY)
        return tf.strings.join([self._folder, "/", tf.strings.as_string(number)])


def _digest(trunk: keras.Model) -> str:
    """Names the weights and the precision that the features depend on."""
    digest = hashlib.sha256()
    for layer in trunk.layers:
        digest.update(f"{layer.name} {layer.dtype_policy.name}".encode())
        for weights in layer.get_weights():
            digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()[:16]
