"""cfm.pasting: segments on top of each other."""

import numpy as np

from boxsup_tf.cfm.pasting import paste

_SUPERPIXELS = np.array([[0, 1, 2, 3, 4, 5]], np.int32).repeat(4, axis=0)


def _paste(segments: list[str], scores: list[list[float]]) -> str:
    """The labels of the six superpixels; `segments` are rows of 0 and 1."""
    membership = np.array([[c == "1" for c in row] for row in segments])
    label_map = paste(_SUPERPIXELS, membership, np.array(scores))
    assert (label_map == label_map[0]).all()
    return "".join(map(str, label_map[0]))


def test_the_surer_segment_lies_on_top():
    segments = ["111100", "001111"]
    assert _paste(segments, [[0.1, 0.8, 0.1], [0.2, 0.1, 0.7]]) == "111122"
    assert _paste(segments, [[0.3, 0.6, 0.1], [0.2, 0.1, 0.7]]) == "112222"


def test_what_is_of_no_class_is_not_pasted():
    assert _paste(["111100", "000110"], [[0.6, 0.4, 0.0], [0.1, 0.0, 0.9]]) == "000220"


def test_a_rival_of_the_same_class_is_left_out():
    scores = [[0.1, 0.9, 0.0], [0.2, 0.8, 0.0]]
    assert _paste(["111000", "011100"], scores) == "111000"  # IoU 0.5
    assert _paste(["111100", "000111"], scores) == "111111"  # IoU 1 / 6
    # Of another class it is pasted under it.
    assert _paste(["111000", "011100"], [[0.1, 0.9, 0.0], [0.2, 0.0, 0.8]]) == "111200"
    # What was left out holds nobody off.
    three = [[0.1, 0.9, 0.0], [0.2, 0.8, 0.0], [0.3, 0.7, 0.0]]
    assert _paste(["111000", "011110", "000111"], three) == "111111"


def test_without_segments_all_is_background():
    none = np.zeros((0, 6), bool)
    assert not paste(_SUPERPIXELS, none, np.zeros((0, 3))).any()
