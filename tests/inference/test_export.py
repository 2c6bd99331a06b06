"""The folder that a model server watches: versions, size, label map."""

import os
import pathlib

import pytest
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.inference.export import export
from boxsup_tf.labels import color_map


@pytest.fixture(scope="module")
def exported(model, class_names, tmp_path_factory) -> pathlib.Path:
    return pathlib.Path(export(model, class_names, str(tmp_path_factory.mktemp("export"))))


def test_each_weight_is_stored_once(exported, model):
    size = sum(weight.numpy().nbytes for weight in model.weights)
    stored = sum(file.stat().st_size for file in (exported / "variables").iterdir())
    assert size <= stored < 1.05 * size + 10_000
    # Nor as constants in the graph, several scales or not.
    assert (exported / "saved_model.pb").stat().st_size < 500_000


def test_signatures(exported, class_names):
    signatures = tf.saved_model.load(str(exported)).signatures
    assert set(signatures) == {"serving_default", "serve_image_bytes"}
    expected_inputs = {
        "serving_default": {"images": tf.TensorSpec([None, None, None, 3], tf.uint8, "images")},
        "serve_image_bytes": {"image_bytes": tf.TensorSpec([None], tf.string, "image_bytes")},
    }
    for name, inputs in expected_inputs.items():
        assert signatures[name].structured_input_signature == ((), inputs)
        outputs = signatures[name].structured_outputs
        assert set(outputs) == {fields.SEMANTIC_PREDICTIONS, fields.PROBABILITIES}
        assert outputs["semantic_predictions"].dtype == tf.int32
        assert outputs["probabilities"].shape.as_list() == [None, None, None, len(class_names)]


def test_label_map_is_one_line_a_class(exported, class_names):
    lines = (exported / "assets" / "label_map.txt").read_text().splitlines()
    assert lines[0] == "0\tbackground\t#000000"
    assert lines[1] == "1\tstar\t#800000"
    colors = ["#{:02x}{:02x}{:02x}".format(*color_map()[i]) for i in range(len(class_names))]
    assert [line.split("\t") for line in lines] == [
        [str(i), name, colors[i]] for i, name in enumerate(class_names)
    ]


def test_versions_count_up_and_nothing_else_appears(model, class_names, tmp_path):
    (tmp_path / "9").mkdir()
    (tmp_path / "notes").mkdir()
    paths = [export(model, class_names, str(tmp_path)) for _ in range(2)]
    assert paths == [str(tmp_path / "10"), str(tmp_path / "11")]
    assert sorted(os.listdir(tmp_path)) == ["10", "11", "9", "notes"]
    # Readable by the user that a model server runs as, as far as the umask allows.
    assert os.stat(paths[0]).st_mode == os.stat(tmp_path / "9").st_mode


def test_failed_export_leaves_nothing(model, class_names, tmp_path):
    with pytest.raises(ValueError, match="5 classes, but 4 class names"):
        export(model, class_names[1:], str(tmp_path))
    with pytest.raises(ValueError, match="scales must be positive"):
        export(model, class_names, str(tmp_path), scales=())
    assert os.listdir(tmp_path) == []
