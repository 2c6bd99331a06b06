"""benchmarks/objectlab.py: what cleanlab is given, and what comes of it."""

import pytest
from objectlab import objectlab_findings

from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.writer import write_dataset
from tests.box_quality.beliefs import CLASS_NAMES, annotated, belief

BOX = (10.0, 10.0, 40.0, 30.0)


def test_objectlab_ranks_the_same_errors(tmp_path):
    pytest.importorskip("cleanlab")
    objects = [(1, BOX), (2, (20.0, 45.0, 50.0, 75.0))]
    shifted = (1, (10.0, 20.0, 40.0, 40.0))
    examples = [
        annotated(objects, "right"),
        annotated([shifted, objects[1]], "shifted"),
        annotated(objects[:1], "missing"),
        annotated([(2, BOX), objects[1]], "swapped"),
    ]
    info = DatasetInfo({"d": 1}, CLASS_NAMES, 1)
    encoded = [records.encode_example(example, CLASS_NAMES) for example in examples]
    write_dataset(str(tmp_path), info, 4, lambda indices: (encoded[i] for i in indices), "w")
    seen = belief([(label, tuple(map(int, box))) for label, box in objects], sure=0.99)[None]
    model = SegmentationModel(CLASS_NAMES, {}, lambda _: seen.argmax(-1), lambda _: seen)
    for findings in objectlab_findings(str(tmp_path), model).values():
        assert {finding.source_id for finding in findings[:3]} == {"shifted", "missing", "swapped"}
        assert len([finding for finding in findings if finding.box is not None]) == 7
