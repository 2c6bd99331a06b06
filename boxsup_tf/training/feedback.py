"""When the network's belief is asked for masks, and when its answer is refused.

The paper (Sec. 3.3) feeds the belief back from the first epoch, with a network that starts from
ImageNet's weights and many epochs to come. An immature network, though, is sure of background
before it is sure of anything else: by E_r it then prefers tiny candidates, learns from them and
is surer still. So it is asked of a class only once it has learnt that class; until then a
preference for large candidates may stand in for its belief. A labelling that collapses is refused.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.mask_update import MaskUpdateReport

# A labelling has collapsed when it covers less than this share of what the first one covered.
_LEAST_FILL = 0.6


class Weights(NamedTuple):
    """Of the costs beside E_o, by class of the box: float [C], or [1] for all classes.

    Attributes:
        feedback: lambda.
        prior: of the preference for large candidates.
    """

    feedback: np.ndarray
    prior: np.ndarray


def weights_at(config: TrainConfig, epoch: int, learnt: np.ndarray) -> Weights:
    """The weights in the mask update before an epoch.

    Args:
        config: of the run.
        epoch: the one that follows.
        learnt: float [C], IoU of the network with the masks it learnt from, by class; NaN for
            classes of which there was nothing.
    """
    trust = (epoch - config.warmup_epochs + 1) / (config.ramp_epochs + 1)
    trust_of_class = np.where(learnt >= config.min_agreement, min(max(trust, 0.0), 1.0), 0.0)
    return Weights(
        trust_of_class * config.feedback_weight, (1 - trust_of_class) * config.prior_weight
    )


def without_feedback(config: TrainConfig) -> Weights:
    """The weights while the network is not asked of any class."""
    return Weights(np.zeros(1), np.full(1, config.prior_weight))


def doubts(
    config: TrainConfig, epoch: int, learnt: np.ndarray, class_names: Sequence[str]
) -> str | None:
    """Of which classes the network is not asked although the warm-up is over; None: of all.

    Args:
        config, epoch, learnt: see `weights_at`.
        class_names: index is label.
    """
    by_class = zip(class_names[1:], learnt[1:], strict=True)
    doubted = [name for name, iou in by_class if iou < config.min_agreement]
    if epoch < config.warmup_epochs or not config.feedback_weight or not doubted:
        return None
    return (
        f"the network is not asked of {', '.join(doubted)}: its IoU with the masks was below "
        f"{config.min_agreement:g} in the epoch before"
    )


def alarm(report: MaskUpdateReport, first_fill: float) -> str | None:
    """What is wrong with a labelling that the network's feedback gave; None where nothing is.

    Args:
        report: of the mask update.
        first_fill: `chosen_fill` of the run's first mask update, which did not ask the network.
    """
    if report.chosen_fill < _LEAST_FILL * first_fill:
        return (
            f"the feedback collapses: candidates would cover {report.chosen_fill:.0%} of their "
            f"boxes on average, after {first_fill:.0%} at first"
        )
    return None
