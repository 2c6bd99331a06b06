"""The figures of recipes beside the paper's: results.json, and a table."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import number, parse_json, read_json, write_json
from boxsup_tf.recipes.recipe import Recipe, Score

RESULTS_FILE = "results.json"
_COLUMNS = ("row", "metric", "value", "paper", "seconds")


@dataclasses.dataclass(frozen=True)
class Result:
    """A line of the table.

    Attributes:
        recipe, row, metric: what it is of.
        value: in percent, or the path of a file; None where the recipe failed.
        paper: in percent; None where there is none.
        verified: whether the paper's figure was read in a source.
        seconds: of all steps of the recipe, with those that it shares.
        failed: why; empty where it did not.
    """

    recipe: str
    row: str
    metric: str
    value: float | str | None
    paper: float | None
    verified: bool
    seconds: float
    failed: str = ""


def results_of(root: str, recipe: Recipe, seconds: float, failed: str = "") -> list[Result]:
    """The lines of a recipe, one a score.

    Args:
        root: the output root.
        recipe: whose steps are done, unless it failed.
        seconds: of its steps.
        failed: why.

    Raises:
        InputError: a file that a step was to write is missing or damaged.
    """
    return [
        Result(
            recipe.name,
            f"{recipe.table}: {recipe.row}",
            score.metric,
            None if failed else _read(root, score),
            score.paper,
            bool(score.source),
            round(seconds, 1),
            failed,
        )
        for score in recipe.scores
    ]


def _read(root: str, score: Score) -> float | str | None:
    """The score in percent; None where nothing could be scored."""
    path = os.path.join(root, score.file)
    if not score.key:
        if not files.exists(path):
            raise InputError(f"{path}: not found: expected a step to have made it")
        return score.file
    value = parse_json(path, "a file that evaluate wrote", lambda found: number(found[score.key]))
    return None if value is None else round(100 * value, 2)


def write_results(root: str, results: Sequence[Result]) -> list[dict[str, Any]]:
    """Writes results.json: these, and of other recipes what was there.

    Returns:
        All rows, sorted by recipe.
    """
    path = os.path.join(root, RESULTS_FILE)
    new = {result.recipe for result in results}
    rows = read_json(path, "a file that reproduce wrote")["rows"] if files.exists(path) else []
    rows = [row for row in rows if row["recipe"] not in new]
    rows += [dataclasses.asdict(result) for result in results]
    rows.sort(key=lambda row: row["recipe"])  # stable: a recipe's rows keep their order
    write_json(path, {"rows": rows})
    return rows


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table in Markdown; a figure of the paper that was not verified has a question mark."""
    cells = [[str(name) for name in _COLUMNS], ["---"] * len(_COLUMNS)]
    for row in rows:
        paper = "" if row["paper"] is None else f"{row['paper']:g}"
        cells.append(
            [
                f"{row['row']} ({row['recipe']})",
                row["metric"],
                "failed" if row["failed"] else _shown(row["value"]),
                paper + ("" if row["verified"] or not paper else " ?"),
                f"{row['seconds']:.0f}",
            ]
        )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells)


def _shown(value: float | str | None) -> str:
    return value if isinstance(value, str) else "-" if value is None else f"{value:.2f}"
