"""recipes.results: scores out of files, beside the paper's."""

import dataclasses
import json

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.recipes.recipe import Recipe, Score
from boxsup_tf.recipes.results import format_table, results_of, write_results

_RECIPE = Recipe(
    *("t/box", "Boxes", "Table 9", "box", ()),
    (
        Score("mean IoU", "m.json", "mean_iou", 62.0, "read"),
        Score("other", "m.json", "other", 50.5),
        Score("picture", "p.png"),
    ),
    *((), "none", 0.0, "none", ()),
)


def test_the_table(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({"mean_iou": 0.61239, "other": None}))
    (tmp_path / "p.png").write_text("")
    results = results_of(str(tmp_path), _RECIPE, 12.34)
    assert [result.value for result in results] == [61.24, None, "p.png"]
    failed = dataclasses.replace(_RECIPE, name="a")
    rows = write_results(str(tmp_path), [*results, *results_of(str(tmp_path), failed, 1.0, "why")])
    assert json.loads((tmp_path / "results.json").read_text())["rows"] == rows
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in format_table(rows).splitlines()
    ]
    assert cells[0] == ["row", "metric", "value", "paper", "seconds"]
    assert [line[2] for line in cells[2:]] == ["failed"] * 3 + ["61.24", "-", "p.png"]
    assert cells[5] == ["Table 9: box (t/box)", "mean IoU", "61.24", "62", "12"]
    assert cells[6][3] == "50.5 ?"
    assert len({len(line) for line in format_table(rows).splitlines()}) == 1

    # Rows of other recipes stay, those of the same are replaced.
    rows = write_results(str(tmp_path), results_of(str(tmp_path), failed, 2.0, "still"))
    assert [row["failed"] for row in rows] == ["still"] * 3 + [""] * 3


def test_a_file_that_no_step_wrote(tmp_path):
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(InputError, match="m.json: expected a file that evaluate wrote"):
        results_of(str(tmp_path), _RECIPE, 1.0)
    (tmp_path / "m.json").write_text('{"mean_iou": 1, "other": 1}')
    with pytest.raises(InputError, match="p.png: not found"):
        results_of(str(tmp_path), _RECIPE, 1.0)
