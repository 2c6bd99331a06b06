"""What a mask update minimises, decided once: skip it, boxes alone, or feedback with weights.

The paper (Sec. 3.3) feeds the network's estimate back from the first epoch, with a network that
starts from ImageNet's weights and many epochs to come. An immature network, though, is sure of
background before it is sure of anything else: by E_r it then prefers tiny candidates, learns from
them and is surer still. So a class takes part in the feedback only once the network has learnt it;
until then a preference for large candidates may take the place of E_r. A labelling that collapses
is refused.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from boxsup_tf.labels import BACKGROUND
from boxsup_tf.training.config import TrainConfig

# A labelling has collapsed when it covers less than this share of what the first one covered.
_LEAST_COVERAGE = 0.6


class MaskUpdatePlan(NamedTuple):
    """Weights of the costs beside E_o, by class of the box.

    Attributes:
        feedback: float [C], lambda; 0 for classes of which the network is not asked.
        prior: float [C], weight of the preference for large candidates.
        notice: which classes are left out of the feedback although the warm-up is over, for
            people; empty where none is.
    """

    feedback: np.ndarray
    prior: np.ndarray
    notice: str = ""

    @property
    def asks_network(self) -> bool:
        """Whether the images have to pass the network."""
        return bool(self.feedback.any())


def plan_mask_update(
    config: TrainConfig, epoch: int, class_iou: np.ndarray, class_names: Sequence[str]
) -> MaskUpdatePlan | None:
    """The plan of the mask update before an epoch; None: the labelling stays.

    Args:
        config: of the run.
        epoch: the one that follows.
        class_iou: float [C], IoU of the network with the masks that it learnt from in the epoch
            before; NaN for classes of which it saw no pixel.
        class_names: index is label.
    """
    if epoch % config.update_every if config.update_every else epoch:
        return None
    trust = (epoch - config.warmup_epochs + 1) / (config.ramp_epochs + 1)
    trust = min(max(trust, 0.0), 1.0) if config.feedback_weight else 0.0
    if epoch and not trust and config.k == 1:
        return None  # the same labelling would come of it
    known = (class_iou >= config.min_agreement) | (config.min_agreement == 0)
    notice = _notice(config.min_agreement, class_iou, class_names) if trust else ""
    return _with_trust(config, np.where(known, trust, 0.0), notice)


def boxes_alone(config: TrainConfig, num_classes: int) -> MaskUpdatePlan:
    """The plan that does not ask the network of any class."""
    return _with_trust(config, np.zeros(num_classes))


def _with_trust(config: TrainConfig, trust: np.ndarray, notice: str = "") -> MaskUpdatePlan:
    """The weights by how far the network is trusted of each class, [C], 0 .. 1."""
    # No object is of the background; boxes of no class choose by E_o alone.
    is_class = np.arange(len(trust)) != BACKGROUND
    feedback, prior = trust * config.feedback_weight, (1 - trust) * config.prior_weight
    return MaskUpdatePlan(is_class * feedback, is_class * prior, notice)


def never_asked(config: TrainConfig) -> str:
    """What to tell of a run whose mask updates all come too early for feedback; else empty."""
    if not config.feedback_weight:
        return ""
    for epoch in range(config.epochs):
        at_best = np.full(2, bool(epoch), float)  # nothing is learnt before the first epoch
        plan = plan_mask_update(config, epoch, at_best, ["background", "any"])
        if plan and plan.asks_network:
            return ""
    return (
        "the network is never asked for masks: no mask update of these "
        f"--epochs={config.epochs} comes after --warmup_epochs={config.warmup_epochs} with "
        f"--update_every={config.update_every} and --min_agreement={config.min_agreement:g}"
    )


def collapse_warning(coverage: float, first_coverage: float) -> str:
    """What is wrong with a labelling that the feedback gave; empty where nothing is.

    Args:
        coverage: mean share of a box that its candidate covers, 0 .. 1.
        first_coverage: that of the first labelling of the run, by the boxes alone.
    """
    if coverage >= _LEAST_COVERAGE * first_coverage:
        return ""
    return (
        f"the feedback collapses: candidates would cover {coverage:.0%} of their boxes on average, "
        f"after {first_coverage:.0%} at first"
    )


def _notice(min_agreement: float, class_iou: np.ndarray, class_names: Sequence[str]) -> str:
    if not min_agreement:
        return ""
    by_class = list(zip(class_names, class_iou, strict=True))[1:]
    low = [name for name, iou in by_class if iou < min_agreement]
    unseen = [name for name, iou in by_class if np.isnan(iou)]
    reasons = []
    if low:
        reasons.append(
            f"{', '.join(low)}: the IoU with their masks was below {min_agreement:g} in the epoch "
            "before"
        )
    if unseen:
        reasons.append(f"{', '.join(unseen)}: no pixel of them was learnt from in the epoch before")
    return "; ".join(["classes left out of the feedback", *reasons]) if reasons else ""
