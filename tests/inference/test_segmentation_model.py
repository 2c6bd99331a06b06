"""A run's network and its export, as evaluation sees them; and real images in the end."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.crf.parameters import PARAMETER_SETS
from boxsup_tf.data.shapes import SHAPE_CLASSES, draw_scene
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.inference.export import export
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.segmentation_model import of_export, of_run
from boxsup_tf.io.json_file import write_json
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.writer import write_dataset
from tests.models.segmenters import make_segmenter


def write_run(folder: pathlib.Path, class_names: tuple[str, ...], seed: int):
    """A run of a small network that claims several classes in every image."""
    folder.mkdir()
    segmenter = make_segmenter(class_names, 0.05, seed=seed)
    last = segmenter.model.get_layer("fc8")
    kernel = np.random.default_rng(seed).normal(0, 3, last.kernel.shape)
    last.set_weights([kernel, np.zeros(len(class_names))])
    image, _ = draw_scene(np.random.default_rng(seed), 80)[:2]
    logits = segmenter.logits(image[None]).numpy()
    last.set_weights([kernel, -logits.mean(axis=(0, 1, 2))])
    tf.train.Checkpoint(model=segmenter.model).save(str(folder / "ckpt"))
    config = {"class_names": class_names, "width_multiplier": 0.05}
    write_json(str(folder / "config.json"), config)
    return segmenter


def test_run_and_export_predict_as_the_predictor(tmp_path):
    segmenter = write_run(tmp_path / "run", SHAPE_CLASSES, seed=1)
    image = draw_scene(np.random.default_rng(7), 96)[0]
    large = np.tile(image, (1, 14, 1))[:60, :1300][None]  # wider than a tile
    for flip in (False, True):
        model_of_run = of_run(str(tmp_path / "run"), (0.8, 1.0), flip)
        predictor = Predictor(segmenter, (0.8, 1.0), flip)
        expected = predictor.probabilities(image[None]).numpy()
        np.testing.assert_allclose(model_of_run.probabilities(image[None]), expected, atol=1e-5)
        np.testing.assert_array_equal(
            model_of_run.label_maps(image[None]), expected.argmax(axis=-1)
        )
        assert len(np.unique(expected.argmax(axis=-1))) > 1
        assert model_of_run.settings["flip"] == flip
        assert model_of_run.label_maps(large).shape == large.shape[:3]
    assert model_of_run.class_names == SHAPE_CLASSES

    path = export(segmenter, str(tmp_path / "export"), (0.8, 1.0))
    exported = of_export(str(tmp_path / "export"))
    expected = of_run(str(tmp_path / "run"), (0.8, 1.0), False).probabilities(image[None])
    np.testing.assert_allclose(exported.probabilities(image[None]), expected, atol=1e-5)
    assert exported.settings == of_export(path).settings
    export(segmenter, str(tmp_path / "export"))
    assert exported.settings != of_export(str(tmp_path / "export")).settings  # the newest now


def test_a_run_and_an_export_do_not_share_a_folder(tmp_path):
    segmenter = write_run(tmp_path / "run", SHAPE_CLASSES, seed=1)
    export(segmenter, str(tmp_path / "export"), (1.0,))
    run = of_run(str(tmp_path / "run"), (1.0,), False).settings
    exported = of_export(str(tmp_path / "export")).settings
    for name, first, second in (("a", run, exported), ("b", exported, run)):
        EvaluationFolder(str(tmp_path / name), first)
        with pytest.raises(InputError, match="holds predictions with weights = '"):
            EvaluationFolder(str(tmp_path / name), second)
        EvaluationFolder(str(tmp_path / name), first)


def test_an_export_says_whether_it_ends_with_a_crf(tmp_path):
    segmenter = write_run(tmp_path / "run", SHAPE_CLASSES, seed=1)
    parameters = PARAMETER_SETS["deeplab_voc"]
    for name, asked in (("with", parameters), ("without", None)):
        export(segmenter, str(tmp_path / name), crf_parameters=asked)
        assert of_export(str(tmp_path / name)).has_crf == (asked is not None)
    assert not of_run(str(tmp_path / "run"), (1.0,), False).has_crf


def test_settings_tell_weights_apart(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_run(tmp_path / name, SHAPE_CLASSES, seed)
    runs = [of_run(str(tmp_path / name), (1.0,), False).settings for name in "abc"]
    assert runs[0] == runs[1] != runs[2]


def test_figures_of_photographs_are_those_of_the_written_pngs(tmp_path, shared_data):
    """Every fourth of voc_subset's validation images, counted again from files by class."""
    reader = VocReader(str(shared_data / "voc_subset"), "val")
    count = len(reader) // 4
    write_dataset(
        str(tmp_path / "records"),
        DatasetInfo(reader.settings, VOC_CLASSES, num_shards=2),
        count,
        lambda indices: [records.encode_example(reader[4 * i], VOC_CLASSES) for i in indices],
        "write",
    )
    write_run(tmp_path / "run", VOC_CLASSES, seed=3)
    model_of_run = of_run(str(tmp_path / "run"), (1.0,), False)
    out = str(tmp_path / "out")
    metrics = evaluate(model_of_run, str(tmp_path / "records"), out, EvaluateOptions())[0].metrics

    hits, true, found = np.zeros([3, len(VOC_CLASSES)], np.int64)
    for path in sorted((tmp_path / "out" / "predictions").iterdir()):
        mask = shared_data / "voc_subset" / "VOC2012" / "SegmentationClass" / path.name
        truth, predicted = np.array(Image.open(mask)), np.array(Image.open(path))
        predicted = np.where(truth == 255, 255, predicted)
        for label in np.union1d(truth, predicted):
            if label != 255:
                is_true, is_found = truth == label, predicted == label
                hits[label] += np.count_nonzero(is_true & is_found)
                true[label] += np.count_nonzero(is_true)
                found[label] += np.count_nonzero(is_found)
    union = true + found - hits
    occurs = union > 0
    iou = hits[occurs] / union[occurs]
    assert metrics["num_images"] == count and len(iou) > 15
    assert metrics["mean_iou"] == pytest.approx(iou.mean())
    names = [name for name, is_there in zip(VOC_CLASSES, occurs, strict=True) if is_there]
    for name, value in zip(names, iou, strict=True):
        assert metrics["per_class_iou"][name] == pytest.approx(value)
    assert metrics["pixel_accuracy"] == pytest.approx(hits.sum() / true.sum())
    assert metrics["mean_accuracy"] == pytest.approx((hits[true > 0] / true[true > 0]).mean())
    weights = true[occurs] / true.sum()
    assert metrics["frequency_weighted_iou"] == pytest.approx((weights * iou).sum())
