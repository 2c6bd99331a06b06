"""The folder that a model server watches: versions, size, label map, warm-up requests."""

import os
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.crf import mean_field
from boxsup_tf.crf.parameters import PARAMETER_SETS, load_parameters
from boxsup_tf.inference.export import export
from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.labels import color_map
from tests.models.segmenters import make_segmenter


@pytest.fixture(scope="module")
def exported(segmenter, class_names, tmp_path_factory) -> pathlib.Path:
    return pathlib.Path(export(segmenter, str(tmp_path_factory.mktemp("export"))))


def stored_bytes(path: str | pathlib.Path) -> int:
    return sum(file.stat().st_size for file in (pathlib.Path(path) / "variables").iterdir())


def test_each_weight_is_stored_once(exported, segmenter):
    size = sum(weight.numpy().nbytes for weight in segmenter.model.weights)
    assert size <= stored_bytes(exported) < 1.05 * size + 10_000
    # Nor as constants in the graph, several scales or not.
    assert (exported / "saved_model.pb").stat().st_size < 500_000


def test_signatures(exported, class_names):
    signatures = tf.saved_model.load(str(exported)).signatures
    files = {"image_bytes": tf.TensorSpec([None], tf.string, "image_bytes")}
    expected_inputs = {
        "serving_default": {"images": tf.TensorSpec([None, None, None, 3], tf.uint8, "images")},
        "serve_image_bytes": files,
        "serve_masks": files,
    }
    assert set(signatures) == set(expected_inputs)
    for name, inputs in expected_inputs.items():
        assert signatures[name].structured_input_signature == ((), inputs)
        outputs = signatures[name].structured_outputs
        if name == "serve_masks":
            assert set(outputs) == {"mask_bytes"} and outputs["mask_bytes"].dtype == tf.string
            continue
        assert set(outputs) == {SEMANTIC_PREDICTIONS, PROBABILITIES}
        assert outputs["semantic_predictions"].dtype == tf.int32
        assert outputs["probabilities"].shape.as_list() == [None, None, None, len(class_names)]


def test_bfloat16_halves_the_size_and_predicts_as_mixed_precision_does(
    segmenter, class_names, images, tmp_path
):
    path = export(segmenter, str(tmp_path), precision="bfloat16")
    size = sum(weight.numpy().nbytes for weight in segmenter.model.weights)
    assert stored_bytes(path) < 0.55 * size + 10_000
    mixed = make_segmenter(class_names, dtype_policy="mixed_bfloat16")
    mixed.model.set_weights(segmenter.model.get_weights())
    predictor, exact = Predictor(mixed), Predictor(segmenter)
    loaded = load_saved_model(path)
    for image in images:
        expected = predictor.predict(image[None])
        labels, probabilities = loaded.predict(image[None])
        np.testing.assert_allclose(probabilities, expected["probabilities"], atol=1e-5)
        np.testing.assert_array_equal(labels, expected["semantic_predictions"])
        assert 0 < np.abs(probabilities - exact.probabilities(image[None])).mean() < 0.05
    # The model that was given is left as it is.
    assert {
        keras.backend.standardize_dtype(weight.dtype) for weight in segmenter.model.weights
    } == {"float32"}


def test_flips_are_part_of_the_graph(segmenter, class_names, images, tmp_path):
    loaded = load_saved_model(export(segmenter, str(tmp_path), flip=True))
    predictor = Predictor(segmenter, flip=True)
    expected = predictor.probabilities(images[0][None])
    np.testing.assert_allclose(loaded.predict(images[0][None])[1], expected, atol=1e-5)


def test_crf_is_part_of_the_graph(segmenter, class_names, images, tmp_path):
    parameters = PARAMETER_SETS["deeplab_voc"]
    path = export(segmenter, str(tmp_path), crf_parameters=parameters)
    predictor = Predictor(segmenter)
    batch = np.stack([images[0], images[0][::-1]])
    expected = mean_field.refine(batch, predictor.probabilities(batch), parameters)
    loaded = load_saved_model(path)
    assert loaded.has_crf
    assert load_parameters(os.path.join(path, "assets", "crf.json")) == parameters
    labels, probabilities = loaded.predict(batch)
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    np.testing.assert_array_equal(labels, np.argmax(probabilities, -1))
    assert (
        stored_bytes(path) < 1.05 * sum(w.numpy().nbytes for w in segmenter.model.weights) + 10_000
    )


def test_warmup_requests_are_those_of_tensorflow_serving(exported):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    signatures = tf.saved_model.load(str(exported)).signatures
    path = exported / "assets.extra" / "tf_serving_warmup_requests"
    served = set()
    for record in tf.data.TFRecordDataset(str(path)):
        log = logs.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
        served.add(name)
    assert served == set(signatures)


def test_label_map_is_one_line_a_class(exported, class_names):
    lines = (exported / "assets" / "label_map.txt").read_text().splitlines()
    assert lines[0] == "0\tbackground\t#000000"
    assert lines[1] == "1\tstar\t#800000"
    colors = ["#{:02x}{:02x}{:02x}".format(*color_map()[i]) for i in range(len(class_names))]
    assert [line.split("\t") for line in lines] == [
        [str(i), name, colors[i]] for i, name in enumerate(class_names)
    ]


def test_versions_count_up_and_nothing_else_appears(segmenter, class_names, tmp_path):
    (tmp_path / "9").mkdir()
    (tmp_path / "notes").mkdir()
    paths = [export(segmenter, str(tmp_path)) for _ in range(2)]
    assert paths == [str(tmp_path / "10"), str(tmp_path / "11")]
    assert sorted(os.listdir(tmp_path)) == ["10", "11", "9", "notes"]
    # Readable by the user that a model server runs as, as far as the umask allows.
    assert os.stat(paths[0]).st_mode == os.stat(tmp_path / "9").st_mode


def test_failed_export_leaves_nothing(segmenter, class_names, tmp_path):
    with pytest.raises(ValueError, match="--scales=: expected positive numbers, at least one"):
        export(segmenter, str(tmp_path), scales=())
    with pytest.raises(ValueError, match="precision 'half': expected one of float32, bfloat16"):
        export(segmenter, str(tmp_path), precision="half")
    assert os.listdir(tmp_path) == []
