"""When the network's belief is asked for masks, and when its answer is refused.

The paper (Sec. 3.3) feeds the belief back from the first epoch, with a network that starts from
ImageNet's weights and many epochs to come. An immature network, though, is sure of background
before it is sure of anything else: by E_r it then prefers tiny candidates, learns from them and
is surer still. So until it is trusted a preference for large candidates stands in for its
belief, and a labelling that collapses is refused.
"""

from typing import NamedTuple

from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.mask_update import MaskUpdateReport

# A labelling has collapsed when it covers less than this share of what the first one covered.
_LEAST_FILL = 0.6


class Weights(NamedTuple):
    """Of the costs beside E_o: lambda, and that of the preference for large candidates."""

    feedback: float
    prior: float


def weights_at(config: TrainConfig, epoch: int) -> Weights:
    """The weights in the mask update before an epoch."""
    trust = (epoch - config.warmup_epochs + 1) / (config.ramp_epochs + 1)
    trust = min(max(trust, 0.0), 1.0)
    return Weights(trust * config.feedback_weight, (1 - trust) * config.prior_weight)


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
