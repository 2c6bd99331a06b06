"""training.mask_update: the labelling it chooses, against brute force from the records."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from boxsup_tf.labels import VOID
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records import records, shards
from boxsup_tf.records.example import decode_image
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.supervision.selection import RECTANGLE
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.plan import MaskUpdatePlan
from boxsup_tf.training.sources import load_sources
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers
from tests.models.segmenters import make_segmenter
from tests.supervision.pools import paint_by_pixel
from tests.training.folders import CLASS_NAMES, SIDE, blocks, make_example, rectangles, write

NUM_IMAGES = 6

# Of the beliefs: what is compared was computed in it.
EXACT = {"update_precision": "float32"}


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    """A network that is sure of itself, and as often wrong as right."""
    segmenter = make_segmenter(CLASS_NAMES)
    last = segmenter.model.get_layer("fc8")
    kernel, bias = last.get_weights()
    last.set_weights([kernel * 100, bias])
    return segmenter


def _plan(feedback, prior=0.0) -> MaskUpdatePlan:
    """One weight for all classes, or one of each."""
    return MaskUpdatePlan(
        *(np.broadcast_to(np.float64(weight), [len(CLASS_NAMES)]) for weight in (feedback, prior))
    )


@pytest.fixture(scope="module")
def examples() -> list:
    return [make_example(f"image{i}", i, mask=i != 2) for i in range(NUM_IMAGES)]


@pytest.fixture(scope="module")
def folder(examples, tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("mask_update") / "blocks", examples, blocks)


def _update(segmenter, folder: str, epoch: int = 0, prior_weight: float = 0.0, **values):
    """The report of a mask update, and what it chose by example."""
    config = TrainConfig("", **{"belief": "cross_entropy", "update_scale": 1.0, **EXACT} | values)
    sources = load_sources(f"{folder}:box")
    examples = sources[0].examples
    labelling = Labelling({f"0/{e.source_id}": e.num_boxes for e in examples})
    update = MaskUpdate(TrainingNetwork(segmenter, config), sources, labelling, config, Workers())
    before = labelling.chosen.numpy()
    after, report = update.run(epoch, _plan(config.feedback_weight, prior_weight))
    np.testing.assert_array_equal(labelling.chosen.numpy(), before)
    labelling.chosen.assign(after)
    chosen = {
        e.source_id: labelling.of(tf.constant(f"0/{e.source_id}"), e.num_boxes).numpy()
        for e in examples
    }
    return report, chosen


def _objects(example) -> np.ndarray:
    return np.flatnonzero(~example.is_crowd)


def _overlap_costs(example, pool) -> np.ndarray:
    """E_o [B, N], one pair of boxes after the other."""
    costs = np.ones((len(example.boxes), pool.num_candidates))
    for b, box in enumerate(example.boxes.astype(float)):
        for n, tight in enumerate(pool.tight_boxes.astype(float)):
            sides = np.minimum(box[2:], tight[2:]) - np.maximum(box[:2], tight[:2])
            common = np.prod(np.maximum(sides, 0))
            total = sum(np.prod(x[2:] - x[:2]) for x in (box, tight)) - common
            costs[b, n] -= common / total
    return costs


def _coverages(example, pool) -> np.ndarray:
    """The share of each box that each candidate covers, [B, N]."""
    fills = np.zeros((len(example.boxes), pool.num_candidates))
    for b, (top, left, bottom, right) in enumerate(example.boxes.astype(int)):
        for n in range(pool.num_candidates):
            fills[b, n] = pool.mask(n)[top:bottom, left:right].mean()
    return fills


def _eligible(overlap: np.ndarray, min_box_iou: float) -> np.ndarray:
    near = overlap <= 1 - min_box_iou + 1e-6
    best = overlap <= overlap.min(axis=1, keepdims=True) + 1e-6
    return np.where(near.any(axis=1, keepdims=True), near, best) & (overlap < 1)


def _regression_costs(segmenter, example, pool) -> np.ndarray:
    """E_r [B, N]: a fresh cross-entropy of every clipped mask over the image."""
    image = decode_image(example.encoded)[None]
    logits = segmenter.logits(image)[0].numpy().astype(float)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    costs = np.zeros((len(example.boxes), pool.num_candidates))
    for b, box in enumerate(example.boxes.astype(int)):
        inside = np.zeros((SIDE, SIDE), bool)
        inside[box[0] : box[2], box[1] : box[3]] = True
        for n in range(pool.num_candidates):
            label_map = np.where(pool.mask(n) & inside, example.labels[b], 0)
            picked = np.take_along_axis(log_probabilities, label_map[:, :, None], axis=2)
            costs[b, n] = -picked.mean()
    return costs


def test_without_feedback_the_greedy_choice_is_the_best_box_overlap(segmenter, examples, folder):
    report, chosen = _update(segmenter, folder, feedback_weight=0.0, k=1)
    costs = []
    for example in examples:
        objects = _objects(example)
        overlap = _overlap_costs(example, blocks(example))[objects]
        picked = chosen[example.source_id][objects]
        picked = np.take_along_axis(overlap, picked[:, None], axis=1)[:, 0]
        np.testing.assert_allclose(picked, overlap.min(axis=1), atol=1e-6)
        costs += picked.tolist()
        assert (chosen[example.source_id][example.is_crowd] == RECTANGLE).all()
    assert report.overlap_cost == pytest.approx(np.mean(costs), abs=1e-5)
    assert report.changed_share == 1.0 and report.num_rectangles == 0


@pytest.mark.parametrize(("min_box_iou", "update_every"), [(0.0, 1), (0.3, 0)])
def test_with_feedback_the_greedy_choice_is_the_smallest_cost(
    segmenter, examples, folder, min_box_iou, update_every
):
    report, chosen = _update(
        segmenter,
        folder,
        feedback_weight=3.0,
        k=1,
        update_every=update_every,
        min_box_iou=min_box_iou,
    )
    overlap_costs, belief_costs, moved = [], [], 0
    for example in examples:
        pool = blocks(example)
        overlap, belief = _overlap_costs(example, pool), _regression_costs(segmenter, example, pool)
        eligible = _eligible(overlap, min_box_iou)
        cost = np.where(eligible, overlap + 3 * belief, np.inf)
        objects = _objects(example)
        picked = chosen[example.source_id][objects]
        np.testing.assert_allclose(cost[objects, picked], cost.min(axis=1)[objects], atol=1e-4)
        overlap_costs += overlap[objects, picked].tolist()
        belief_costs += belief[objects, picked].tolist()
        moved += (overlap.argmin(axis=1)[objects] != picked).sum()
    assert moved > 0, "the network's belief changed nothing"
    assert report.overlap_cost == pytest.approx(np.mean(overlap_costs), abs=1e-4)
    assert report.regression_cost == pytest.approx(np.mean(belief_costs), rel=1e-3)


def test_draws_are_among_the_k_best(segmenter, examples, folder):
    draws = [_update(segmenter, folder, epoch, feedback_weight=0.0, k=3)[1] for epoch in range(3)]
    different = 0
    for example in examples:
        overlap = _overlap_costs(example, blocks(example))
        eligible = _eligible(overlap, 0.5)
        for b in _objects(example):
            third = np.sort(overlap[b, eligible[b]])[:3].max()
            picked = [draw[example.source_id][b] for draw in draws]
            assert all(eligible[b, n] and overlap[b, n] <= third + 1e-6 for n in picked)
            different += len(set(picked)) > 1
    assert different > 0


def test_the_labelling_depends_neither_on_sharding_nor_on_batches(
    segmenter, examples, folder, tmp_path
):
    report, chosen = _update(segmenter, folder, epoch=2, feedback_weight=3.0, seed=9)
    resharded = write(tmp_path / "resharded", examples[::-1], blocks, num_shards=4)
    for batch in (1, 4):
        theirs, other = _update(
            segmenter, resharded, epoch=2, feedback_weight=3.0, seed=9, update_batch=batch
        )
        assert chosen.keys() == other.keys() and len(chosen) == NUM_IMAGES
        for name in chosen:
            np.testing.assert_array_equal(chosen[name], other[name])
        assert dataclasses.asdict(theirs) == pytest.approx(dataclasses.asdict(report), rel=1e-5)


@pytest.mark.parametrize("difficult", ["ignore", "learn"])
def test_the_reported_iou_is_that_of_the_painted_masks(segmenter, examples, folder, difficult):
    report, chosen = _update(segmenter, folder, difficult=difficult)
    truths, painted = [], []
    for example in examples:
        if example.mask is None:
            continue
        void = example.is_crowd | (example.difficult & (difficult == "ignore"))
        np.testing.assert_array_equal(chosen[example.source_id] == RECTANGLE, void)
        scene = chosen[example.source_id], example.boxes, example.labels, void, True
        label_map = paint_by_pixel(blocks(example), *scene)
        known = example.mask != VOID
        truths.append(example.mask[known])
        painted.append(np.where(label_map == VOID, 0, label_map)[known])
    iou = metrics.jaccard_score(np.concatenate(truths), np.concatenate(painted), average=None)
    assert report.pseudo_mask_mean_iou == pytest.approx(iou.mean(), rel=1e-9)


def test_a_box_of_another_class_may_choose_by_its_box_alone(segmenter, tmp_path):
    """Every second box is of no class; a crowd of a class stays its box."""
    examples = [make_example(f"image{i}", i) for i in range(NUM_IMAGES)]
    others = [np.arange(len(e.boxes)) % 2 == 1 for e in examples]
    examples = [
        dataclasses.replace(e, labels=np.where(other, 0, e.labels), is_crowd=e.is_crowd | other)
        for e, other in zip(examples, others, strict=True)
    ]
    folder = write(tmp_path / "others", examples, blocks)
    whole, of_boxes = _update(segmenter, folder, feedback_weight=3.0)
    report, chosen = _update(segmenter, folder, feedback_weight=3.0, ignored_boxes="candidate")
    num_others = 0
    for example, other in zip(examples, others, strict=True):
        found, costs = chosen[example.source_id], _overlap_costs(example, blocks(example))
        best = np.where(_eligible(costs, 0.5), costs, np.inf).argmin(axis=1)
        np.testing.assert_array_equal(found[other], best[other])
        assert (of_boxes[example.source_id][other] == RECTANGLE).all()
        np.testing.assert_array_equal(found[~other], of_boxes[example.source_id][~other])
        num_others += other.sum()
    assert num_others > 2
    # What is said is of objects, and what is void is no foreground.
    ours, expected = (dataclasses.asdict(each) for each in (report, whole))
    for name in ("overlap_cost", "regression_cost", "coverage", "changed_share", "num_rectangles"):
        assert ours[name] == expected[name]


def test_without_true_masks_there_is_no_iou(segmenter, tmp_path):
    examples = [make_example(f"image{i}", i, mask=False) for i in range(2)]
    report, _ = _update(segmenter, write(tmp_path / "maskless", examples, blocks))
    assert report.pseudo_mask_mean_iou is None


def test_rectangles_paint_the_rectangles(segmenter, examples, tmp_path):
    folder = write(tmp_path / "rectangles", examples, rectangles)
    report, chosen = _update(segmenter, folder, feedback_weight=3.0)
    truths, painted = [], []
    for example, serialized in zip(examples, shards.read_records(folder), strict=True):
        num = len(example.boxes)
        own = np.where(example.is_crowd, RECTANGLE, np.arange(num))
        np.testing.assert_array_equal(chosen[example.source_id], own)
        pool = records.decode_pool(serialized)
        scene = example.boxes, example.labels, example.is_crowd
        label_map = paint_by_pixel(pool, chosen[example.source_id], *scene, True)
        plain = paint_by_pixel(pool, np.full(num, RECTANGLE), *scene, True)
        np.testing.assert_array_equal(label_map, plain)
        if example.mask is not None:
            known = example.mask != VOID
            truths.append(example.mask[known])
            painted.append(np.where(plain == VOID, 0, plain)[known])
    iou = metrics.jaccard_score(np.concatenate(truths), np.concatenate(painted), average=None)
    assert report.pseudo_mask_mean_iou == pytest.approx(iou.mean(), rel=1e-9)
    assert report.overlap_cost == pytest.approx(0, abs=1e-6)


def test_an_empty_pool_is_counted_and_painted_as_the_rectangle(segmenter, tmp_path):
    def nothing(example):

        return CandidatePool.from_masks(np.zeros((0, SIDE, SIDE), bool), "none")

    examples = [make_example(f"image{i}", i) for i in range(2)]
    for weight in (0.0, 3.0):
        folder = write(tmp_path / f"empty{weight}", examples, nothing)
        report, chosen = _update(segmenter, folder, feedback_weight=weight)
        assert report.num_rectangles == sum(len(_objects(e)) for e in examples)
        assert all((c == RECTANGLE).all() for c in chosen.values())
        assert report.pseudo_mask_mean_iou is not None


def test_without_box_sources_there_is_nothing_to_do(segmenter, tmp_path):
    folder = write(tmp_path / "masks", [make_example("a", 0, boxes=False)], None, 1)
    sources = load_sources(f"{folder}:mask")
    config = TrainConfig("")
    update = MaskUpdate(
        TrainingNetwork(segmenter, config), sources, Labelling({}), config, Workers()
    )
    assert update.num_images == 0 and not update.has_choice
    labelling, report = update.run(0, _plan(3.0))
    assert labelling.size == 0 and report.changed_share == 0
    assert report.pseudo_mask_mean_iou is None


def test_the_prior_prefers_candidates_that_fill_their_box(segmenter, examples, folder):
    greedy = {"feedback_weight": 0.0, "k": 1, "min_box_iou": 0.0}
    _, chosen = _update(segmenter, folder, prior_weight=9.0, **greedy)
    _, plain = _update(segmenter, folder, **greedy)
    moved = 0
    for example in examples:
        pool = blocks(example)
        overlap, fill = _overlap_costs(example, pool), _coverages(example, pool)
        cost = overlap + 9 / (1 + fill)
        objects = _objects(example)
        picked = chosen[example.source_id][objects]
        np.testing.assert_allclose(cost[objects, picked], cost.min(axis=1)[objects], atol=1e-5)
        moved += (picked != plain[example.source_id][objects]).sum()
    assert moved > 0


def test_weights_by_class_are_those_of_each_box(segmenter, examples, folder):
    config = TrainConfig("", belief="cross_entropy", **EXACT)
    sources = load_sources(f"{folder}:box")
    labelling = Labelling({f"0/{e.source_id}": e.num_boxes for e in sources[0].examples})
    update = MaskUpdate(TrainingNetwork(segmenter, config), sources, labelling, config, Workers())
    labels = np.zeros(labelling.chosen.shape, int)
    for example in examples:
        slots = labelling.slots(tf.constant(f"0/{example.source_id}"), len(example.labels))
        labels[slots.numpy()] = example.labels
    feedback = np.array([0.0, 30.0, 0.0, 30.0])[: len(CLASS_NAMES)]
    prior = np.array([0.0, 0.0, 9.0, 0.0])[: len(CLASS_NAMES)]
    found = update.run(0, _plan(feedback, prior))[0]
    pure = {
        label: update.run(0, _plan(feedback[label], prior[label]))[0]
        for label in range(1, len(feedback))
    }
    expected = np.choose(labels, [found, *pure.values()])
    np.testing.assert_array_equal(found, expected)
    assert any((pure[1] != other).any() for other in pure.values())


def test_reports_how_much_is_covered_and_how_much_changed(segmenter, examples, folder):
    """A second update, by another cost, against pixels counted by hand."""
    config = TrainConfig("", k=1)
    sources = load_sources(f"{folder}:box")
    labelling = Labelling({f"0/{e.source_id}": e.num_boxes for e in sources[0].examples})
    update = MaskUpdate(TrainingNetwork(segmenter, config), sources, labelling, config, Workers())
    labelling.chosen.assign(update.run(0, _plan(0.0))[0])
    first = labelling.chosen.numpy()
    after, report = update.run(1, _plan(3.0))
    painted = {"former": [], "new": []}
    fills, changed = [], []
    for example in examples:
        pool, num = blocks(example), len(example.boxes)
        slots = labelling.slots(tf.constant(f"0/{example.source_id}"), num).numpy()
        for name, chosen in (("former", first[slots]), ("new", after[slots])):
            scene = chosen, example.boxes, example.labels, example.is_crowd
            painted[name].append(paint_by_pixel(pool, *scene, True))
        objects = _objects(example)
        changed += (first != after)[slots][objects].tolist()
        fills += _coverages(example, pool)[objects, after[slots][objects]].tolist()
    former, new = (np.concatenate(painted[name]).ravel() for name in ("former", "new"))
    known = (former != VOID) & (new != VOID)
    iou = metrics.jaccard_score(former[known], new[known], average=None)
    assert report.agreement == pytest.approx(iou.mean(), rel=1e-9)
    assert report.foreground_share == pytest.approx((new[known] > 0).mean())
    assert report.coverage == pytest.approx(np.mean(fills), rel=1e-5)
    assert report.changed_share == pytest.approx(np.mean(changed))
