"""A comparison of evaluations as a table for people, in Markdown."""

from collections.abc import Iterable, Iterator
from typing import Any

from boxsup_tf.metrics.metric_names import TITLES, percent


def format_table(comparison: dict[str, Any]) -> str:
    """The table; scores are x 100, and differences are those with the first evaluation.

    Args:
        comparison: see `compare.compare`.
    """
    first, *others = comparison["evaluations"]
    lines = [*_rows(first, others), "", *(line for other in others for line in _changes(other))]
    return "\n".join(lines) + "\n"


def _rows(first: dict[str, Any], others: list[dict[str, Any]]) -> Iterator[str]:
    yield _row("", first["name"], [other["name"] for other in others])
    yield _row("---", "---:", ["---:" for _ in others])
    for metric, title in TITLES.items():
        values = [percent(other["metrics"][metric]) for other in others]
        yield _row(title, percent(first["metrics"][metric]), values)
    yield _row("difference of mean IoU", "", [_signed(other["difference"]) for other in others])
    intervals = [" to ".join(map(_signed, other["interval"])) for other in others]
    yield _row("its 95 % interval over images", "", intervals)
    for name, iou in first["metrics"]["per_class_iou"].items():
        values = [
            f"{percent(other['metrics']['per_class_iou'][name])} "
            f"({_signed(other['per_class_difference'][name])})"
            for other in others
        ]
        yield _row(f"IoU of {name}", percent(iou), values)


def _changes(other: dict[str, Any]) -> Iterator[str]:
    for kind in ("gained", "lost"):
        images = [f"{image['id']} ({_signed(image['difference'])})" for image in other[kind]]
        yield f"- {other['name']}: images that {kind} most: {', '.join(images) or 'none'}"


def _row(name: str, first: str, others: Iterable[str]) -> str:
    return "| " + " | ".join([name, first, *others]) + " |"


def _signed(value: float | None) -> str:
    return percent(value, sign="+")
