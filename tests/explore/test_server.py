"""explore.server: the program, from its flags to Ctrl-C."""

import re
import signal

import pytest
import urllib3

pytest.importorskip("uvicorn", reason="the page needs the package uvicorn")
from boxsup_tf.errors import InputError
from boxsup_tf.explore.server import ExploreOptions, make_explorer
from tests.forked import Forked
from tests.scripts.small_run import write_run
from tests.training.folders import CLASS_NAMES, blocks, make_example, write


def test_the_program_says_where_it_is_and_ends_by_ctrl_c(world):
    flags = (f"--data={world.plain}", "--http_port=0", "--method=scg", "--edges=gradient")
    process = Forked(["scripts/explore.py", *flags])
    try:
        *_, network, method, address = process.read_until("Ctrl-C ends it\n").splitlines()
        assert network == "No network: candidates are ranked by E_o alone."
        assert method == "Images without a pool get one by scg."
        found = re.fullmatch(
            r"open (http://127\.0\.0\.1:\d+) in a browser; Ctrl-C ends it", address
        )
        assert found, address
        assert urllib3.request("GET", f"{found[1]}/api/setup").json()["method"] == "scg"
        process.send(signal.SIGINT)
        assert (process.communicate(), process.returncode) == ("stopped\n", 0)
    finally:
        process.kill()


def test_a_network_of_other_classes_is_refused(world, tmp_path):
    names = ("background", "cat", "cow", "emu")
    other = write(tmp_path / "other", [make_example("a", 1)], blocks, 1, names)
    with pytest.raises(InputError, match="label 2 is 'dog': expected 'cow' as in"):
        make_explorer(ExploreOptions(other, world.run), None)


def test_a_run_whose_data_is_gone_has_a_network_and_no_masks(world, tmp_path):
    write_run(tmp_path / "run", CLASS_NAMES)
    explorer, notices = make_explorer(ExploreOptions(world.data, str(tmp_path / "run")), None)
    assert [notice.startswith(f"no pseudo-masks of {tmp_path}/run: ") for notice in notices] == [
        True
    ]
    assert explorer.describe("0")["epochs"] == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"data": "nowhere"}, "nowhere/dataset.json: not found"),
        ({"model_dir": "nowhere"}, "nowhere/config.json: expected a run of train.py"),
        ({"saved_model": "nowhere"}, "nowhere: no SavedModel"),
    ],
)
def test_what_is_missing_is_named(world, flags, said):
    with pytest.raises(InputError, match=said):
        make_explorer(ExploreOptions(**{"data": world.data} | flags), None)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"model_dir": "a", "saved_model": "b"}, "at most one of --model_dir and --saved_model"),
        ({"method": "scgg"}, "--method=scgg: expected one of"),
        ({"http_port": 70000}, "--http_port=70000: expected"),
        ({"max_upload_mb": 0}, "--max_upload_mb=0: expected"),
    ],
)
def test_bad_flags_are_refused(flags, said):
    with pytest.raises(InputError, match=said):
        ExploreOptions("data", **flags)
