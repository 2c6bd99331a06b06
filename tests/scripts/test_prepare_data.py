"""scripts/prepare_data.py as a user runs it."""

import pathlib

import numpy as np

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records
from tests.in_process import Completed, run_script

_ROOT = pathlib.Path(__file__).parents[2]


def _run(*arguments: str) -> Completed:
    return run_script("prepare_data.py", *arguments)


def test_shapes(tmp_path):
    flags = ["--dataset=shapes", "--num_images=3", "--image_size=96", "--num_shards=2"]
    result = _run(*flags, f"--output_dir={tmp_path}")
    assert result.returncode == 0, result.stderr
    classes, made, following = result.stdout.splitlines()
    assert classes.startswith("classes: 0 background, 1 ")
    assert ": 3 images, " in made
    assert following == (
        f"next: boxsup generate_proposals --input_dir={tmp_path} --output_dir={tmp_path}_union"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data-00000-of-00002.tfrecord",
        "data-00001-of-00002.tfrecord",
        "dataset.json",
        "index.npz",
    ]


def test_bad_input_is_one_line(tmp_path):
    flags = ["--dataset=voc", f"--data_dir={tmp_path}", "--class_names=a,b"]
    result = _run(*flags, f"--output_dir={tmp_path / 'out'}")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "no data in VOC's layout: expected the folder VOC2012" in result.stderr


def test_some_classes_smaller(tmp_path):
    flags = ["--dataset=shapes", "--num_images=9", "--seed=3", f"--output_dir={tmp_path / 'out'}"]
    flags += ["--classes=cross,star=figure", "--max_side=80"]
    result = _run(*flags)
    assert result.returncode == 0, result.stderr
    info = DatasetInfo.load(str(tmp_path / "out"))
    assert info.class_names == ("background", "cross", "figure")
    examples = [decode_example(record) for record in read_records(str(tmp_path / "out"))]
    inner = list(ShapesReader(9, seed=3))
    wanted = [example for example in inner if {1, 4} & set(example.labels.tolist())]
    assert [e.source_id for e in examples] == [e.source_id for e in wanted]
    assert all(max(e.height, e.width) == max(e.mask.shape) == 80 for e in examples)
    ignored = sum(np.isin(example.labels, [2, 3]).sum() for example in wanted)
    assert 0 < len(wanted) < 9 and ignored > 0
    last = result.stdout.splitlines()[-2]
    assert f"{ignored} of the boxes are of other classes" in last
    assert f"{9 - len(wanted)} images without a chosen class left out" in last


def test_a_flag_of_another_data_set(tmp_path):
    result = _run("--dataset=shapes", "--class_names=a,b", f"--output_dir={tmp_path / 'out'}")
    assert result.returncode == 1
    assert "error: --class_names is for --dataset=voc" in result.stderr
    assert not (tmp_path / "out").exists()
