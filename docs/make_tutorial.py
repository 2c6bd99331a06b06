"""Makes tutorial.ipynb, pictures included, from tutorial.py, the one to edit.

python docs/make_tutorial.py [OUTPUT.ipynb [--quick]]

With --quick, all cells run on fewer images for fewer epochs: enough to see that they run.
"""

import os
import pathlib
import sys
import tempfile

import jupytext
import nbformat
from nbclient import NotebookClient

DOCS = pathlib.Path(__file__).resolve().parent
# Two epochs, of which the second one's masks are chosen by the network, and one in part 2.
# Python's garbage collection, at its usual pace a tenth of the time, comes more rarely.
_QUICKER = {
    "import os\n": "import gc\nimport os\n\ngc.set_threshold(50_000, 20, 100)\n",
    "epochs=10,": "epochs=2,",
    "warmup_epochs=4,": "warmup_epochs=1,",
    "update_every=4,": "update_every=1,",
    "width_multiplier=0.25,": "width_multiplier=0.05,",
    "ShapesReader(120,": "ShapesReader(24,",
    "ShapesReader(60,": "ShapesReader(8,",
    "epochs=3,": "epochs=1,",
}


def main() -> None:
    output = sys.argv[1] if len(sys.argv) > 1 else DOCS / "tutorial.ipynb"
    notebook = jupytext.read(DOCS / "tutorial.py")
    if "--quick" in sys.argv[2:]:
        for usual, quicker in _QUICKER.items():
            (cell,) = (cell for cell in notebook.cells if usual in cell.source)
            cell.source = cell.source.replace(usual, quicker)
    os.environ["PYTHONPATH"] = str(DOCS.parent)
    os.environ["TQDM_DISABLE"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}  # it runs anywhere
        NotebookClient(notebook, record_timing=False, resources=resources).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":  # TensorFlow's log, which names processes and times
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    nbformat.write(notebook, output)


if __name__ == "__main__":
    main()
