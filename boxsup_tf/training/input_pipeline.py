"""tf.data pipelines: training crops with painted pseudo-masks, and examples for mask updates.

One dataset object serves all epochs: the epoch and the steps to skip are variables that it
reads when an iteration starts, so nothing is traced again and a resumed epoch goes on with
the very batch that comes next.
"""

from collections.abc import Sequence

import tensorflow as tf

from boxsup_tf.models.scores import preprocess
from boxsup_tf.pools import pool_ops
from boxsup_tf.records import dataset_info, keys, records
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.supervision.painting import paint
from boxsup_tf.training import augment
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import FeatureCache
from boxsup_tf.training.sources import Source

_SHUFFLE_BUFFER = 2048  # serialised examples, about 100 kB each
_SHARDS_AT_ONCE = 16
_CROPS_AT_ONCE = 4
_HASH_KEY = [0x74726169, 0x6E]
_GRAPH_SEED = 87654321  # TensorFlow's own default
EXAMPLE_ID = "example_id"
_IS_BOX = "is_box"


class TrainingPipeline:
    """Shuffled, augmented batches of all sources.

    Args:
        sources: what is learnt from.
        labelling: read afresh in every epoch.
        config: the run's settings.
        cache: where the network's inputs are cached features; it must hold all crops' by now,
            see `fill_crops`.

    Attributes:
        dataset: yields (float32 [b, S, S, 3] preprocessed images or bfloat16 [b, s, s, C]
            features, int32 [b, S, S] label maps, string [b] example ids), b the batch size or
            what is left for an epoch's last batch.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
        cache: FeatureCache | None = None,
    ) -> None:
        self._labelling, self._config, self._cache = labelling, config, cache
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._skip = tf.Variable(0, dtype=tf.int64, trainable=False)
        buffer = min(sum(len(source.examples) for source in sources), _SHUFFLE_BUFFER)

        def shuffled(_: tf.Tensor) -> tf.data.Dataset:
            # This graph's own: else the order would depend on the process' global seed, too.
            tf.compat.v1.set_random_seed(_GRAPH_SEED)
            return (
                _read(sources, self._epoch_seed()[1])
                .shuffle(buffer, seed=self._epoch_seed()[0], reshuffle_each_iteration=False)
                .skip(self._skip * config.batch_size)
            )

        self.dataset = (
            tf.data.Dataset.from_tensors(0)
            .flat_map(shuffled)
            .map(self._make_crop, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .batch(config.batch_size)
            .prefetch(2)
        )

    def start(self, epoch: int, step: int) -> None:
        """The next iteration gives epoch `epoch` from its batch `step` on."""
        self._epoch.assign(epoch)
        self._skip.assign(step)

    def _epoch_seed(self) -> tf.Tensor:
        """int64 [2], positive: the present epoch's own."""
        seed = tf.stack([tf.constant(self._config.seed, tf.int64), self._epoch.read_value()])
        return tf.random.stateless_uniform([2], seed, 1, 2**40, tf.int64)

    def _make_crop(self, parsed: records.Parsed) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        label_map = tf.cond(
            parsed[_IS_BOX],
            lambda: painted(parsed, self._labelling, self._config),
            lambda: records.decode_label_map(parsed),
        )
        config = self._config
        if config.augmentations:
            number = self._epoch.read_value() % config.augmentations
            crop = _fixed_crop(parsed, number, config)
        else:
            own = tf.strings.to_hash_bucket_strong(parsed[EXAMPLE_ID], 2**40, key=_HASH_KEY)
            crop = _crop(parsed, self._epoch_seed() + own, config)
        if self._cache is None:
            inputs = preprocess(crop.of_image(records.decode_parsed_image(parsed)))
        else:
            inputs = self._cache.read(parsed, _view(number, config))
        return inputs, crop.of_label_map(label_map), parsed[EXAMPLE_ID]


def fill_crops(cache: FeatureCache, sources: Sequence[Source], config: TrainConfig) -> None:
    """Computes the features of all fixed crops of all examples."""
    for i in range(config.augmentations):
        number = tf.constant(i)

        def view(_: records.Parsed, number: tf.Tensor = number) -> tf.Tensor:
            return _view(number, config)

        def show(parsed: records.Parsed, number: tf.Tensor = number) -> tf.Tensor:
            image = records.decode_parsed_image(parsed)
            return preprocess(_fixed_crop(parsed, number, config).of_image(image))

        what = f"features of crops {i + 1}/{config.augmentations}"
        cache.fill(_read(sources), view, show, what, _CROPS_AT_ONCE)


