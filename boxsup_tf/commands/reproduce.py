r"""Runs recipes: every row of the paper's tables, with its figure beside ours.

    boxsup reproduce --recipe=table1/box --data_root=published --output_root=reproduced
    boxsup reproduce --recipe=table1/*,figure4 --data_root=published --output_root=reproduced
    boxsup reproduce --recipe=all --miniature --output_root=miniature

docs/recipes.md lists the recipes, and what lies where in DATA_ROOT. Recipes share their steps; a
step that is done is not done again, and an interrupted run goes on where it stopped when the same
command is given again. OUTPUT_ROOT/steps has every step's flags and what it printed,
OUTPUT_ROOT/results.json the table.
"""

import dataclasses
import importlib
import os

from boxsup_tf.commands import command_line
from boxsup_tf.commands.next_step import beside, say_next
from boxsup_tf.errors import InputError
from boxsup_tf.recipes.reproduce import reproduce
from boxsup_tf.recipes.results import RESULTS_FILE, format_table
from boxsup_tf.recipes.step import Step


@dataclasses.dataclass(frozen=True)
class Options:
    """What is run, on what data, and where.

    Attributes:
        recipe: Names of recipes, patterns such as table1/*, or all: the paper's, with ours beside
          them.
        output_root: Folder for everything that is made.
        data_root: Folder of the published data.
        miniature: Make all of the published data in small, and train for a few steps: to see that
          the recipes work. Their scores mean nothing.
    """

    recipe: tuple[str, ...]
    output_root: str
    data_root: str = ""
    miniature: bool = False

    def __post_init__(self) -> None:
        if bool(self.data_root) == self.miniature:
            raise InputError("expected one of --data_root and --miniature")


def run(options: Options) -> None:
    rows, failures = reproduce(options.recipe, options.data_root, options.output_root, check_step)
    print(format_table(rows))
    if failures:
        raise InputError("\nerror: ".join(failures))
    if options.miniature:
        root = beside(options.output_root, "published")
        recipe = ",".join(options.recipe)
        say_next("reproduce", recipe=recipe, data_root="PUBLISHED", output_root=root)
    else:
        print(f"next: open {os.path.join(options.output_root, RESULTS_FILE)}, the table as JSON")


def check_step(step: Step) -> None:
    """Makes sure that a step's flags are its command's.

    Raises:
        InputError: naming the step and the flag.
    """
    command = importlib.import_module(f"boxsup_tf.commands.{step.command}")
    try:
        parsed = command_line.parse(command_line.classes_of(command.run), step.arguments)
        if hasattr(command, "check_options"):
            command.check_options(*parsed)
    except InputError as error:
        raise InputError(f"{step.name}: {error}") from None
