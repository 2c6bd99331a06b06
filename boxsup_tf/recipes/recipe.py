"""A recipe: the steps that make one row of a table, and where its score is found."""

import dataclasses
import difflib
import fnmatch
import os
import sys
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.recipes.step import ROWS, Step, is_within, load_step

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPE_FILE = "recipe.toml"
# What `all` stands for: the paper's. The others have data of their own.
_ALL = ("table*/*", "figure*")


@dataclasses.dataclass(frozen=True)
class Score:
    """A figure of a row.

    Attributes:
        metric: what it is, for people.
        file: that a step writes.
        key: of the value in it, 0 .. 1, where it is JSON; empty: the file itself is what is shown.
        paper: the paper's, in percent; None: none, or it could not be had.
        source: where the paper's figure was read; empty: it was not verified.
        expected: this project's own, in percent, where it was run.
    """

    metric: str
    file: str
    key: str = ""
    paper: float | None = None
    source: str = ""
    expected: float | None = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A row of a table.

    Attributes:
        name: its folder below `rows`.
        title: what is trained and on what.
        table: of the paper.
        row: of the table.
        steps: in the order in which they run.
        scores: what the row shows.
        data: names of what it reads of the published data (`needs.py`).
        hardware: that the hours are for.
        hours: of all steps that the row does not share with the data's.
        hours_basis: how they are known.
        readings: choices where the paper is silent or can be read in two ways.
    """

    name: str
    title: str
    table: str
    row: str
    steps: tuple[Step, ...]
    scores: tuple[Score, ...]
    data: tuple[str, ...]
    hardware: str
    hours: float
    hours_basis: str
    readings: tuple[str, ...]


def recipe_names() -> list[str]:
    """The folders of all recipes, relative to `rows`, sorted."""
    found = [path for path in files.below(ROWS) if os.path.basename(path) == RECIPE_FILE]
    return sorted(os.path.relpath(os.path.dirname(path), ROWS) for path in found)


def chosen_names(patterns: Sequence[str]) -> list[str]:
    """The recipes that patterns choose, each once.

    Args:
        patterns: names with wildcards (`table1/*`), or `all` for those of the paper.

    Raises:
        InputError: a pattern chooses none.
    """
    names, chosen = recipe_names(), []
    for pattern in patterns:
        wanted = _ALL if pattern == "all" else (pattern,)
        found = [name for name in names if any(fnmatch.fnmatch(name, each) for each in wanted)]
        if not found:
            near = difflib.get_close_matches(pattern, names, 1) or ["all"]
            raise InputError(f"--recipe={pattern}: no such recipe: expected {near[0]}, say")
        chosen += found
    return list(dict.fromkeys(chosen))


def load_recipe(name: str) -> Recipe:
    """Reads a recipe with its steps.

    Raises:
        InputError: a file is missing or not of its form, or a step reads what no earlier one
            makes.
    """
    path = os.path.join(ROWS, name, RECIPE_FILE)
    try:
        values: dict[str, Any] = tomllib.loads(files.read_text(path))
        scores = tuple(Score(**score) for score in values.pop("score", []))
        steps = tuple(load_step(_full_name(name, step)) for step in values.pop("steps"))
        texts = {key: tuple(values.pop(key, ())) for key in ("data", "readings")}
        recipe = Recipe(**values | texts | {"name": name, "steps": steps, "scores": scores})
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a recipe: {type(error).__name__}: {error}") from None
    _check_order(path, recipe)
    return recipe


def _full_name(recipe: str, step: str) -> str:
    """A step without a folder lies in the recipe's own."""
    return step if "/" in step else f"{recipe}/{step}"


def _check_order(path: str, recipe: Recipe) -> None:
    made = ["data", "recipes"]
    for step in recipe.steps:
        for read in step.reads:
            if not any(is_within(read, folder) for folder in made):
                raise InputError(
                    f"{path}: {step.name} reads {read}: expected an earlier step that makes it"
                )
        made.append(step.writes)
    for score in recipe.scores:
        if not any(is_within(score.file, folder) for folder in made):
            raise InputError(f"{path}: {score.file}: expected a step that makes it")
