"""The metrics that an evaluation says first: their names, and how people read them."""

METRICS_FILE = "metrics.json"

# Titles by the names in metrics.json (`confusion.ConfusionMatrix.summary`).
TITLES = {
    "mean_iou": "mean IoU",
    "pixel_accuracy": "pixel accuracy",
    "mean_accuracy": "mean accuracy",
    "frequency_weighted_iou": "frequency weighted IoU",
}


def percent(value: float | None, digits: int = 2, sign: str = "") -> str:
    """A share as a percentage without its unit; "-" where there is none.

    Args:
        value: 0 .. 1, or a difference of two such.
        digits: after the point.
        sign: "+": also before a positive figure.
    """
    return "-" if value is None else f"{100 * value:{sign}.{digits}f}"
