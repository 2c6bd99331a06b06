"""The wheel, installed alone in a fresh environment: the whole road by the command `boxsup`."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest

from boxsup_tf.data.shapes import ShapesReader

_ROOT = pathlib.Path(__file__).parents[2]
_BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")
_TINY = "--init=random --width_multiplier=0.05 --epochs=1 --batch_size=2 --crop_size=65"

# The ranker's weights and the report's style sheet are files of the package.
_COMMANDS = (
    "generate_proposals --input_dir=records --output_dir=pools --method=scg --edges=gradient "
    "--num_workers=1",
    f"train --train_data=pools:box --model_dir=run --num_pictures=0 {_TINY}",
    "evaluate --model_dir=run --data=records --output_dir=evaluation",
    "export --model_dir=run --output_dir=exported",
    "predict --saved_model=exported --images=photo.jpg --output_dir=predictions",
    "report --evaluation=evaluation --data=records --output=report.html",
)
_IN_ONE_PROCESS = """
import sys
from boxsup_tf.commands import cli

commands = sys.argv[1:]
for command in commands:
    sys.argv = ["boxsup", *command.split()]
    cli.main()
"""


def _run(folder: pathlib.Path, *command: str) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> pathlib.Path:
    """The folder of programs of an environment that has the wheel, and all else from this one's."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # so that nothing of an earlier build gets into the wheel
    shutil.copytree(_ROOT / "boxsup_tf", source / "boxsup_tf")
    for name in _BUILT_FROM:
        shutil.copy(_ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet"]
    offline = ["--no-index", "--no-deps"]
    _run(folder, *pip, "wheel", *offline, "--no-build-isolation", f"--wheel-dir={folder}", source)
    (wheel,) = folder.glob("*.whl")
    _run(folder, sys.executable, "-m", "venv", "--without-pip", "fresh")
    (packages,) = (folder / "fresh").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "fresh" / "bin" / "python"
    _run(folder, *pip, f"--python={python}", "install", *offline, wheel)
    shutil.rmtree(source)
    return python.parent


def test_the_recipes_are_in_it(programs, tmp_path):
    code = "from boxsup_tf.recipes.recipe import load_recipe, recipe_names as names; "
    code += "print(len([load_recipe(name) for name in names()]))"
    count = int(_run(tmp_path, programs / "python", "-c", code))
    assert count == len(list((_ROOT / "boxsup_tf/recipes/rows").rglob("recipe.toml"))) > 50


@pytest.fixture(scope="module")
def records(programs, tmp_path_factory) -> pathlib.Path:
    """A folder with what the installed command has written first."""
    folder = tmp_path_factory.mktemp("road")
    prepare = "prepare_data --dataset=shapes --num_images=4 --image_size=64 --output_dir=records"
    _run(folder, programs / "boxsup", *prepare.split())
    return folder


def test_the_command_is_that_of_the_wheel(programs, records):
    code = "import boxsup_tf; print(boxsup_tf.__file__)"
    where = _run(records, programs / "python", "-c", code)
    assert pathlib.Path(where).is_relative_to(programs.parent)
    assert json.loads((records / "records" / "dataset.json").read_text())["num_images"] == 4


def test_the_whole_road(programs, records):
    (records / "photo.jpg").write_bytes(ShapesReader(1, seed=5, image_size=64)[0].encoded)
    _run(records, programs / "python", "-c", _IN_ONE_PROCESS, *_COMMANDS)
    metrics = json.loads((records / "evaluation" / "metrics.json").read_text())
    assert metrics["num_images"] == 4 and 0 <= metrics["mean_iou"] <= 1
    assert (records / "predictions" / "masks" / "photo.png").exists()
    report = (records / "report.html").read_text(encoding="utf-8")
    style = _ROOT / "boxsup_tf" / "evaluation" / "report" / "report.css"
    assert style.read_text(encoding="utf-8").strip() in report
