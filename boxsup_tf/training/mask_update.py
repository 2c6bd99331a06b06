"""Mask update: the network is fixed, the labelling is chosen (BoxSup, Sec. 3.3).

The first one happens before the first epoch. Images pass one at a time, so that a labelling
does not depend on who shares a batch.
"""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf import fields, pool_ops
from boxsup_tf.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.data import records
from boxsup_tf.models.scores import full_resolution_logits
from boxsup_tf.supervision.labelling import Labelling, box_ids
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.scoring import Scorer
from boxsup_tf.supervision.selection import RECTANGLE, choose, eligible_candidates
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import EXAMPLE_ID, box_examples
from boxsup_tf.training.sources import Source


@dataclasses.dataclass(frozen=True)
class MaskUpdateReport:
    """What a mask update did.

    Attributes:
        changed_share: of the boxes, how many now have another candidate, 0 .. 1.
        num_rectangles: boxes whose pool was empty, painted as rectangles.
        overlap_cost, belief_cost: means of E_o and E_r over the chosen candidates.
        pseudo_mask_mean_iou: of the new pseudo-masks with the truth; None where no image of
            the box sources has a mask.
        pseudo_mask_iou: the same by class; NaN for a class that does not occur.
    """

    changed_share: float
    num_rectangles: int
    overlap_cost: float
    belief_cost: float
    pseudo_mask_mean_iou: float | None
    pseudo_mask_iou: np.ndarray


class MaskUpdate:
    """Chooses a labelling for all boxes of the training set with the network's belief."""

    def __init__(
        self,
        model: keras.Model,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
    ) -> None:
        self._model, self._labelling, self._config = model, labelling, config
        examples = [example for s in sources if s.is_box for example in s.examples]
        self._num_images = len(examples)
        self._has_choice = not all(example.one_per_box for example in examples)
        self._num_classes = len(sources[0].info.class_names)
        self._scorer = Scorer(config.scoring)
        if self._num_images:
            # Built once: another dataset object would trace everything again.
            self._examples = box_examples(sources)
            signature = self._examples.element_spec
            scalars = [tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.float32)]
            self._update_image = tf.function(self._update_one, [signature, *scalars])

    def run(self, epoch: int) -> MaskUpdateReport | None:
        """Replaces the whole labelling at once.

        Nothing is done, and None returned, where no source has boxes, or after the first
        update where every pool holds one candidate a box: they have nothing to choose.

        Args:
            epoch: of the network update that follows; part of the draws' seed.
        """
        if not self._num_images or (epoch > 0 and not self._has_choice):
            return None
        weight = tf.constant(self._config.feedback_weight_at(epoch), tf.float32)
        before = self._labelling.chosen.numpy()
        after = np.full_like(before, RECTANGLE)
        counts = ConfusionMatrix.zeros(self._num_classes)
        costs = []
        progress = tqdm(
            self._examples, total=self._num_images, desc=f"mask update {epoch}", unit="image"
        )
        for parsed in progress:
            slots, chosen, cost, pixels = self._update_image(
                parsed, tf.cast(epoch, tf.int64), weight
            )
            after[slots.numpy()] = chosen.numpy()
            costs.append(cost.numpy())
            counts += pixels.numpy()
        self._labelling.chosen.assign(after)
        all_costs = np.concatenate(costs)
        means = all_costs.mean(axis=0) if len(all_costs) else np.zeros(2)
        return MaskUpdateReport(
            changed_share=float((before != after).mean()) if len(after) else 0.0,
            num_rectangles=int((after == RECTANGLE).sum()),
            overlap_cost=float(means[0]),
            belief_cost=float(means[1]),
            pseudo_mask_mean_iou=counts.mean_iou if counts.counts.any() else None,
            pseudo_mask_iou=counts.iou,
        )

    def _update_one(
        self, parsed: dict[str, tf.Tensor], epoch: tf.Tensor, weight: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """One image: its boxes' slots and candidates [B], their costs [n, 2], pixel counts."""
        config = self._config
        superpixels = pool_ops.decode_superpixels(parsed[fields.CANDIDATES_SUPERPIXELS])
        membership = pool_ops.decode_membership(
            parsed[fields.CANDIDATES_MEMBERSHIP], parsed[fields.CANDIDATES_COUNT]
        )
        boxes, labels = parsed[fields.BOXES], parsed[fields.LABELS]
        one_per_box = parsed[fields.CANDIDATES_ONE_PER_BOX] > 0
        # Where there is nothing to choose, or lambda is 0, the network need not be asked.
        asks = tf.logical_and(weight > 0, tf.logical_not(one_per_box))
        log_probabilities = tf.cond(
            asks, lambda: self._believe(parsed), lambda: self._no_belief(superpixels)
        )
        overlap_cost, belief_cost = self._scorer(
            log_probabilities, superpixels, pool_ops.stored_members(membership), boxes, labels
        )
        overlap_cost = pool_ops.in_pool_order(membership, overlap_cost)
        belief_cost = pool_ops.in_pool_order(membership, belief_cost)
        example_id, num_boxes = parsed[EXAMPLE_ID], tf.shape(labels)[0]
        chosen = choose(
            overlap_cost + weight * belief_cost,
            eligible_candidates(overlap_cost, one_per_box, config.min_box_iou),
            box_ids(example_id, num_boxes),
            tf.constant(config.seed, tf.int64),
            epoch,
            tf.constant(config.k),
        )
        is_crowd = tf.cast(parsed[fields.IS_CROWD], tf.bool)
        label_map = paint(
            superpixels, membership, chosen, boxes, labels, is_crowd, config.clip_to_box
        )
        pixels = count_pixels(records.decode_label_map(parsed), label_map, self._num_classes)
        drawn = tf.where(chosen != RECTANGLE)[:, 0]
        costs = tf.stack([overlap_cost, belief_cost], axis=2)
        costs = tf.gather(tf.gather(costs, drawn), tf.gather(chosen, drawn), batch_dims=1)
        return self._labelling.slots(example_id, num_boxes), chosen, costs, pixels

    def _believe(self, parsed: dict[str, tf.Tensor]) -> tf.Tensor:
        image = records.decode_parsed_image(parsed)[None]
        return tf.nn.log_softmax(full_resolution_logits(self._model, image)[0])

    def _no_belief(self, superpixels: tf.Tensor) -> tf.Tensor:
        shape = tf.concat([tf.shape(superpixels), [self._num_classes]], axis=0)
        return tf.fill(shape, -tf.math.log(float(self._num_classes)))
