"""box_quality.doubt and mask_ranking: from the records, against brute force."""

import csv
import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.box_quality.doubt import Doubt, DoubtMeter
from boxsup_tf.box_quality.mask_ranking import rank_for_masks, ranked, write_ids, write_table
from boxsup_tf.commands import rank_for_masks as command
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records.example import Example
from boxsup_tf.supervision.scoring import Scorer
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.sources import load_source
from boxsup_tf.training.training_example import ExampleTable, read_example
from tests.models.segmenters import make_segmenter
from tests.supervision.pools import paint_by_pixel
from tests.training.folders import CLASS_NAMES, SIDE, blocks, make_example, rectangles, write

NAMES = [f"image{i}" for i in range(6)]


def _expected(config: TrainConfig, example, pool, logits: np.ndarray, k: int) -> Doubt:
    """Of the definition, box by box and pixel by pixel."""
    tensors = (logits, pool.superpixels, pool.membership.T, example.boxes, example.labels)
    costs = Scorer(config.scoring)(*map(tf.constant, tensors[:4]), tf.constant(tensors[4], "int32"))
    overlap, regression = costs.overlap.numpy(), costs.regression.numpy()
    chosen = {"alone": [], "asked": []}
    disagreement = np.zeros((SIDE, SIDE))
    inside_any = np.zeros((SIDE, SIDE), bool)
    of_no_class = (config.ignored_boxes == "candidate") & (example.labels == 0)
    choosing = ~example.is_crowd | of_no_class
    for b, crowd in enumerate(example.is_crowd):
        top, left, bottom, right = example.boxes[b].astype(int)
        inside = np.zeros((SIDE, SIDE), bool)
        inside[top:bottom, left:right] = True
        near = overlap[b] <= 1 - config.min_box_iou
        near = near if near.any() else overlap[b] == overlap[b].min()
        weight = config.feedback_weight if example.labels[b] else 0.0
        prior = config.prior_weight / (1 + costs.coverage.numpy()[b]) if example.labels[b] else 0.0
        total = np.where(near, overlap[b] + weight * regression[b], np.inf)
        alone = np.where(near, overlap[b] + prior, np.inf)
        for name, cost in (("alone", alone), ("asked", total)):
            chosen[name].append(int(cost.argmin()) if choosing[b] else -1)
        if not choosing[b]:
            continue
        if not crowd:
            inside_any |= inside
        best = np.argsort(total, kind="stable")[: min(k, near.sum())]
        share = np.mean([pool.mask(n) for n in best], axis=0) * inside
        disagreement = np.maximum(disagreement, 4 * share * (1 - share))
    masks = {
        name: paint_by_pixel(pool, c, example.boxes, example.labels, example.is_crowd, True)
        for name, c in chosen.items()
    }
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    entropy = -(p * np.log(p)).sum(axis=2) / np.log(p.shape[2])
    wrong = None
    if example.mask is not None:
        known = (example.mask != VOID) & (masks["asked"] != VOID)
        wrong = (example.mask != masks["asked"])[known].mean()
    changed = (masks["alone"] != masks["asked"]).mean()
    return Doubt(changed, disagreement.mean(), (entropy * inside_any).mean(), wrong)


def _example(name: str, number: int, **values) -> Example:
    """One whose crowd is of no class, if there is one."""
    example = make_example(name, number, **values)
    return dataclasses.replace(example, labels=np.where(example.is_crowd, 0, example.labels))


@pytest.mark.parametrize("ignored_boxes", ["box", "candidate"])
def test_doubt_is_as_defined(ignored_boxes, tmp_path):
    config = TrainConfig(
        "unused:box",
        **{"min_box_iou": 0.2, "feedback_weight": 30.0, "prior_weight": 0.5},
        **{"belief": "centred", "ignored_boxes": ignored_boxes},
    )
    examples = [_example(name, i, mask=i > 1) for i, name in enumerate(NAMES)]
    assert any(0 in example.labels for example in examples)
    source = load_source(write(tmp_path / "records", examples, blocks), "box")
    spec = ExampleTable([source]).read(ExampleTable([source]).numbers()).element_spec
    meter = DoubtMeter(config, spec, len(CLASS_NAMES), k=3)
    rng, seen = np.random.default_rng(0), []
    for number, name in enumerate(NAMES):
        example = examples[number]
        logits = rng.normal(0, 3, (SIDE, SIDE, len(CLASS_NAMES))).astype(np.float32)
        doubt = meter(read_example(source, number), tf.constant(logits))
        seen.append(doubt)
        expected = _expected(config, example, blocks(example), logits, 3)
        assert (doubt.wrong is None) == (expected.wrong is None) == (number < 2)
        known = 3 if doubt.wrong is None else 4
        np.testing.assert_allclose(doubt[:known], expected[:known], atol=1e-5, err_msg=name)
    assert len({doubt.changed for doubt in seen}) > 1 and max(d.changed for d in seen) > 0


