"""benchmarks/bad_requests.py in short: one good request beside one of each bad kind."""

import json
import pathlib

import pytest

from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.inference.export import export
from tests.forked import run
from tests.models.segmenters import make_segmenter

_KINDS = 14


@pytest.fixture
def flags(tmp_path) -> list[str]:
    export(make_segmenter(SHAPE_CLASSES, 0.05, seed=3), str(tmp_path / "export"))
    (tmp_path / "shapes.png").write_bytes(ShapesReader(1, seed=1, image_size=64)[0].encoded)
    return [f"--saved_model={tmp_path}/export", f"--images={tmp_path}/shapes.png"]


def test_good_requests_are_answered_right_among_bad_ones(flags, tmp_path: pathlib.Path):
    pytest.importorskip("kserve", reason="the server needs the package kserve")
    flags += [f"--json={tmp_path}/json", f"--num_requests={_KINDS}"]
    run(["benchmarks/bad_requests.py", *flags])
    found = json.loads((tmp_path / "json").read_text())
    assert found["not_refused"] == [], found
    assert found["good"] == found["right"] == found["bad"] == found["refused"] == _KINDS, found
