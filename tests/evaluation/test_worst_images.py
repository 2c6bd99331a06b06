"""The sheet of the worst images: which ones, in which order, with which maps."""

import cv2
import numpy as np

from boxsup_tf import drawing, sheet
from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.worst_images import draw_worst
from boxsup_tf.records.example import Example, decode_image

_SIDE = 400


def _place(picture: np.ndarray, panel: np.ndarray) -> tuple[int, int]:
    """Where the panel is in the picture, which is a JPEG: row and column."""
    found = cv2.matchTemplate(picture, panel, cv2.TM_SQDIFF)
    column, row = cv2.minMaxLoc(found)[2]
    here = picture[row : row + panel.shape[0], column : column + panel.shape[1]].astype(int)
    assert np.abs(here - panel).mean() < 8
    return row, column


def _overlay(image: np.ndarray, label_map: np.ndarray) -> np.ndarray:
    labels = cv2.resize(label_map, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return drawing.overlay(image, labels)


def test_worst_image_comes_first_with_its_truth_and_prediction(tmp_path):
    examples = [ShapesReader(3, seed=8, image_size=64)[i] for i in range(3)]
    folder = EvaluationFolder(str(tmp_path), {})
    for label, example in enumerate(examples):
        folder.write_label_map(example.source_id, np.full_like(example.mask, label))
    scores = {examples[i].source_id: 0.1 * i for i in (2, 0)}
    draw_worst(examples, [folder], scores, SHAPE_CLASSES)

    picture = cv2.imread(str(tmp_path / "worst.jpg"))[:, :, ::-1]
    places = []
    for label in (2, 0):
        image = sheet.fitted(decode_image(examples[label].encoded).numpy(), _SIDE)
        truth, predicted = examples[label].mask, np.full_like(examples[label].mask, label)
        panels = image, _overlay(image, truth), _overlay(image, predicted)
        if label == 0:  # a prediction of background alone looks like the image
            panels = panels[:2]
        places.append([_place(picture, panel) for panel in panels])
    worst, other = places
    assert len({row for row, _ in worst}) == len({row for row, _ in other}) == 1
    assert worst[0][0] < other[0][0]
    assert [column for _, column in worst] == [8 + i * (_SIDE + 8) for i in range(3)]
    assert [column for _, column in other] == [8, 8 + _SIDE + 8]


def test_large_pictures_are_reduced_and_the_crfs_stand_beside(tmp_path):
    image = np.zeros([1000, 1600, 3], np.uint8)
    mask = np.zeros([1000, 1600], np.uint8)
    mask[:, 800:] = 2
    encoded = cv2.imencode(".png", image)[1].tobytes()
    example = Example("a", "a.png", encoded, 1000, 1600, mask=mask)
    folders = [EvaluationFolder(str(tmp_path / name), {}) for name in ("own", "crf")]
    for folder in folders:
        folder.write_label_map("a", mask[:, ::-1])
    draw_worst([example], folders, {"a": None}, SHAPE_CLASSES)
    picture = cv2.imread(str(tmp_path / "own" / "worst.jpg"))
    assert picture.shape[1] == 4 * _SIDE + 5 * 8
    middle = picture.shape[0] // 2
    colors = [drawing.colorize(np.full([1, 1], label))[0, 0, ::-1] // 2 for label in (0, 2)]
    for column, (left, right) in enumerate([(0, 0), (0, 1), (1, 0), (1, 0)]):
        x = 8 + column * (_SIDE + 8)
        np.testing.assert_allclose(picture[middle, x + 100], colors[left], atol=4)
        np.testing.assert_allclose(picture[middle, x + 300], colors[right], atol=4)
