"""Full-resolution predictions: scales, batches, sizes and traces."""

import math

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.commands import evaluate, export, tune_crf
from boxsup_tf.commands.command_line import parse
from boxsup_tf.data.shapes import SHAPE_CLASSES
from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor


@pytest.fixture(scope="module")
def predictor(segmenter):
    return Predictor(segmenter)


def test_one_scale_is_the_softmax_of_the_network(predictor, segmenter, images):
    for image in images:
        outputs = predictor.predict(image[None])
        logits = segmenter.logits(image[None])
        expected = tf.nn.softmax(logits).numpy()
        actual = outputs[PROBABILITIES]
        assert actual.dtype == tf.float32 and actual.shape == (
            1,
            *image.shape[:2],
            len(SHAPE_CLASSES),
        )
        np.testing.assert_allclose(actual, expected, atol=1e-6)
        labels = outputs[SEMANTIC_PREDICTIONS]
        assert labels.dtype == tf.int32
        np.testing.assert_array_equal(labels, expected.argmax(-1))


def test_scales_are_averaged(predictor, segmenter, images):
    image = images[1]
    height, width = image.shape[:2]
    expected = np.zeros([1, height, width, len(SHAPE_CLASSES)])
    for scale in (0.8, 1.0, 1.2):
        size = [round(height * scale), round(width * scale)]
        logits = segmenter.logits(tf.image.resize(image[None], size))
        assert logits.shape[1:3] == size
        expected += tf.nn.softmax(tf.image.resize(logits, [height, width])).numpy() / 3
    multi_scale = Predictor(segmenter, (0.8, 1.0, 1.2))
    actual = multi_scale.probabilities(image[None]).numpy()
    np.testing.assert_allclose(actual, expected, atol=1e-5)
    np.testing.assert_allclose(actual.sum(-1), 1, atol=1e-5)
    plain = predictor.probabilities(image[None])
    assert np.abs(actual - plain).max() > 0.01


def test_the_mirror_image_counts_as_much(predictor, segmenter, images):
    image = images[1][None]
    with_flip = Predictor(segmenter, (1.0, 0.8), flip=True)
    actual = with_flip.probabilities(image).numpy()
    small = Predictor(segmenter, (0.8,))
    mirrored = [one.probabilities(image[:, :, ::-1])[:, :, ::-1] for one in (predictor, small)]
    upright = [one.probabilities(image) for one in (predictor, small)]
    np.testing.assert_allclose(actual, np.mean([*upright, *mirrored], axis=0), atol=1e-6)
    assert np.abs(actual - np.mean(upright, axis=0)).max() > 0.01
    of_mirror_image = with_flip.probabilities(image[:, :, ::-1])
    np.testing.assert_allclose(of_mirror_image[:, :, ::-1], actual, atol=1e-5)


def test_batch_of_two_equals_two_singles(predictor, images):
    batch = np.stack([images[0], images[0][::-1, ::-1]])
    together = predictor.probabilities(batch).numpy()
    for i in range(2):
        alone = predictor.probabilities(batch[i : i + 1]).numpy()
        np.testing.assert_allclose(together[i], alone[0], atol=1e-5)
    assert not np.allclose(together[0], together[1], atol=1e-2)


def test_one_trace_for_all_sizes(segmenter, images):
    predictor = Predictor(segmenter, (0.5, 1.0), flip=True)
    for image in [*images, np.zeros([1, 1, 3], np.uint8)]:
        assert predictor.probabilities(image[None]).shape[1:3] == image.shape[:2]
        predictor.predict(np.stack([image] * 2))
    assert predictor.probabilities.experimental_get_tracing_count() == 1
    assert predictor.predict.experimental_get_tracing_count() == 1


def test_scales_are_positive_numbers(segmenter):
    for scales in ((), (1.0, 0.0), (-1.0,), (math.nan,), (math.inf,)):
        text = ",".join(map(str, scales))
        with pytest.raises(InputError, match=f"--scales={text}: expected positive numbers"):
            Predictor(segmenter, scales)


@pytest.mark.parametrize("command", [evaluate, export, tune_crf])
def test_scales_of_a_flag(command):
    needed = ["--model_dir=run", "--data=records", "--output_dir=out"]
    if command is export:
        needed.remove("--data=records")
    (options,) = parse([command.Options], [*needed, "--scales=0.8, 1,1.2"])
    assert options.scales == (0.8, 1.0, 1.2)
    for text in ("1.0,,2", "big"):
        with pytest.raises(InputError, match=f"--scales={text}: expected a list of float"):
            parse([command.Options], [*needed, f"--scales={text}"])
