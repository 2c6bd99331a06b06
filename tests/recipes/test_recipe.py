"""recipes.recipe and the rows themselves: every plan can be run, in large and in small."""

import collections
import pathlib
import re

import pytest

from boxsup_tf.commands.reproduce import check_step
from boxsup_tf.errors import InputError
from boxsup_tf.recipes import needs
from boxsup_tf.recipes import recipe as recipe_module
from boxsup_tf.recipes import step as step_module
from boxsup_tf.recipes.miniature import in_miniature
from boxsup_tf.recipes.recipe import chosen_names, load_recipe, recipe_names
from boxsup_tf.recipes.step import ROWS
from tests.conftest import REPOSITORY

_NAMES = recipe_names()
_OF_THE_PAPER = chosen_names(["all"])


def test_all_rows_are_there():
    count = collections.Counter(name.partition("/")[0] for name in _OF_THE_PAPER)
    tables = {"table1": 10, "table2": 10, "table3": 6, "table4": 10, "table5": 6}
    assert count == tables | {f"figure{number}": 1 for number in (3, 4, 5, 6)}
    others = ("table5/fcn8s", "table5/cfm")
    for name in _OF_THE_PAPER:  # ours stands beside each, but for others' methods
        if name.startswith("table") and not name.endswith("_ours") and name not in others:
            assert f"{name}_ours" in _NAMES


@pytest.mark.parametrize("name", _NAMES)
def test_every_flag_is_its_commands(name):
    recipe = load_recipe(name)
    plans = [recipe, in_miniature(recipe)] if name in _OF_THE_PAPER else [recipe]
    for plan in plans:
        for step in plan.steps:
            check_step(step)
    assert {*recipe.data} <= {*needs.NEEDS}


@pytest.mark.parametrize("name", _NAMES)
def test_every_step_reads_what_an_earlier_one_makes_or_data(name):
    """Counted here from the texts, for `load_recipe` checks it in its own way."""
    made: list[str] = []
    for step in load_recipe(name).steps:
        text = (pathlib.Path(ROWS) / f"{step.name}.flags").read_text()
        (written,) = re.findall(r"^--(?:output_dir|model_dir|output)=(\S+)$", text, re.MULTILINE)[
            -1:
        ]
        paths = set(re.findall(r"(?:records|runs)/[\w./]+", text)) - {written}
        paths -= {path for path in paths if path.endswith("/features")}  # a cache that it makes
        for path in paths:
            assert any(f"{path}/".startswith(f"{folder}/") for folder in made), (step.name, path)
        made.append(written)


def test_steps_write_where_no_other_does():
    writes = collections.defaultdict(set)
    for name in _NAMES:
        for step in load_recipe(name).steps:
            writes[step.writes].add(step.name)
    assert all(len(names) == 1 for names in writes.values())


def test_every_file_of_flags_is_used():
    steps = {step.name for name in _NAMES for step in load_recipe(name).steps}
    found = {
        str(path.relative_to(ROWS).with_suffix(""))
        for path in pathlib.Path(ROWS).rglob("*.flags")
        if path.parent.name != "miniature"
    }
    assert found == steps


def test_no_validation_image_chooses_what_the_paper_did_not():
    """Rows of the paper validate nothing in training; only the CRF looks at validation images."""
    for name in _OF_THE_PAPER:
        for step in load_recipe(name).steps:
            assert step.command != "train" or "val_data" not in dict(step.flags)


def test_figures_of_the_paper_are_marked_where_they_were_not_read():
    for name in _OF_THE_PAPER:
        for score in load_recipe(name).scores:
            assert score.paper is not None or not score.source
    sources = {load_recipe(f"table1/{row}").scores[0].source for row in ("mask", "box")}
    assert sources == {"abstract of arXiv 1503.01640"}


def test_the_documentation_lists_every_recipe():
    text = (REPOSITORY / "docs" / "recipes.md").read_text(encoding="utf-8")
    for name in _NAMES:
        recipe = load_recipe(name)
        paper, ours = "", ""
        for score in recipe.scores:
            if score.paper is not None:
                paper = f"{score.paper:g}{'' if score.source else ' ?'}"
            ours = ours or (f"{score.expected:g}" if score.expected else "")
        hours = f"{recipe.hours:g}" if recipe.hours else "shared"
        cells = (f"`{name}`", recipe.row, recipe.title, paper, ours, hours)
        assert f"| {' | '.join(cells)} |" in text.splitlines(), cells


def test_names_are_chosen_by_pattern():
    assert chosen_names(["table1/box", "table1/bo*"]) == ["table1/box", "table1/box_ours"]
    assert len(_OF_THE_PAPER) == len({*_OF_THE_PAPER}) and not any(
        name.startswith("small/") for name in _OF_THE_PAPER
    )
    with pytest.raises(
        InputError, match="--recipe=table1/boxes: no such recipe: expected table1/box"
    ):
        chosen_names(["table1/boxes"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = 3", "expected a recipe"),
        ('title = "a"', "expected a recipe"),
        ("= 3", "expected a recipe"),
        ('{base}steps = ["b.train"]', "x/b.train reads records/a: expected an earlier step"),
        (
            '{base}steps = []\n[[score]]\nmetric = "m"\nfile = "runs/x/m.json"',
            "runs/x/m.json: expected a step that makes it",
        ),
        ("{base}steps = []\nhour = 3", "hour"),
    ],
)
def test_a_recipe_that_cannot_be_run_is_refused(tmp_path, monkeypatch, text, message):
    for module in (step_module, recipe_module):
        monkeypatch.setattr(module, "ROWS", str(tmp_path))
    base = "".join(f'{key} = "a"\n' for key in ("title", "table", "row", "hardware", "hours_basis"))
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "recipe.toml").write_text(text.replace("{base}", f"{base}hours = 1\n"))
    (folder / "b.train.flags").write_text("# b\n--train_data=records/a:box\n--model_dir=runs/b\n")
    assert recipe_names() == ["x"]
    with pytest.raises(InputError) as error:
        load_recipe("x")
    assert str(folder / "recipe.toml") in str(error.value) and message in str(error.value)
