"""Mask update: the network is fixed, the labelling is chosen (BoxSup, Sec. 3.3).

The first one happens before the first epoch. Candidates are scored one image at a time, so that
a labelling does not depend on who shares a batch.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.metrics.count_in_graph import count_pixels
from boxsup_tf.pools import pool_ops
from boxsup_tf.records import keys, records
from boxsup_tf.supervision import selection
from boxsup_tf.supervision.labelling import Labelling, box_ids
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.scoring import Costs, Scorer
from boxsup_tf.supervision.selection import RECTANGLE
from boxsup_tf.training.beliefs import Beliefs
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import EXAMPLE_ID, box_examples, ignored
from boxsup_tf.training.network import Network
from boxsup_tf.training.sources import Source


@dataclasses.dataclass(frozen=True)
class MaskUpdateReport:
    """What a mask update did to the boxes of objects; means are over those that chose a candidate.

    Attributes:
        changed_share: of the boxes, how many now have another candidate, 0 .. 1.
        num_rectangles: boxes whose pool was empty, painted as rectangles.
        chosen_overlap_cost, chosen_belief_cost: means of E_o and E_r.
        chosen_fill: mean share of a box that its candidate covers, 0 .. 1.
        foreground_share: of the pseudo-masks' pixels, 0 .. 1.
        agreement: mean IoU of the new pseudo-masks with those before.
        pseudo_mask_mean_iou: of the new pseudo-masks with the truth; None where no image of
            the box sources has a mask.
    """

    changed_share: float
    num_rectangles: int
    chosen_overlap_cost: float
    chosen_belief_cost: float
    chosen_fill: float
    foreground_share: float
    agreement: float
    pseudo_mask_mean_iou: float | None


class _Outcome(NamedTuple):
    """One image's part of an update, as tensors.

    Attributes:
        slots: int32 [B], the boxes' places in the labelling.
        chosen: int32 [B], their candidates.
        ignored: bool [B], which of them are of no object.
        figures: float32 [n, 3], E_o, E_r and fill of the n candidates chosen.
        truth_counts: int64 [C, C], truth by new pseudo-mask.
        former_counts: int64 [C, C], former pseudo-mask by new one.
    """

    slots: tf.Tensor
    chosen: tf.Tensor
    ignored: tf.Tensor
    figures: tf.Tensor
    truth_counts: tf.Tensor
    former_counts: tf.Tensor


class MaskUpdate:
    """Chooses a labelling for all boxes of the training set with the network's belief."""

    def __init__(
        self,
        network: Network,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
    ) -> None:
        self._labelling, self._config = labelling, config
        examples = [example for s in sources if s.is_box for example in s.examples]
        self._num_images = len(examples)
        self._has_choice = not all(example.one_per_box for example in examples)
        self._num_classes = len(sources[0].info.class_names)
        self._scorer = Scorer(config.scoring)
        if self._num_images:
            # Built once: another dataset object would trace everything again.
            dataset = box_examples(sources)
            self._beliefs = Beliefs(network, dataset, self._num_classes, config)
            logits = tf.TensorSpec([None, None, self._num_classes], tf.float32)
            by_class = tf.TensorSpec([self._num_classes], tf.float32)
            self._update_image = tf.function(
                self._update_one,
                [dataset.element_spec, logits, tf.TensorSpec([], tf.int64), by_class, by_class],
            )

    def run(
        self,
        epoch: int,
        feedback_weight: float | np.ndarray,
        prior_weight: float | np.ndarray,
    ) -> tuple[np.ndarray, MaskUpdateReport] | None:
        """Chooses a whole labelling anew; the present one stays as it is.

        Args:
            epoch: of the network update that follows; part of the draws' seed.
            feedback_weight: lambda, the weight of the network's belief; by class, see
                `feedback.Weights`, or one for all.
            prior_weight: the weight of the preference for large candidates that stands in for
                the network's belief, see `scoring.constant_belief_cost`; the same.

        Returns:
            The labelling, int32 [boxes], and what is to be said of it. None where there is no
            box, or no pool that offers a choice to an update after the first.
        """
        if not self._num_images or (epoch > 0 and not self._has_choice):
            return None
        before = self._labelling.chosen.numpy()
        after = np.full_like(before, RECTANGLE)
        weights = [
            tf.broadcast_to(tf.constant(weight, tf.float32), [self._num_classes])
            for weight in (feedback_weight, prior_weight)
        ]
        truth = former = ConfusionMatrix.zeros(self._num_classes)
        figures = [np.zeros((0, 3), np.float32)]
        of_object = np.ones(len(before), bool)
        asks = self._config.belief != "constant" and bool(np.any(feedback_weight))
        if asks:
            self._beliefs.prepare()
        progress = tqdm(
            self._beliefs.of_all(asks),
            total=self._num_images,
            desc=f"mask update {epoch}",
            unit="image",
        )
        for parsed, logits in progress:
            outcome = self._update_image(parsed, logits, tf.constant(epoch, tf.int64), *weights)
            slots = outcome.slots.numpy()
            after[slots], of_object[slots] = outcome.chosen.numpy(), ~outcome.ignored.numpy()
            figures.append(outcome.figures.numpy())
            truth += outcome.truth_counts.numpy()
            former += outcome.former_counts.numpy()
        all_figures = np.concatenate(figures)
        means = all_figures.mean(axis=0) if len(all_figures) else np.zeros(3)
        painted = former.counts.sum(axis=0)
        changed = (before != after)[of_object]
        return after, MaskUpdateReport(
            changed_share=float(changed.mean()) if len(changed) else 0.0,
            num_rectangles=int((after[of_object] == RECTANGLE).sum()),
            chosen_overlap_cost=float(means[0]),
            chosen_belief_cost=float(means[1]),
            chosen_fill=float(means[2]),
            foreground_share=float(painted[1:].sum() / max(painted.sum(), 1)),
            agreement=former.mean_iou,
            pseudo_mask_mean_iou=truth.mean_iou if truth.counts.any() else None,
        )

    def _update_one(
        self,
        parsed: records.Parsed,
        logits: tf.Tensor,
        epoch: tf.Tensor,
        feedback_weight: tf.Tensor,
        prior_weight: tf.Tensor,
    ) -> _Outcome:
        config = self._config
        superpixels = pool_ops.decode_superpixels(parsed[keys.CANDIDATES_SUPERPIXELS])
        membership = pool_ops.decode_membership(
            parsed[keys.CANDIDATES_MEMBERSHIP], parsed[keys.CANDIDATES_COUNT]
        )
        boxes, labels = parsed[keys.BOXES], parsed[keys.LABELS]
        void = ignored(parsed, config)
        members = pool_ops.stored_members(membership)
        stored = self._scorer(logits, superpixels, members, boxes, labels)
        costs = Costs(*(pool_ops.in_pool_order(membership, cost) for cost in stored))
        allowed: tf.Tensor | bool = True
        if config.max_outside < 1:
            outside = selection.outside_shares(superpixels, members, boxes)
            allowed = pool_ops.in_pool_order(membership, outside) <= config.max_outside
        one_per_box = parsed[keys.CANDIDATES_ONE_PER_BOX] > 0
        eligible = selection.eligible_candidates(
            costs.overlap, one_per_box, config.min_box_iou, allowed
        )
        example_id, num_boxes = parsed[EXAMPLE_ID], tf.shape(labels)[0]
        chosen = selection.choose(
            costs.total(*(tf.gather(w, labels)[:, None] for w in (feedback_weight, prior_weight))),
            eligible & ~void[:, None],
            box_ids(example_id, num_boxes),
            tf.constant(config.seed, tf.int64),
            epoch,
            tf.constant(config.k),
        )

        style = config.clip_to_box, config.paint_order

        def painted(labelling: tf.Tensor) -> tf.Tensor:
            return paint(superpixels, membership, labelling, boxes, labels, void, *style)

        label_map = painted(chosen)
        former = painted(self._labelling.of(example_id, num_boxes))
        drawn = tf.where(chosen != RECTANGLE)[:, 0]
        figures = tf.gather(tf.stack(costs, axis=2), drawn)
        return _Outcome(
            slots=self._labelling.slots(example_id, num_boxes),
            chosen=chosen,
            ignored=void,
            figures=tf.gather(figures, tf.gather(chosen, drawn), batch_dims=1),
            # Pixels of ignored boxes are not taught; but what an object's candidate lacks there is
            # a miss, or each labelling would be judged on pixels of its own choice.
            truth_counts=count_pixels(
                records.decode_label_map(parsed),
                tf.where(label_map == VOID, BACKGROUND, label_map),
                self._num_classes,
            ),
            former_counts=count_pixels(former, label_map, self._num_classes),
        )
