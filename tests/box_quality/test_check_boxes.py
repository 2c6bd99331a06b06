"""box_quality.check_boxes: a folder of records, from the model to the page."""

import csv
import re

import numpy as np
import pytest

from boxsup_tf.box_quality import check_boxes as module
from boxsup_tf.box_quality.check_boxes import check_boxes
from boxsup_tf.commands import check_boxes as command
from boxsup_tf.errors import InputError
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.records import records as codec
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.writer import write_dataset
from tests.box_quality.beliefs import CLASS_NAMES, annotated, belief

CAT, DOG = 1, 2
OBJECTS = [(CAT, (10, 10, 40, 30)), (DOG, (20, 45, 50, 75))]
SHIFTED = (CAT, (10, 20, 40, 40))
EXAMPLES = [
    annotated(OBJECTS, "right"),
    annotated([SHIFTED, OBJECTS[1]], "shifted"),
    annotated(OBJECTS[:1], "missing"),
    annotated([(DOG, OBJECTS[0][1]), OBJECTS[1]], "swapped"),
]


class _Counting:
    """A network that sees the same two objects everywhere, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        self.asked += 1
        return belief(OBJECTS)[None]

    def model(self) -> SegmentationModel:
        maps = belief(OBJECTS).argmax(axis=2)[None]
        names = tuple(CLASS_NAMES)
        return SegmentationModel(names, {"weights": "w"}, lambda _: maps, self.probabilities)


def _write(folder, examples) -> str:
    def make(indices):
        return (codec.encode_example(examples[i], CLASS_NAMES) for i in indices)

    write_dataset(str(folder), DatasetInfo({"d": 1}, CLASS_NAMES, 2), len(examples), make, "w")
    return str(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return _write(tmp_path_factory.mktemp("check_boxes") / "records", EXAMPLES)


def test_the_errors_come_first_in_the_table_and_on_the_page(data, tmp_path):
    findings = check_boxes(_Counting().model(), data, str(tmp_path / "out"), num_shown=4)
    assert [finding.source_id for finding in findings[:3]] == ["missing", "swapped", "shifted"]
    assert len(findings) == 8 and findings[3].score < 0.1
    with (tmp_path / "out" / "boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows[:3]] == ["overlooked", "wrong_class", "badly_placed"]
    page = (tmp_path / "out" / "boxes.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 4 and "no box: the network sees dog" in page
    assert "script-src" in page and not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_an_interrupted_check_goes_on(data, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_IMAGES_OF_A_PART", 3)
    whole = check_boxes(_Counting().model(), data, str(tmp_path / "whole"))
    network, folder = _Counting(), tmp_path / "out"

    def stopped(images: np.ndarray) -> np.ndarray:
        if network.asked == 3:
            raise KeyboardInterrupt
        return network.probabilities(images)

    model = network.model()
    with pytest.raises(KeyboardInterrupt):
        check_boxes(
            SegmentationModel(model.class_names, model.settings, model.label_maps, stopped),
            data,
            str(folder),
        )
    assert check_boxes(model, data, str(folder)) == whole
    assert network.asked == 4  # the first three are not asked again
    for name in ("boxes.csv", "boxes.html"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    other = SegmentationModel(model.class_names, {"weights": "x"}, model.label_maps, stopped)
    with pytest.raises(InputError, match="holds a check with weights = 'w': expected 'x'"):
        check_boxes(other, data, str(folder))


def test_records_without_boxes_or_of_other_classes_are_refused(data, tmp_path):
    model = _Counting().model()
    bare = annotated([], "bare")
    object.__setattr__(bare, "boxes", None)
    with pytest.raises(InputError, match="none of its 1 images has boxes"):
        check_boxes(model, _write(tmp_path / "bare", [bare]), str(tmp_path / "out"))
    others = SegmentationModel(("background", "cat"), {}, model.label_maps, model.probabilities)
    with pytest.raises(InputError, match="label 2 is 'dog'"):
        check_boxes(others, data, str(tmp_path / "out"))


def test_the_command_on_a_run(run, records, tmp_path, capsys):
    options = command.Options(records, str(tmp_path / "out"), run, num_shown=2)
    command.run(options)
    first = (tmp_path / "out" / "boxes.csv").read_bytes()
    assert first.count(b"\n") > 6 and "next: open" in capsys.readouterr().out
    command.run(command.Options(records, str(tmp_path / "again"), run, num_shown=2))
    assert (tmp_path / "again" / "boxes.csv").read_bytes() == first
    with pytest.raises(InputError, match="expected one of --model_dir and --saved_model"):
        command.Options(records, "out")
