"""What the network believes of the training images: from records to logits."""

from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.models.bfloat16 import has_native_bfloat16
from boxsup_tf.records import keys, records
from boxsup_tf.records.same_size import Group, same_size_groups
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network import Network

_PIXELS_WAITING = 2**26  # some 400 photographs of half a thousand pixels, 100 kB each as records


class Beliefs:
    """Passes the images of a mask update through the network, those of equal size together.

    Args:
        network: of the run.
        examples: parsed records with pools.
        num_classes: with background.
        config: says at what scale and how many together the network sees the images.
    """

    def __init__(
        self, network: Network, examples: tf.data.Dataset, num_classes: int, config: TrainConfig
    ) -> None:
        self._network, self._examples, self._num_classes = network, examples, num_classes
        self._twin = network.bfloat16_twin() if _in_bfloat16(config) else None
        observer = self._twin or network
        self._scale, self._batch = config.update_scale, config.update_batch
        self._prepared = False
        # The signatures keep one trace over all sizes of images and of groups.
        self._whole_image = tf.function(
            lambda parsed: observer.whole_image(parsed, self._scale), [examples.element_spec]
        )
        self._look = tf.function(
            lambda whole_images, size: observer.logits(whole_images, size, self._scale),
            [observer.input_spec, tf.TensorSpec([2], tf.int64)],
        )

    def prepare(self) -> None:
        """Computes, the first time, the features that `of_all` reads where there is a cache."""
        if not self._prepared:
            with_choice = self._examples.filter(
                lambda parsed: parsed[keys.CANDIDATES_ONE_PER_BOX] == 0
            )
            self._network.prepare(with_choice, "features of training images", self._scale)
            self._prepared = True

    def of_all(self, asks: bool) -> Iterator[tuple[records.Parsed, tf.Tensor]]:
        """Every example once, with what is believed of its pixels.

        An image waits until there are enough of its size; which ones pass the network together
        follows from the order of the examples, and makes no difference beyond rounding.

        Args:
            asks: the network, by `prepare` first; else, and for pools that offer no choice, all
                classes are equally likely.

        Yields:
            A record, and the logits of its pixels: float32 [H, W, num_classes].
        """
        if asks and self._twin:
            self._twin.take_weights_of(self._network)

        def group_of(parsed: records.Parsed) -> Group:
            asked = asks and parsed[keys.CANDIDATES_ONE_PER_BOX] == 0
            return Group(tuple(records.image_size(parsed).numpy().tolist()), bool(asked))

        def most_together(group: Group) -> int:
            return self._batch if group.kind else 1

        for group, examples in same_size_groups(
            self._examples, group_of, most_together, _PIXELS_WAITING
        ):
            if group.kind:
                yield from self._ask(examples)
            else:
                nothing = tf.zeros([*group.size, self._num_classes])
                yield from ((parsed, nothing) for parsed in examples)

    def _ask(self, group: list[records.Parsed]) -> Iterator[tuple[records.Parsed, tf.Tensor]]:
        whole_images = tf.concat([self._whole_image(parsed) for parsed in group], axis=0)
        return zip(group, self._look(whole_images, records.image_size(group[0])), strict=True)


def _in_bfloat16(config: TrainConfig) -> bool:
    """Whether the images pass a twin of a network that itself computes in float32."""
    if config.precision == "bfloat16":
        return False
    wanted = config.update_precision
    return wanted == "bfloat16" or (wanted == "auto" and has_native_bfloat16())
