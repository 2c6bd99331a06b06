"""docs/tutorial: the notebook and the text it is made from are the same, and every cell runs."""

import runpy
import sys

import jupytext
import nbformat
import pytest

from tests.conftest import REPOSITORY

_DOCS = REPOSITORY / "docs"


@pytest.fixture(scope="module")
def saved() -> nbformat.NotebookNode:
    return nbformat.read(_DOCS / "tutorial.ipynb", as_version=4)


def _outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def _num_pictures(notebook: nbformat.NotebookNode) -> int:
    return sum("image/jpeg" in output.get("data", {}) for output in _outputs(notebook))


def _num_shown(notebook: nbformat.NotebookNode) -> int:
    """Cells that end by showing a picture."""
    last_lines = [cell.source.splitlines()[-1] for cell in notebook.cells]
    return sum(line.startswith(("finish(", "plt.show(")) for line in last_lines)


def test_both_files_hold_the_same_cells(saved):
    text = jupytext.read(_DOCS / "tutorial.py")
    cells, expected = (
        [(cell.cell_type, cell.source) for cell in notebook.cells] for notebook in (saved, text)
    )
    assert cells == expected, "run python docs/make_tutorial.py"


def test_the_saved_notebook_has_its_pictures_and_is_small(saved):
    assert _num_pictures(saved) == _num_shown(saved) >= 7
    assert all(output.get("name") != "stderr" for output in _outputs(saved))
    assert (_DOCS / "tutorial.ipynb").stat().st_size < 2**20


def test_every_cell_runs_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_tutorial.py", "made.ipynb", "--quick"])
    for name in ("PYTHONPATH", "TQDM_DISABLE"):  # it sets them
        monkeypatch.setenv(name, "")
    runpy.run_path(str(_DOCS / "make_tutorial.py"), run_name="__main__")
    notebook = nbformat.read(tmp_path / "made.ipynb", as_version=4)
    assert _num_pictures(notebook) == _num_shown(notebook)
    printed = "".join(o.text for o in _outputs(notebook) if o.output_type == "stream")
    assert "24 images with candidates, 0 left out" in printed
    assert "100.0% of the pixels labelled as before" in printed
