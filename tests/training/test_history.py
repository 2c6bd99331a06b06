"""training.history: metrics.json over a resume, and where it is lost or damaged."""

import json

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.training.history import History


def test_what_is_redone_is_forgotten(tmp_path):
    history = History(str(tmp_path), 0)
    for epoch in range(3):
        history.add(epoch, {"loss": 1.0 / (epoch + 1), "gone": float("nan"), "unknown": None})
    again = History(str(tmp_path), 2)
    again.add(1, {"more": 5.0})
    assert json.loads((tmp_path / "metrics.json").read_text())["epochs"] == [
        {"epoch": 0, "loss": 1.0, "gone": None, "unknown": None},
        {"epoch": 1, "loss": 0.5, "gone": None, "unknown": None, "more": 5.0},
    ]


def test_a_lost_file_begins_again_at_its_epoch(tmp_path):
    history = History(str(tmp_path), 2)
    history.add(2, {"loss": 1.0})
    assert history.epochs == [{"epoch": 0}, {"epoch": 1}, {"epoch": 2, "loss": 1.0}]


@pytest.mark.parametrize(
    "content",
    [
        *('{"epochs": [', "[]", '{"epoch": 1}', '{"epochs": 3}', '{"epochs": [{"epoch": 1}]}'),
        '{"epochs": [{"epoch": 0, "loss": "low"}]}',
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(
        InputError, match=r"metrics.json: .*delete it to go on|metrics.json: holds a list"
    ):
        History(str(tmp_path), 2)
