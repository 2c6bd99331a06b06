"""Runs recipes into one folder: their data, their steps, and the table at the end."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.folder_lock import folder_lock
from boxsup_tf.recipes import needs
from boxsup_tf.recipes.miniature import in_miniature, make_data
from boxsup_tf.recipes.recipe import Recipe, chosen_names, load_recipe
from boxsup_tf.recipes.results import Result, results_of, write_results
from boxsup_tf.recipes.run_steps import Steps
from boxsup_tf.recipes.step import ROWS, Step


def reproduce(
    patterns: Sequence[str],
    data_root: str,
    output_root: str,
    check: Callable[[Step], object],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Runs recipes; what is done in the folder already is not done again.

    Args:
        patterns: see `chosen_names`.
        data_root: the published data, see `needs`; empty: it is made in small, and every step has
            the flags of `rows/miniature` in place of its own.
        output_root: for everything, on the local disk; made if need be.
        check: raises an InputError where a step's flags are not those of its command.

    Returns:
        The rows of results.json, and why recipes failed, a line each.

    Raises:
        InputError: before anything is made: a recipe is unknown or not well formed, or data is
            missing or wrong, all of it in one message; or another process works in `output_root`.
    """
    if files.is_remote(output_root) or files.is_remote(data_root):
        raise InputError(
            f"--output_root={output_root} --data_root={data_root}: expected folders of this machine"
        )
    recipes = [load_recipe(name) for name in chosen_names(patterns)]
    root = files.absolute(output_root)
    if data_root:
        _check_data(data_root, recipes)
    else:
        recipes = [in_miniature(recipe) for recipe in recipes]
        if os.path.islink(os.path.join(root, "data")):  # never write into published data
            raise InputError(
                f"{output_root}: its data is published data: expected another --output_root with "
                "--miniature"
            )
    for step in {step.name: step for recipe in recipes for step in recipe.steps}.values():
        check(step)
    files.make_folders(root)
    with folder_lock(root, "--output_root"):
        _link(ROWS, os.path.join(root, "recipes"))
        if data_root:
            _link(files.absolute(data_root), os.path.join(root, "data"))
        else:
            make_data(os.path.join(root, "data"))
        return _run(recipes, root)


def _check_data(data_root: str, recipes: Sequence[Recipe]) -> None:
    wanted = dict.fromkeys(need for recipe in recipes for need in recipe.data)
    found = needs.problems(data_root, wanted)
    if found:
        raise InputError("\nerror: ".join(found))


def _link(target: str, link: str) -> None:
    """Makes a link, or checks the one that is there; that to the recipes may change."""
    if os.path.islink(link):
        there = os.readlink(link)
        if there == target:
            return
        if target != ROWS:
            raise InputError(
                f"{link}: leads to {there}: expected {target}; choose another --output_root"
            )
        files.remove(link)
    elif files.exists(link):
        raise InputError(
            f"{link}: is no link: expected one to {target}; choose another --output_root"
        )
    os.symlink(target, link)


def _run(recipes: Sequence[Recipe], root: str) -> tuple[list[dict[str, Any]], list[str]]:
    steps, results, failures = Steps(root), list[Result](), []
    for number, recipe in enumerate(recipes, 1):
        print(f"[{number}/{len(recipes)}] {recipe.name}: {recipe.title}", flush=True)
        reason = ""
        try:
            steps.run(recipe.steps)
            lines = results_of(root, recipe, steps.seconds_of(recipe.steps))
        except InputError as error:
            reason = str(error)
            failures.append(f"{recipe.name}: {reason}")
            lines = results_of(root, recipe, steps.seconds_of(recipe.steps), reason)
        results += lines
    return write_results(root, results), failures