def steps_per_epoch(sources: Sequence[Source], config: TrainConfig) -> int:
    """Number of batches of an epoch."""
    return -(-sum(len(source.examples) for source in sources) // config.batch_size)


def _crop(parsed: records.Parsed, seed: tf.Tensor, config: TrainConfig) -> augment.Crop:
    scales = (config.min_scale, config.max_scale)
    return augment.draw_crop(records.image_size(parsed), config.crop_size, scales, seed)


def _fixed_crop(parsed: records.Parsed, number: tf.Tensor, config: TrainConfig) -> augment.Crop:
    """One of an image's crops that are the same in every run."""
    own = tf.strings.to_hash_bucket_strong(parsed[keys.IMAGE_ENCODED], 2**40, key=_HASH_KEY)
    return _crop(parsed, tf.stack([own, tf.cast(number, tf.int64)]), config)


def _view(number: tf.Tensor, config: TrainConfig) -> tf.Tensor:
    """The name of a fixed crop among an image's views."""
    scales = f"{config.min_scale:g} to {config.max_scale:g}"
    prefix = f"crop of {config.crop_size} at {scales}, number "
    return tf.strings.join([prefix, tf.strings.as_string(number)])


def ignored(parsed: records.Parsed, config: TrainConfig) -> tf.Tensor:
    """Which boxes of a parsed record name pixels of which nothing is learnt: bool [B]."""
    void = parsed[keys.IS_CROWD] > 0
    return void | (parsed[keys.DIFFICULT] > 0) if config.difficult == "ignore" else void


def painted(parsed: records.Parsed, labelling: Labelling, config: TrainConfig) -> tf.Tensor:
    """The pseudo-mask of a parsed record under the present labelling: int32 [H, W]."""
    num_boxes = tf.shape(parsed[keys.LABELS])[0]
    label_map = paint(
        pool_ops.decode_superpixels(parsed[keys.CANDIDATES_SUPERPIXELS]),
        pool_ops.decode_membership(
            parsed[keys.CANDIDATES_MEMBERSHIP], parsed[keys.CANDIDATES_COUNT]
        ),
        labelling.of(parsed[EXAMPLE_ID], num_boxes),
        parsed[keys.BOXES],
        parsed[keys.LABELS],
        ignored(parsed, config),
        config.clip_to_box,
        config.paint_order,
    )
    return tf.ensure_shape(label_map, [None, None])


def box_examples(sources: Sequence[Source]) -> tf.data.Dataset:
    """Parsed records of all box sources in order, with `EXAMPLE_ID`."""
    return _read([source for source in sources if source.is_box]).prefetch(8)


def _read(sources: Sequence[Source], seed: tf.Tensor | None = None) -> tf.data.Dataset:
    """Parsed records of the usable examples, with `EXAMPLE_ID`.

    Args:
        sources: at least one.
        seed: scalar int64: shards of all sources are read interleaved, in an order of its own;
            None: one after the other.
    """
    paths, numbers, is_box = [], [], []
    for source in sources:
        paths += dataset_info.shard_paths(source.folder, source.info.num_shards)
        numbers += [str(source.number)] * source.info.num_shards
        is_box += [source.is_box] * source.info.num_shards
    shards = tf.data.Dataset.from_tensor_slices((paths, numbers, is_box))
    if seed is not None:
        shards = shards.shuffle(len(paths), seed=seed, reshuffle_each_iteration=False)
    return shards.interleave(_read_shard, cycle_length=1 if seed is None else _SHARDS_AT_ONCE)


def _read_shard(path: tf.Tensor, number: tf.Tensor, is_box: tf.Tensor) -> tf.data.Dataset:
    def parse(serialized: tf.Tensor) -> records.Parsed:
        parsed = records.parse(serialized)
        parsed[EXAMPLE_ID] = tf.strings.join([number, parsed[keys.IMAGE_SOURCE_ID]], "/")
        parsed[_IS_BOX] = is_box
        return parsed

    def usable(parsed: records.Parsed) -> tf.Tensor:
        has_boxes = parsed[keys.BOXES_ANNOTATED] > 0
        has_mask = tf.strings.length(parsed[keys.MASK_ENCODED]) > 0
        return tf.where(is_box, has_boxes, has_mask)

    return tf.data.TFRecordDataset(path).map(parse).filter(usable)
