"""The sheet of the worst images: which ones, in which order, with which maps."""

import cv2
import numpy as np

from boxsup_tf import drawing
from boxsup_tf.data.example import decode_image
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.worst_images import draw_worst


def test_worst_image_comes_first_with_its_truth_and_prediction(tmp_path):
    examples = [ShapesReader(3, seed=8, image_size=60)[i] for i in range(3)]
    folder = EvaluationFolder(str(tmp_path), {})
    for label, example in enumerate(examples):
        folder.write_label_map(example.source_id, False, np.full_like(example.mask, label))
    ids = [examples[i].source_id for i in (2, 0)]
    draw_worst(examples, folder, ids, num_classes=5, kinds=[False])

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
