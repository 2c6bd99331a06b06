"""recipes.step: files of flags, what a step reads and writes, and flags in place of its own."""

import pathlib

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.recipes import step as step_module
from boxsup_tf.recipes.step import Step, is_within, load_step


@pytest.fixture
def rows(tmp_path, monkeypatch) -> pathlib.Path:
    monkeypatch.setattr(step_module, "ROWS", str(tmp_path))
    return tmp_path


def _write(rows: pathlib.Path, name: str, text: str) -> None:
    path = rows / f"{name}.flags"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_is_a_step(rows):
    _write(
        rows,
        "t/a.train",
        "# Of boxes\n# and masks.\n\n--train_data=records/a:box,r/b:mask\n"
        "--init=runs/old\n--model_dir=runs/t/a\n# other\n--val_data=data/v\n",
    )
    step = load_step("t/a.train")
    assert (step.command, step.description) == ("train", "Of boxes\nand masks.")
    assert step.reads == ["records/a", "r/b", "data/v", "runs/old"]
    assert step.writes == "runs/t/a"
    assert step.arguments[0] == "--train_data=records/a:box,r/b:mask"


def test_names_are_no_paths():
    step = Step(
        "a/train", "", (("train_data", "x/y:box"), ("init", "imagenet"), ("model_dir", "m"))
    )
    assert step.reads == ["x/y"]
    step = Step("a/evaluate", "", (("crf_parameters", "deeplab_voc"), ("output_dir", "o")))
    assert step.reads == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a/train", "--model_dir=m\n", "expected a comment"),
        ("a/train", "# x\n--model_dir\n", "line 2: '--model_dir': expected --NAME=VALUE"),
        ("a/train", "# x\nmodel_dir=m\n", "line 2"),
        ("a/train", "# x\n--model_dir=m\n--model_dir=n\n", "line 3: --model_dir is there twice"),
        ("a/train", "# x\n--epochs=3\n", "expected --model_dir"),
        ("a/serve", "# x\n--output_dir=m\n", "expected NAME.COMMAND.flags"),
    ],
)
def test_other_files_are_refused(rows, name, text, message):
    _write(rows, name, text)
    with pytest.raises(InputError) as error:
        load_step(name)
    assert str(rows / f"{name}.flags") in str(error.value) and message in str(error.value)


def test_a_file_that_is_missing_is_named(rows):
    with pytest.raises(InputError, match="nothing/train.flags: expected a file of flags"):
        load_step("nothing/train")


def test_other_flags_take_the_place_of_its_own_but_for_what_steps_make():
    flags = (("train_data", "records/a:box"), ("init", "runs/old"), ("epochs", "45"))
    step = Step("a/train", "", (*flags, ("model_dir", "runs/a")))
    smaller = dict(step.but((("epochs", "2"), ("init", "random"), ("k", "1"))).flags)
    assert smaller == {
        **{"train_data": "records/a:box", "init": "runs/old", "epochs": "2"},
        **{"model_dir": "runs/a", "k": "1"},
    }
    for own in ("imagenet", "data/vgg16.h5"):  # what no step makes
        step = Step("a/train", "", (("init", own), ("model_dir", "runs/a")))
        assert dict(step.but((("init", "random"),)).flags)["init"] == "random"


def test_within():
    assert is_within("runs/a", "runs/a") and is_within("runs/a/best", "runs/a")
    assert not is_within("runs/ab", "runs/a") and not is_within("runs", "runs/a")
