"""The sheet of the worst images: which ones, in which order, with which maps."""

import cv2
import numpy as np

from boxsup_tf import drawing
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.worst_images import draw_worst
from boxsup_tf.records.example import Example, decode_image


def test_worst_image_comes_first_with_its_truth_and_prediction(tmp_path):
    examples = [ShapesReader(3, seed=8, image_size=60)[i] for i in range(3)]
    folder = EvaluationFolder(str(tmp_path), {})
    for label, example in enumerate(examples):
        folder.write_label_map(example.source_id, np.full_like(example.mask, label))
    ids = [examples[i].source_id for i in (2, 0)]
    draw_worst(examples, [folder], ids, num_classes=5)

    sheet = cv2.imread(str(tmp_path / "worst.jpg"))[:, :, ::-1].astype(int)
    left = 4
    for label in (2, 0):
        image = decode_image(examples[label].encoded).numpy()
        mask = examples[label].mask
        for panel in (
            image,
            drawing.overlay(image, mask),
            drawing.overlay(image, np.full_like(mask, label)),
        ):
            found = sheet[4 : 4 + panel.shape[0], left : left + panel.shape[1]]
            assert np.abs(found - panel).mean() < 12  # it is a JPEG
            left += panel.shape[1] + 4
        left += 24 + 4


def test_large_pictures_are_reduced(tmp_path):
    image = np.zeros([1000, 1600, 3], np.uint8)
    mask = np.zeros([1000, 1600], np.uint8)
    mask[:, 800:] = 2
    encoded = cv2.imencode(".png", image)[1].tobytes()
    example = Example("a", "a.png", encoded, 1000, 1600, mask=mask)
    folder = EvaluationFolder(str(tmp_path), {})
    folder.write_label_map("a", mask[:, ::-1])
    draw_worst([example], [folder], ["a"], num_classes=5)
    sheet = cv2.imread(str(tmp_path / "worst.jpg"))
    assert sheet.shape[0] == 8 + round(500 * 1000 / 1600)
    assert sheet.shape[1] == 3 * 500 + 24 + 5 * 4
    for left, label in ((508, 0), (508 + 300, 2), (1012, 2), (1012 + 300, 0)):
        expected = drawing.colorize(np.full([1, 1], label))[0, 0, ::-1] // 2
        found = sheet[20:300, left + 20 : left + 180].mean(axis=(0, 1))
        np.testing.assert_allclose(found, expected, atol=3)