def test_nothing_is_in_doubt_without_boxes_or_candidates(tmp_path):
    example = make_example("a", 0)
    flags = {name: np.zeros(0, bool) for name in ("difficult", "truncated", "is_crowd")}
    no_box = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    empty = dataclasses.replace(example, boxes=no_box[0], labels=no_box[1], **flags)
    no_pool = dataclasses.replace(example, source_id="b")

    def pool_of(each):
        if each.source_id == "a":
            return blocks(each)
        return CandidatePool.from_masks(np.zeros((0, SIDE, SIDE), bool), "none")

    source = load_source(write(tmp_path / "records", [empty, no_pool], pool_of), "box")
    spec = ExampleTable([source]).read(ExampleTable([source]).numbers()).element_spec
    meter = DoubtMeter(TrainConfig(train_data="unused:box"), spec, len(CLASS_NAMES), k=3)
    logits = tf.random.stateless_normal([SIDE, SIDE, len(CLASS_NAMES)], [0, 1])
    without_boxes, without_candidates = (meter(read_example(source, i), logits) for i in (0, 1))
    assert without_boxes[:3] == (0, 0, 0)
    assert without_candidates[:2] == (0, 0) and without_candidates.entropy > 0


def test_images_are_ranked_by_their_places_in_three_orders():
    doubts = {
        "b": Doubt(0.0, 0.3, 0.10, 0.0),
        "a": Doubt(0.0, 0.2, 0.30, 0.0),
        "d": Doubt(0.9, 0.1, 0.20, 0.0),
        "c": Doubt(0.1, 9.9, 0.40, 0.0),
    }
    expected = [("c", (2 + 3 + 3) / 9), ("d", 4 / 9), ("a", 3.5 / 9), ("b", 2.5 / 9)]
    for order in (doubts, dict(reversed(doubts.items()))):
        found = [(image.source_id, image.score) for image in ranked(order)]
        assert [name for name, _ in found] == [name for name, _ in expected]
        np.testing.assert_allclose([s for _, s in found], [s for _, s in expected])
    equal = {name: Doubt(0.5, 0.5, 0.5, 0.0) for name in "cab"}
    assert [image.source_id for image in ranked(equal)] == ["a", "b", "c"]


def test_the_table_and_the_list_have_the_order(run, records, tmp_path):
    images = rank_for_masks(run, records, with_masks=True)
    assert {image.source_id for image in images} == set(NAMES)
    write_ids(str(tmp_path / "ids.txt"), images[:4])
    assert read_ids(str(tmp_path / "ids.txt")) == [image.source_id for image in images[:4]]
    write_table(str(tmp_path / "ids.csv"), images)
    with (tmp_path / "ids.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [image.source_id for image in images]
    assert all((row["wrong"] == "") == (row["id"] in NAMES[:2]) for row in rows)


def test_the_command_ranks_what_has_no_mask_and_writes_a_share(run, records, tmp_path, capsys):
    path = str(tmp_path / "first.txt")
    command.run(command.Options(run, records, path, share=0.5))
    (first,) = read_ids(path)
    assert "1 of 2 images" in capsys.readouterr().out
    with (tmp_path / "first.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == set(NAMES[:2]) and rows[0]["id"] == first
    with pytest.raises(InputError, match="--output=a.csv: expected another ending"):
        command.Options(run, records, "a.csv")


def test_a_share_is_not_more_for_how_it_is_written(run, records, tmp_path, monkeypatch, capsys):
    images = rank_for_masks(run, records, with_masks=True)
    monkeypatch.setattr(command, "rank_for_masks", lambda *_: images[:1] * 100)
    path = str(tmp_path / "new" / "ids.txt")  # a folder that is made
    for share, count in ((0.07, 7), (0.55, 55), (0.071, 8)):
        command.run(command.Options(run, records, path, share=share))
        assert f"{count} of 100 images" in capsys.readouterr().out


def test_a_damaged_record_is_said_in_one_line(run, records, tmp_path):
    folder = shutil.copytree(records, tmp_path / "records")
    shard = next(folder.glob("*.tfrecord"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(InputError, match="records: a record is damaged or missing"):
        rank_for_masks(run, str(folder), with_masks=True)


def test_the_best_network_is_asked_unless_the_last_is_wanted(run, records, tmp_path, capsys):
    folder = shutil.copytree(run, tmp_path / "run")
    shutil.copytree(run, folder / "best", ignore=lambda *_: ["ckpt-1.index", "checkpoint"])
    model = make_segmenter(CLASS_NAMES, 0.05, seed=2).model
    tf.train.Checkpoint(model=model).save(str(folder / "best" / "ckpt"))
    tables = {}
    for checkpoint in ("best", "last"):
        path = str(tmp_path / f"{checkpoint}.txt")
        command.run(command.Options(str(folder), records, path, checkpoint))
        tables[checkpoint] = (tmp_path / f"{checkpoint}.csv").read_text()
        asked = folder / "best" if checkpoint == "best" else folder
        assert f"{asked}: the last checkpoint\n" in capsys.readouterr().out
    assert tables["best"] != tables["last"]


def test_what_cannot_be_ranked_is_refused(run, tmp_path):
    examples = [make_example(name, 0) for name in NAMES[:2]]
    masked = write(tmp_path / "masked", examples, blocks)
    with pytest.raises(InputError, match="all 2 images have a mask already: .* --with_masks"):
        rank_for_masks(run, masked)
    bare = [dataclasses.replace(example, mask=None) for example in examples]
    single = write(tmp_path / "single", bare, rectangles)
    with pytest.raises(InputError, match="one candidate per box: expected some to choose from"):
        rank_for_masks(run, single)
