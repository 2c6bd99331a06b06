"""fuzz.py in short: a few damaged inputs of every reader."""

import json

from tests.forked import run

# Not those whose good input is a network: they take seconds to begin.
_READERS = [
    "coco",
    "voc",
    "voc_mask",
    "sbd",
    "context_mat",
    "context_json",
    "images_prepare",
    "images_predict",
    "yolo",
    "labelme",
    "labelstudio",
    "cvat",
    "openimages",
    "csv",
    "labelimg",
    "roboflow",
    "mcg_mat",
    "coco_rle",
    "label_png",
    "dataset_json",
    "shard",
    "record",
    "pool",
    "index",
    "config_json",
    "run_metrics",
    "crf_json",
    "evaluation",
    "predictions",
    "flagfile",
    "label_map",
]


def test_no_damaged_input_is_more_than_an_error(tmp_path):
    flags = [f"--json={tmp_path}/fuzz.json", "--inputs=62", "--seed=1"]
    run(["benchmarks/fuzz.py", *flags, f"--readers={','.join(_READERS)}"])
    found = json.loads((tmp_path / "fuzz.json").read_text())
    total = found["total"]
    assert total["tried"] == total["clean"] + total["accepted_right"] >= 2 * len(_READERS), found
    assert total["clean"] > len(_READERS), found
    assert set(found["readers"]) == set(_READERS)
