"""training.validation: its three figures, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from boxsup_tf.labels import VOID
from boxsup_tf.records import dataset_info
from boxsup_tf.records.example import decode_image
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.validation import Validation
from boxsup_tf.training.workers import Workers
from tests.models.segmenters import make_segmenter
from tests.training.folders import CLASS_NAMES, make_example, write


def test_the_three_figures(tmp_path):
    examples = [make_example(f"image{i}", i) for i in range(4)]
    for example in examples[:2]:  # not all images hold all classes
        example.mask[example.mask == 2] = VOID
    folder = write(tmp_path / "val", examples, None)
    segmenter = make_segmenter(CLASS_NAMES, seed=1)
    network = TrainingNetwork(segmenter, TrainConfig(""))
    found = Validation(network, folder, dataset_info.load_complete(folder), Workers()).run()
    truths, plain, given = [], [], []
    for example in examples:
        logits = segmenter.logits(decode_image(example.encoded)[None])[0].numpy()
        known = example.mask != VOID
        truths.append(example.mask[known])
        plain.append(logits.argmax(axis=2)[known])
        present = np.isin(np.arange(len(CLASS_NAMES)), truths[-1])
        given.append(np.where(present, logits, -np.inf).argmax(axis=2)[known])
    truth, plain, given = (np.concatenate(values) for values in (truths, plain, given))
    assert (plain != given).any()
    iou = metrics.jaccard_score(truth, plain, average=None)
    assert found["val_mean_iou"] == pytest.approx(iou.mean())
    assert found["val_iou/cat"] == pytest.approx(iou[1])
    assert found["val_mean_iou_classes_given"] == pytest.approx(
        metrics.jaccard_score(truth, given, average="macro")
    )
    assert found["val_foreground_mean_iou"] == pytest.approx(
        metrics.jaccard_score(truth > 0, plain > 0, average="macro")
    )
