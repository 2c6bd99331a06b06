"""proposals.prune: what a training could choose is kept, and it chooses the same."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.boxes import pairwise_iou_yxyx
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.methods import rectangle, scg
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.prune import merge_superpixels, prune
from boxsup_tf.records.example import decode_image
from boxsup_tf.supervision.scoring import BELIEFS, Scorer, ScoringConfig
from boxsup_tf.supervision.selection import choose, eligible_candidates
from tests.supervision.pools import random_boxes, random_pool

NUM_CLASSES = 4
SIDES = (26, 34)


def _blocks(rng: np.random.Generator, num: int = 80) -> CandidatePool:
    """Frayed rectangles, some of them twice."""
    masks = np.zeros((num, *SIDES), bool)
    for mask, box in zip(masks, random_boxes(rng, num, *SIDES, False).astype(int), strict=True):
        top, left, bottom, right = box
        mask[top:bottom, left:right] = rng.random((bottom - top, right - left)) < 0.8
        mask[top, left] = True
    masks[rng.integers(0, num, 10)] = masks[rng.integers(0, num, 10)]
    return CandidatePool.from_masks(masks, "blocks")


def _choices(
    pool: CandidatePool,
    boxes: np.ndarray,
    belief: np.ndarray,
    scorer: Scorer,
    min_box_iou: float,
    k: int,
    update: int,
    feedback_weight: float,
) -> tuple[list[np.ndarray], np.ndarray]:
    """A mask update as `training.mask_update` does it: the masks, and their costs.

    Args:
        belief: float32 [H, W, NUM_CLASSES], log-softmax.
    """
    labels = tf.constant(1 + np.arange(len(boxes)) % (NUM_CLASSES - 1), tf.int32)
    overlap_cost, belief_cost, _ = scorer(
        tf.constant(belief), pool.superpixels, pool.membership.T, tf.constant(boxes), labels
    )
    cost = overlap_cost + feedback_weight * belief_cost
    chosen = choose(
        cost,
        eligible_candidates(overlap_cost, tf.constant(False), min_box_iou),
        tf.constant([f"0/image#{b}" for b in range(len(boxes))]),
        tf.constant(0, tf.int64),
        tf.constant(update, tf.int64),
        tf.constant(k),
    ).numpy()
    return [pool.mask(n) for n in chosen], cost.numpy()[np.arange(len(boxes)), chosen]


@pytest.mark.parametrize("belief_kind", BELIEFS)
@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("pruned_at", "trained_at"), [(0.5, 0.5), (0.3, 0.5), (0.5, 0.9)])
def test_random_networks_choose_the_same_masks(belief_kind, k, pruned_at, trained_at):
    rng = np.random.default_rng([k, int(10 * pruned_at), int(10 * trained_at)])
    scorer = Scorer(ScoringConfig(belief=belief_kind))
    different = set()
    for update in range(10):
        pool, boxes = _blocks(rng), random_boxes(rng, 4, *SIDES, fractional=True)
        pruned = prune(pool, boxes, pruned_at)
        assert pruned.num_candidates < pool.num_candidates
        logits = rng.normal(0, 3, (*SIDES, NUM_CLASSES)).astype(np.float32)
        belief = tf.nn.log_softmax(logits).numpy()
        for weight in (0.0, 3.0):
            setting = (boxes, belief, scorer, trained_at, k, update, weight)
            masks, costs = _choices(pool, *setting)
            kept_masks, kept_costs = _choices(pruned, *setting)
            for b in range(len(boxes)):
                np.testing.assert_array_equal(kept_masks[b], masks[b])
            np.testing.assert_allclose(kept_costs, costs, rtol=1e-5, atol=1e-6)
            different.update(mask.tobytes() for mask in masks)
    assert len(different) > 15  # the case asks for different masks


@pytest.mark.parametrize("k", [1, 5])
def test_the_same_on_images_of_shapes(k):
    reader = ShapesReader(6, seed=5, image_size=96)
    scorer = Scorer(ScoringConfig())
    rng = np.random.default_rng(k)
    for update, example in enumerate(reader):
        image = decode_image(example.encoded).numpy()
        pool = scg.propose(ProposalInput(image), scg.Options(edges="gradient", min_area=10))
        pruned = prune(pool, example.boxes, 0.5)
        assert pruned.num_candidates < pool.num_candidates / 2
        assert sum(map(len, pruned.pack())) < sum(map(len, pool.pack()))
        logits = rng.normal(0, 3, (*image.shape[:2], NUM_CLASSES)).astype(np.float32)
        setting = (example.boxes, tf.nn.log_softmax(logits).numpy(), scorer, 0.5, k, update, 3.0)
        for kept, mask in zip(
            _choices(pruned, *setting)[0], _choices(pool, *setting)[0], strict=True
        ):
            np.testing.assert_array_equal(kept, mask)


def test_who_is_kept():
    """By brute force, one box and one candidate after the other; the order stays."""
    rng = np.random.default_rng(0)
    fallbacks = 0
    for min_box_iou in (0.2, 0.5, 0.8, 1.0):
        pool, boxes = _blocks(rng), random_boxes(rng, 5, *SIDES, fractional=True)
        iou = pairwise_iou_yxyx(boxes, pool.tight_boxes).numpy()
        kept = set()
        for row in iou:
            fallbacks += row.max() < min_box_iou
            kept |= {n for n, value in enumerate(row) if value >= min_box_iou or value == row.max()}
        pruned = prune(pool, boxes, min_box_iou)
        assert pruned.num_candidates == len(kept)
        for mask, n in enumerate(sorted(kept)):
            np.testing.assert_array_equal(pruned.mask(mask), pool.mask(n))
        columns = {column.tobytes() for column in pruned.membership.T}
        assert len(columns) == pruned.membership.shape[1], "superpixels that could be one"
        assert pruned.method == "blocks"
    assert fallbacks > 3


def test_merged_superpixels_keep_the_masks_and_their_order():
    rng = np.random.default_rng(3)
    pool = random_pool(rng, 12, 15, 60, 9)
    merged = merge_superpixels(pool, np.array([1, 0, 0, 1, 1, 0, 0, 0, 0], bool))
    for new, old in enumerate((0, 3, 4)):
        np.testing.assert_array_equal(merged.mask(new), pool.mask(old))
    assert merged.membership.shape[1] <= 8
    # Numbered by the first old superpixel that each holds.
    firsts = [
        pool.superpixels[merged.superpixels == r].min() for r in range(merged.membership.shape[1])
    ]
    assert firsts == sorted(firsts)


def test_without_boxes_nothing_is_kept():
    pool = prune(_blocks(np.random.default_rng(0)), np.zeros((0, 4), np.float32), 0.5)
    assert pool.num_candidates == 0 and pool.superpixels.shape == SIDES


def test_a_pool_of_one_candidate_per_box_stays_as_it_is():
    inputs = ProposalInput(
        np.zeros((*SIDES, 3), np.uint8), np.array([[0, 0, 3, 3], [2, 2, 9, 30]], np.float32)
    )
    pool = rectangle.propose(inputs, rectangle.Options())
    assert prune(pool, inputs.boxes, 1.0) is pool


def test_nothing_to_prune():
    nothing = CandidatePool.from_masks(np.zeros((0, *SIDES), bool), "none")
    assert prune(nothing, np.array([[0, 0, 3, 3]], np.float32), 0.5).num_candidates == 0
