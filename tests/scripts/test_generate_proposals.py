"""scripts/generate_proposals.py as a user runs it, with an image that no method can work on."""

import pathlib

from tests.in_process import Completed, run_script
from tests.training.folders import make_example, write

_ROOT = pathlib.Path(__file__).parents[2]


def _run(*arguments: str) -> Completed:
    return run_script("generate_proposals.py", *arguments)


def test_a_bad_image_is_skipped_and_told_of_again(tmp_path):
    examples = [make_example(f"image{i}", i) for i in range(4)]
    examples[2].boxes[0] = [3, 4.6, 9, 5.4]  # between the centres of two columns
    source = write(tmp_path / "in", examples, None)
    out = tmp_path / "out"
    flags = [f"--input_dir={source}", "--method=rectangle", "--num_workers=1"]
    result = _run(*flags, f"--output_dir={out}", "--visualize=2")
    assert result.returncode == 0, result.stderr
    num_boxes = sum(len(examples[i].boxes) for i in (0, 1, 3))
    summary = [
        f"{out}: 3 images, {num_boxes} candidates, {num_boxes / 3:.0f} per image",
        f"{num_boxes} of {num_boxes} boxes have their rectangle as candidate",
        f"picture: {out}/pictures/image0.png",
        f"picture: {out}/pictures/image1.png",
        "skipped 1 of 4 images:",
    ]
    *lines, reason, last = result.stdout.splitlines()
    assert lines == summary
    assert last == f"next: boxsup train --train_data={out}:box --model_dir={out}_run"
    assert reason.startswith("  image2: rectangle failed: box [") and "pixel's centre" in reason
    assert f"skipped {reason.strip()}" in result.stderr  # at once, too
    assert sorted(path.name for path in (out / "pictures").iterdir()) == [
        "image0.png",
        "image1.png",
    ]

    again = _run(*flags, f"--output_dir={out}")
    assert again.returncode == 0
    assert again.stdout.splitlines()[0] == f"{out}: already complete, 3 images: nothing to do"
    assert again.stdout.splitlines()[1:] == [*summary[:2], summary[4], reason, last]

    strict = _run(*flags, f"--output_dir={out}", "--strict")
    assert strict.returncode == 1 and "Traceback" not in strict.stderr
    error = strict.stderr.splitlines()[-1]
    assert error.startswith(f"error: {out}: an earlier run skipped images (1), the first, image2:")


def test_a_union_takes_the_flags_of_its_methods(tmp_path):
    source = write(tmp_path / "in", [make_example("image", 0)], None)
    flags = [f"--input_dir={source}", f"--output_dir={tmp_path / 'out'}", "--num_workers=1"]
    flags += ["--method=union", "--methods=rectangle,grabcut", "--iterations=1"]
    assert _run(*flags).returncode == 0
    unknown = _run(*flags, "--sigma=1")
    expected = "--sigma: none of --methods=rectangle,grabcut knows it"
    assert unknown.returncode == 1 and expected in unknown.stderr.splitlines()[-1]
    other = _run(*flags, "--iterations=2")
    assert other.returncode == 1 and "with options = {" in other.stderr.splitlines()[-1]


def test_sam_asks_for_a_model(tmp_path):
    source = write(tmp_path / "in", [make_example("image", 0)], None)
    flags = [f"--input_dir={source}", f"--output_dir={tmp_path / 'out'}", "--method=sam"]
    result = _run(*flags)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: --sam_model: not given: expected")
