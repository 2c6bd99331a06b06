"""Mask update: the network is fixed, E_o + lambda E_r is minimised over the labelling.

BoxSup, Sec. 3.3 and eq. (4). The first update happens before the first epoch. Candidates are scored
one image at a time, so that a labelling does not depend on which images share a batch.
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
from boxsup_tf.models.as_written import as_written
from boxsup_tf.pools import pool_ops
from boxsup_tf.supervision import selection
from boxsup_tf.supervision.annotated_boxes import boxes_of
from boxsup_tf.supervision.labelling import Labelling, box_ids
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.scoring import Scorer
from boxsup_tf.supervision.selection import RECTANGLE
from boxsup_tf.training.background import in_background
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.plan import MaskUpdatePlan
from boxsup_tf.training.sources import Source
from boxsup_tf.training.training_example import ExampleTable, TrainingExample
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.training_predictor import TrainingPredictor
from boxsup_tf.training.workers import Workers

_MOST_WAITING = 2  # images whose candidates are being scored while the next pass the network


@dataclasses.dataclass(frozen=True)
class MaskUpdateReport:
    """What a mask update did to the boxes of objects; means are over those that chose a candidate.

    Attributes:
        changed_share: share of the boxes that now have another candidate, 0 .. 1.
        num_rectangles: boxes that no candidate overlaps, painted as rectangles.
        overlap_cost, regression_cost: means of E_o and E_r of the chosen candidates.
        coverage: mean share of a box that its candidate covers, 0 .. 1.
        foreground_share: of the pseudo-masks' pixels, 0 .. 1.
        agreement: mean IoU of the new pseudo-masks with those before.
        pseudo_mask_mean_iou: of the new pseudo-masks with the truth; None where no image of
            the box sources has a mask.
    """

    changed_share: float
    num_rectangles: int
    overlap_cost: float
    regression_cost: float
    coverage: float
    foreground_share: float
    agreement: float
    pseudo_mask_mean_iou: float | None


class _Outcome(NamedTuple):
    """One image's part of an update, as tensors or arrays.

    Attributes:
        slots: int32 [B], the boxes' places in the labelling.
        chosen: int32 [B], their candidates.
        ignored: bool [B], which of them are of no object.
        costs: float32 [B, 3], E_o, E_r and coverage of the objects' candidates, 0 without one.
        truth_counts: int64 [C, C], truth by new pseudo-mask.
        former_counts: int64 [C, C], former pseudo-mask by new one.
    """

    slots: tf.Tensor
    chosen: tf.Tensor
    ignored: tf.Tensor
    costs: tf.Tensor
    truth_counts: tf.Tensor
    former_counts: tf.Tensor


class MaskUpdate:
    """Chooses a labelling for all boxes of the training set.

    Args:
        network: of the run.
        sources: the training set.
        labelling: the present one; `run` reads it and leaves it as it is.
        config: of the run.
        workers: each asks the network of its share of the images, and all learn what was chosen.

    Attributes:
        num_images: images of the box sources.
        has_choice: whether any pool offers its boxes more than one candidate.
    """

    def __init__(
        self,
        network: TrainingNetwork,
        sources: Sequence[Source],
        labelling: Labelling,
        config: TrainConfig,
        workers: Workers,
    ) -> None:
        self._labelling, self._config, self._workers = labelling, config, workers
        indices = [source.examples for source in sources if source.is_box]
        self.num_images = sum(map(len, indices))
        self.has_choice = not all(index.table["one_per_box"].all() for index in indices)
        self._num_classes = len(network.segmenter.class_names)
        self._scorer = Scorer(config.scoring)
        if self.num_images:
            # Built once: another dataset object would trace everything again.
            examples = ExampleTable([source for source in sources if source.is_box])
            spec = examples.read(examples.numbers()).element_spec
            self._predictor = TrainingPredictor(network, examples, config, workers)
            logits = tf.TensorSpec([None, None, self._num_classes], tf.float32)
            by_class = tf.TensorSpec([self._num_classes], tf.float32)
            self._update_image = tf.function(
                as_written(self._update_one),
                [spec, logits, tf.TensorSpec([], tf.int64), by_class, by_class],
            )

    def run(self, epoch: int, plan: MaskUpdatePlan) -> tuple[np.ndarray, MaskUpdateReport]:
        """Chooses a whole labelling anew.

        Args:
            epoch: of the network update that follows; part of the draws' seed.
            plan: the weights of the costs.

        Returns:
            The labelling, int32 [boxes], and what is to be said of it.
        """
        workers, before = self._workers, self._labelling.chosen.numpy()
        # Of boxes of other processes all of these are 0.
        after = np.zeros(len(before), np.int64)  # from RECTANGLE on
        is_ignored = np.zeros(len(before), np.int64)
        costs = np.zeros((len(before), 3), np.float64)
        weights = [tf.constant(weight, tf.float32) for weight in (plan.feedback, plan.prior)]
        truth = former = ConfusionMatrix.zeros(self._num_classes)
        predicted = self._predictor.predict_all(plan.asks_network) if self.num_images else ()

        def update(example: TrainingExample, logits: tf.Tensor) -> _Outcome:
            made = self._update_image(example, logits, tf.constant(epoch, tf.int64), *weights)
            return _Outcome(*(part.numpy() for part in made))

        progress = tqdm(
            in_background(update, predicted, _MOST_WAITING),
            total=len(workers.own(self.num_images)),
            desc=f"mask update {epoch + 1}",
            unit="image",
            leave=False,
            disable=not workers.is_chief,
        )
        for outcome in progress:
            after[outcome.slots] = outcome.chosen - RECTANGLE
            is_ignored[outcome.slots], costs[outcome.slots] = outcome.ignored, outcome.costs
            truth += outcome.truth_counts
            former += outcome.former_counts
        after = (workers.total(after) + RECTANGLE).astype(before.dtype)
        of_object = workers.total(is_ignored) == 0
        drawn = workers.total(costs)[of_object & (after != RECTANGLE)]
        means = drawn.mean(axis=0) if len(drawn) else np.zeros(3)
        truth, former = (ConfusionMatrix(workers.total(each.counts)) for each in (truth, former))
        painted = former.counts.sum(axis=0)
        changed = (before != after)[of_object]
        return after, MaskUpdateReport(
            changed_share=float(changed.mean()) if len(changed) else 0.0,
            num_rectangles=int((after[of_object] == RECTANGLE).sum()),
            overlap_cost=float(means[0]),
            regression_cost=float(means[1]),
            coverage=float(means[2]),
            foreground_share=float(painted[1:].sum() / max(painted.sum(), 1)),
            agreement=former.mean_iou,
            pseudo_mask_mean_iou=truth.mean_iou if truth.counts.any() else None,
        )

    def _update_one(
        self,
        example: TrainingExample,
        logits: tf.Tensor,
        epoch: tf.Tensor,
        feedback_weight: tf.Tensor,
        prior_weight: tf.Tensor,
    ) -> _Outcome:
        config, record = self._config, example.record
        pool = pool_ops.unpack(record.pool)
        annotated = boxes_of(record, config.difficult == "ignore")
        boxes, labels, ignored = annotated
        costs = self._scorer.of_pool(logits, pool, boxes, labels)
        weights = (tf.gather(w, labels)[:, None] for w in (feedback_weight, prior_weight))
        eligible = selection.eligible_candidates(
            costs.overlap, pool.one_per_box, config.min_box_iou
        )
        num_boxes = tf.shape(labels)[0]
        chosen = selection.choose(
            costs.total(*weights),
            eligible & annotated.choosing(config.ignored_boxes)[:, None],
            box_ids(example.id, num_boxes),
            tf.constant(config.seed, tf.int64),
            epoch,
            tf.constant(config.k),
        )
        label_map = paint(pool, chosen, annotated, config.clip_to_box)
        former = paint(
            pool, self._labelling.of(example.id, num_boxes), annotated, config.clip_to_box
        )
        # No candidate is looked up where none is drawn, as there may be none at all.
        drawn = tf.where((chosen != RECTANGLE) & ~ignored)
        of_drawn = tf.gather_nd(tf.stack(costs, axis=2), drawn)
        of_chosen = tf.gather(of_drawn, tf.gather_nd(chosen, drawn), batch_dims=1)
        return _Outcome(
            slots=self._labelling.slots(example.id, num_boxes),
            chosen=chosen,
            ignored=ignored,
            costs=tf.scatter_nd(drawn, of_chosen, [num_boxes, 3]),
            # Nothing is learnt from the pixels of ignored boxes; but what an object's candidate
            # lacks there is a miss, or each labelling would be judged on pixels of its own choice.
            truth_counts=count_pixels(
                record.label_map(),
                tf.where(label_map == VOID, BACKGROUND, label_map),
                self._num_classes,
            ),
            former_counts=count_pixels(former, label_map, self._num_classes),
        )
