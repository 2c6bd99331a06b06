"""Streams of images: who goes together, and how many wait."""

import numpy as np
import pytest

from boxsup_tf.inference.batching import predict_in_batches
from boxsup_tf.inference.predictor import Predictor


def blank(height: int, width: int, value: int = 0) -> np.ndarray:
    return np.full([height, width, 3], value, np.uint8)


class Recorder:
    """Adds 1 to images, and keeps the shapes it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.shapes.append(images.shape)
        return images + 1


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_results_belong_to_their_images(batch_size):
    rng = np.random.default_rng(batch_size)
    sizes = rng.integers(1, 3, (40, 2))
    images = [blank(*size, value=i) for i, size in enumerate(sizes)]
    recorder = Recorder()
    results = list(predict_in_batches(recorder, enumerate(images), batch_size))
    assert sorted(key for key, _, _ in results) == list(range(40))
    for key, image, result in results:
        assert image is images[key]
        np.testing.assert_array_equal(result, images[key] + 1)
    assert sum(shape[0] for shape in recorder.shapes) == 40
    assert max(shape[0] for shape in recorder.shapes) == min(
        batch_size, max(np.unique(sizes, axis=0, return_counts=True)[1])
    )
    groups = [-(-n // batch_size) for n in np.unique(sizes, axis=0, return_counts=True)[1]]
    assert len(recorder.shapes) == sum(groups)


def test_large_images_go_alone_and_do_not_wait():
    recorder, read = Recorder(), []

    def images():
        for i in range(4):
            read.append(i)
            yield i, blank(1000, 1000)

    stream = predict_in_batches(recorder, images(), batch_size=8)
    assert next(stream)[0] == 0 and read == [0]
    assert [key for key, _, _ in stream] == [1, 2, 3]
    assert recorder.shapes == [(1, 1000, 1000, 3)] * 4


def test_nobody_waits_for_an_image_whose_size_is_rare():
    recorder, read = Recorder(), []

    def images():
        yield "rare", blank(400, 401)
        for i in range(100):
            read.append(i)
            yield i, blank(400, 400)

    stream = predict_in_batches(recorder, images(), batch_size=4)
    # What is made is given out, though an earlier image waits.
    assert [next(stream)[0] for _ in range(4)] == [0, 1, 2, 3] and len(read) == 4
    assert [key for key, _, _ in stream] == [*range(4, 100), "rare"]
    assert recorder.shapes == [(4, 400, 400, 3)] * 25 + [(1, 400, 401, 3)]


def test_few_wait_where_every_size_is_rare():
    recorder, read = Recorder(), []

    def images():
        for i in range(60):
            read.append(i)
            yield i, blank(400, 400 + i)

    stream = predict_in_batches(recorder, images(), batch_size=4)
    assert next(stream)[0] == 0
    # 2**22 pixels are 25 of these.
    assert len(read) == 26
    assert [key for key, _, _ in stream] == list(range(1, 60))


def test_a_network_gives_the_same_in_batches_and_singly(segmenter, images):
    predictor = Predictor(segmenter)
    mixed = [images[i] for i in (0, 1, 0, 2, 0, 1)]
    mixed[2], mixed[5] = mixed[2][::-1], mixed[5][:, ::-1]
    predict = lambda batch: predictor.probabilities(batch).numpy()  # noqa: E731
    together = list(predict_in_batches(predict, enumerate(mixed), batch_size=2))
    for key, image, probabilities in together:
        np.testing.assert_allclose(probabilities, predict(mixed[key][None])[0], atol=1e-5)
        assert image is mixed[key]
    assert len(together) == 6


def test_no_images():
    assert list(predict_in_batches(Recorder(), iter(()))) == []
