"""The tf.data pipeline of the network update: training crops with painted pseudo-masks.

One dataset object serves all epochs: the epoch and the steps to skip are variables that it
reads when an iteration starts, so nothing is traced again and a resumed epoch goes on with
the very batch that comes next.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.models.as_written import as_written
from boxsup_tf.models.network_family import NetworkFamily
from boxsup_tf.pools.pool_ops import unpack
from boxsup_tf.records.parsing import Record
from boxsup_tf.supervision.annotated_boxes import boxes_of
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.void_band import with_void_band
from boxsup_tf.training import augment
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import FeatureCache
from boxsup_tf.training.shared_batches import Share, SharedBatches, share_of_batches
from boxsup_tf.training.sources import Source
from boxsup_tf.training.training_example import ExampleTable, TrainingExample
from boxsup_tf.training.workers import Workers

_SHUFFLE_BUFFER = 2048  # numbers of examples
_CROPS_AT_ONCE = 4
_HASH_KEY = [0x74726169, 0x6E]
_GRAPH_SEED = 87654321  # TensorFlow's own default


class TrainingPipeline:
    """Shuffled, augmented batches of all sources.

    Args:
        sources: what is learnt from.
        labelling: read afresh in every epoch.
        config: the run's settings.
        cache: where the network's inputs are cached features; it must hold all crops' by now,
            see `fill_crops`.
        workers: that share every batch; None: this process takes all of it.

    Attributes:
        dataset: yields (float32 [b, S, S, 3] preprocessed images or bfloat16 [b, s, s, C]
            features, int32 [b, S, S] label maps, string [b] example ids), b the batch size or
            what is left for an epoch's last batch. With several replicas a batch is a value per
            replica, of nearly equal parts in the order of the replicas; one may have no image.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
        cache: FeatureCache | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._labelling, self._config, self._cache = labelling, config, cache
        self._family = config.family
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._skip = tf.Variable(0, dtype=tf.int64, trainable=False)
        examples = ExampleTable(sources)
        buffer = min(len(examples), _SHUFFLE_BUFFER)

        def shuffled(_: tf.Tensor) -> tf.data.Dataset:
            # This graph's own: else the order would depend on the process' global seed, too.
            tf.compat.v1.set_random_seed(_GRAPH_SEED)
            return (
                examples.numbers(self._epoch_seed()[1])
                .shuffle(buffer, seed=self._epoch_seed()[0], reshuffle_each_iteration=False)
                .skip(self._skip * config.batch_size)
            )

        def batches(replica: int, replicas: int) -> tf.data.Dataset:
            numbers = tf.data.Dataset.from_tensors(0).flat_map(as_written(shuffled))
            return share_of_batches(
                numbers,
                lambda numbers: examples.read(numbers).map(
                    as_written(self._make_crop),
                    num_parallel_calls=tf.data.AUTOTUNE,
                    deterministic=True,
                ),
                Share(replica, replicas, config.batch_size, len(examples)),
            )

        if workers is None or workers.num_replicas == 1:
            self.dataset = batches(0, 1).prefetch(2)
        else:
            self.dataset = SharedBatches(batches, workers)

    def start(self, epoch: int, step: int) -> None:
        """The next iteration gives epoch `epoch` from its batch `step` on."""
        self._epoch.assign(epoch)
        self._skip.assign(step)

    def _epoch_seed(self) -> tf.Tensor:
        """int64 [2], positive: the present epoch's own."""
        seed = tf.stack([tf.constant(self._config.seed, tf.int64), self._epoch.read_value()])
        return tf.random.stateless_uniform([2], seed, 1, 2**40, tf.int64)

    def _make_crop(self, example: TrainingExample) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        config, record = self._config, example.record
        label_map = tf.cond(
            example.is_box,
            lambda: with_void_band(pseudo_mask(example, self._labelling, config), config.void_band),
            record.label_map,
        )
        if config.augmentations:
            number = self._epoch.read_value() % config.augmentations
            crop = _fixed_crop(record, number, config)
        else:
            own = tf.strings.to_hash_bucket_strong(example.id, 2**40, key=_HASH_KEY)
            crop = _crop(record, self._epoch_seed() + own, config)
        if self._cache is None:
            inputs = _pixels(crop, record, self._family)
        else:
            inputs = self._cache.read(record.encoded, _view(number, config))
        return inputs, crop.of_label_map(label_map), example.id


def pseudo_mask(example: TrainingExample, labelling: Labelling, config: TrainConfig) -> tf.Tensor:
    """What the present labelling paints of an example of a box source: int32 [H, W]."""
    annotated = boxes_of(example.record, config.difficult == "ignore")
    chosen = labelling.of(example.id, tf.shape(annotated.labels)[0])
    return paint(unpack(example.record.pool), chosen, annotated, config.clip_to_box)


def fill_crops(
    cache: FeatureCache, sources: Sequence[Source], config: TrainConfig, workers: Workers
) -> None:
    """Computes the features of all fixed crops of all examples."""
    examples = ExampleTable(sources)
    everything = np.arange(len(examples))
    for i in range(config.augmentations):
        number = tf.constant(i)

        def view(_: Record, number: tf.Tensor = number) -> tf.Tensor:
            return _view(number, config)

        def show(record: Record, number: tf.Tensor = number) -> tf.Tensor:
            return _pixels(_fixed_crop(record, number, config), record, config.family)

        what = f"features of crops {i + 1}/{config.augmentations}"
        cache.fill(examples, everything, view, show, what, workers, _CROPS_AT_ONCE)


def check_shares(sources: Sequence[Source], config: TrainConfig, workers: Workers) -> None:
    """Makes sure that a batch has images for all replicas.

    Raises:
        InputError: it has not.
    """
    replicas = workers.num_replicas
    if config.batch_size < replicas:
        raise InputError(
            f"--batch_size={config.batch_size}: expected at least {replicas}, an image for each of "
            "the devices that share it"
        )
    left = sum(len(source.examples) for source in sources) % config.batch_size
    if config.batch_norm == "trained" and 0 < left < replicas:
        raise InputError(
            f"--batch_norm=trained: the last batch has {left} images for {replicas} devices: "
            "expected one for each, so another --batch_size"
        )


def steps_per_epoch(sources: Sequence[Source], config: TrainConfig) -> int:
    """Number of batches of an epoch."""
    return -(-sum(len(source.examples) for source in sources) // config.batch_size)


def _pixels(crop: augment.Crop, record: Record, family: NetworkFamily) -> tf.Tensor:
    """The preprocessed crop of an image, float32 [S, S, 3]."""
    return family.preprocess(crop.of_image(record.image(), family.mean_rgb))


def _crop(record: Record, seed: tf.Tensor, config: TrainConfig) -> augment.Crop:
    scales = (config.min_scale, config.max_scale)
    return augment.draw_crop(record.size, config.crop_size, scales, seed)


def _fixed_crop(record: Record, number: tf.Tensor, config: TrainConfig) -> augment.Crop:
    """One of an image's crops that are the same in every run."""
    own = tf.strings.to_hash_bucket_strong(record.encoded, 2**40, key=_HASH_KEY)
    return _crop(record, tf.stack([own, tf.cast(number, tf.int64)]), config)


def _view(number: tf.Tensor, config: TrainConfig) -> tf.Tensor:
    """The name of a fixed crop among an image's views."""
    scales = f"{config.min_scale:g} to {config.max_scale:g}"
    prefix = f"crop of {config.crop_size} at {scales}, number "
    return tf.strings.join([prefix, tf.strings.as_string(number)])
