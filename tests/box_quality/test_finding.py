"""box_quality.finding: their order and their table."""

import csv

import pytest

from boxsup_tf.box_quality.finding import (
    BADLY_PLACED,
    OVERLOOKED,
    Finding,
    ranked,
    write_findings,
)

BOX, OTHER = (1.0, 2.0, 3.5, 4.0), (0.0, 0.0, 9.0, 9.0)


def _finding(name: str, score: float, number: int = 0) -> Finding:
    return Finding(name, BADLY_PLACED, score, number, 1, BOX, 2, OTHER)


@pytest.mark.parametrize("step", [1, -1])
def test_equals_are_ranked_by_image_and_box_whatever_their_order(step):
    expected = [_finding("b", 0.9), *(_finding("a", 0.5, i) for i in range(3)), _finding("c", 0.5)]
    assert ranked(expected[::step]) == expected


def test_the_table(tmp_path):
    missing = Finding("b", OVERLOOKED, 0.25, -1, 0, None, 2, OTHER)
    write_findings(str(tmp_path / "t.csv"), [_finding("a", 0.5), missing], ["bg", "cat", "dog"])
    with (tmp_path / "t.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["rank"], first["class"], first["believed_class"]) == ("1", "cat", "dog")
    assert [first[e] for e in ("ymin", "xmin", "ymax", "xmax")] == ["1", "2", "3.5", "4"]
    assert (second["box_number"], second["class"], second["ymin"]) == ("", "", "")
    assert (second["id"], second["believed_xmax"], second["score"]) == ("b", "9", "0.2500")
