"""What a mask update would choose for the boxes of one image, by the library's own functions.

The same calls in the same order as `training.mask_update`, so that the numbers are its numbers.
"""

import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.pools import pool_ops
from boxsup_tf.records.parsing import Record
from boxsup_tf.settings import check, option
from boxsup_tf.supervision import selection
from boxsup_tf.supervision.annotated_boxes import AnnotatedBoxes, boxes_of
from boxsup_tf.supervision.labelling import box_ids
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.scoring import BELIEFS, NORMALISERS, Costs, Scorer, ScoringConfig
from boxsup_tf.training.config import TrainConfig


@dataclasses.dataclass(frozen=True)
class ChoiceSettings:
    """What the choice depends on; the names are those of `TrainConfig`.

    Attributes:
        feedback_weight: lambda.
        prior_weight: of the preference for large candidates.
        k: each box draws among its k best candidates.
        min_box_iou: candidates whose tight box overlaps the box less are not eligible.
        belief, normaliser, clip_to_box, box_tolerance, retighten_boxes: see `ScoringConfig`.
        seed: of the draws.
        update: number of the mask update, part of the draws' seed.
    """

    feedback_weight: float = option(3.0, at_least=0)
    prior_weight: float = option(0.0, at_least=0)
    k: int = option(1, at_least=1, at_most=2**30)
    min_box_iou: float = option(0.5, at_least=0, at_most=1)
    belief: str = option("calibrated", choices=BELIEFS)
    normaliser: str = option("image", choices=NORMALISERS)
    clip_to_box: bool = True
    box_tolerance: float = option(0.0, at_least=0, below=0.5)
    retighten_boxes: bool = False
    seed: int = option(0, at_least=0, at_most=2**31)
    update: int = option(0, at_least=0, at_most=2**31)

    def __post_init__(self) -> None:
        check(self, prefix="")

    @classmethod
    def of_run(cls, config: TrainConfig) -> "ChoiceSettings":
        """Those of a run, once the network is fully believed."""
        names = [field.name for field in dataclasses.fields(cls) if field.name != "update"]
        return cls(**{name: getattr(config, name) for name in names} | {"prior_weight": 0.0})

    @property
    def scoring(self) -> ScoringConfig:
        return ScoringConfig.of(self)


class Scored(NamedTuple):
    """All boxes of an image with the costs of all candidates.

    Attributes:
        pool: of N candidates.
        annotated: B boxes.
        costs: float32 [B, N] each, candidates in the pool's order.
    """

    pool: pool_ops.Pool
    annotated: AnnotatedBoxes
    costs: Costs


class Choice(NamedTuple):
    """What B boxes choose among N candidates.

    Attributes:
        total: float32 [B, N], what is minimised.
        eligible: bool [B, N], which candidates may be chosen.
        chosen: int32 [B], candidate numbers or `RECTANGLE`.
    """

    total: np.ndarray
    eligible: np.ndarray
    chosen: np.ndarray

    def ranking(self, box: int) -> np.ndarray:
        """The eligible candidates of a box from the lowest cost on; equal costs by number."""
        return ranked(self.total[box], self.eligible[box])


def ranked(cost: np.ndarray, eligible: np.ndarray) -> np.ndarray:
    """int64 [n], the eligible of N candidates by cost, then by number."""
    order = np.argsort(cost, kind="stable")
    return order[eligible[order]]


def with_box(record: Record, box: tuple[float, ...], label: int) -> Record:
    """The record with one box more, the last one; yxyx half-open, pixels."""
    return record._replace(
        boxes=tf.concat([record.boxes, tf.constant([box], tf.float32)], axis=0),
        labels=tf.concat([record.labels, [label]], axis=0),
        is_crowd=tf.concat([record.is_crowd, [False]], axis=0),
        difficult=tf.concat([record.difficult, [False]], axis=0),
    )


def score(
    scorer: Scorer, record: Record, logits: tf.Tensor | None, num_classes: int, ignore: bool
) -> Scored:
    """Scores all candidates for all boxes.

    Args:
        scorer: of the settings.
        record: with a pool.
        logits: float32 [H, W, C], the network's; None: E_r says nothing.
        num_classes: C.
        ignore: whether difficult boxes are ignored.
    """
    pool = pool_ops.unpack(record.pool)
    annotated = boxes_of(record, ignore)
    if logits is None:
        logits = tf.zeros([*pool.superpixels.shape, num_classes])
    costs = scorer.of_pool(logits, pool, annotated.boxes, annotated.labels)
    return Scored(pool, annotated, costs)


def choose(
    scored: Scored, example_id: str, settings: ChoiceSettings, asks: bool, ignored_boxes: str
) -> Choice:
    """What the boxes choose.

    Args:
        scored: of the settings' scoring.
        example_id: of the training set, see `TrainingExample`.
        settings: weights, k and the draws' seed.
        asks: whether there is a network; without one, E_o alone counts.
        ignored_boxes: see `TrainConfig`.
    """
    costs, annotated = scored.costs, scored.annotated
    feedback_weight = settings.feedback_weight if asks else 0.0
    total = costs.total(
        annotated.weights(feedback_weight), annotated.weights(settings.prior_weight)
    )
    eligible = selection.eligible_candidates(
        costs.overlap, scored.pool.one_per_box, settings.min_box_iou
    )
    eligible &= annotated.choosing(ignored_boxes)[:, None]
    chosen = selection.choose(
        total,
        eligible,
        box_ids(tf.constant(example_id), tf.shape(annotated.labels)[0]),
        tf.constant(settings.seed, tf.int64),
        tf.constant(settings.update, tf.int64),
        tf.constant(settings.k),
    )
    return Choice(total.numpy(), eligible.numpy(), chosen.numpy())


def pseudo_mask(scored: Scored, choice: Choice, clip_to_box: bool) -> np.ndarray:
    """What the choice paints: int32 [H, W] of class labels; 255 is void."""
    chosen = tf.constant(choice.chosen)
    return paint(scored.pool, chosen, scored.annotated, clip_to_box).numpy()
