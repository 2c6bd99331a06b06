"""recipes.run_steps: real commands, each done once."""

import json
import pathlib
import shutil

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.recipes.run_steps import Steps
from boxsup_tf.recipes.step import Step
from tests.recipes.steps import in_process


def _prepare(name: str, num_images: int) -> Step:
    flags = (("dataset", "shapes"), ("num_images", str(num_images)), ("image_size", "64"))
    return Step(f"x/{name}.prepare_data", "", (*flags, ("output_dir", f"records/{name}")))


def _pools(source: str) -> Step:
    flags = (("input_dir", f"records/{source}"), ("method", "rectangle"), ("num_workers", "1"))
    return Step(f"x/{source}_r.generate_proposals", "", (*flags, ("output_dir", "records/pools")))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[pathlib.Path, Steps]:
    """A folder in which two steps are done, the first as a command, and what did them."""
    steps = Steps(str(tmp_path_factory.mktemp("steps")))
    steps.run([_prepare("a", 2)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Steps, "_call", in_process)
        steps.run([_prepare("a", 2), _pools("a")])
    return pathlib.Path(steps.root), steps


@pytest.fixture
def root(made, tmp_path) -> str:
    """A copy of the folder."""
    shutil.copytree(made[0], tmp_path / "root")
    return str(tmp_path / "root")


def test_steps_are_commands(made):
    folder, steps = made
    data = _prepare("a", 2)
    assert steps.done.keys() == {data.name, _pools("a").name}
    assert json.loads((folder / "records/pools/dataset.json").read_text())["num_images"] == 2
    record = json.loads((folder / "steps" / f"{data.name}.json").read_text())
    assert record["command"][:3] == ["boxsup", "prepare_data", "--dataset=shapes"]
    assert (folder / "steps" / f"{data.name}.flags").read_text().split() == data.arguments


def test_what_is_done_is_not_done_again(made, root, capsys):
    first, again = made[1], Steps(root)
    again.run([_prepare("a", 2), _pools("a")])
    assert again.done == first.done
    total = [steps.seconds_of([_prepare("a", 2), _pools("a")]) for steps in (first, again)]
    assert total[0] == pytest.approx(total[1], abs=0.2)
    assert capsys.readouterr().out.count("done before") == 2


def test_changed_flags_are_said_and_the_command_refuses_its_folder(root, capsys):
    steps = Steps(root)
    with pytest.raises(InputError) as error:
        steps.run([_prepare("a", 3), _pools("a")])
    assert "exit status 1: error: records/a: holds" in str(error.value)
    assert "its flags, or what it reads, changed" in capsys.readouterr().out
    with pytest.raises(InputError, match="exit status 1"):  # not tried again in the same call
        steps.run([_prepare("a", 3)])
    assert not steps.done and not capsys.readouterr().out


def test_what_was_deleted_is_made_again(root, capsys, monkeypatch):
    monkeypatch.setattr(Steps, "_call", in_process)
    shutil.rmtree(pathlib.Path(root) / "records/a")
    Steps(root).run([_prepare("a", 2)])
    assert "records/a is gone" in capsys.readouterr().out
    assert (pathlib.Path(root) / "records/a/dataset.json").exists()


def test_a_step_depends_on_those_that_make_what_it_reads():
    def digest(num_images: int, others: int) -> str:
        steps = Steps("")
        made = {}
        for step in (_prepare("a", num_images), _prepare("b", others)):
            steps.done[step.name] = steps._digest(step, {})
            made[step.writes] = step
        return steps._digest(_pools("a"), made)

    assert digest(2, 5) == digest(2, 6) != digest(3, 5)


def test_what_failed_says_where_to_look(tmp_path):
    step = Step("x/bad.prepare_date", "", (("dataset", "voc"), ("output_dir", "records/x")))
    with pytest.raises(InputError) as error:
        Steps(str(tmp_path)).run([step])
    log = pathlib.Path(tmp_path / "steps/x/bad.prepare_date.log")
    assert str(log) in str(error.value) and "no such command" in str(error.value)
    assert "no such command" in log.read_text()
    assert not (tmp_path / "steps/x/bad.prepare_date.json").exists()
