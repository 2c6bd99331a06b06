"""training.sources: what may be a training set, and what is said of what may not."""

import dataclasses
import re

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records import dataset_info
from boxsup_tf.records.records import decode_example
from boxsup_tf.training.sources import check_pruning, load_sources, with_most_objects
from tests.training.folders import CLASS_NAMES, make_example, rectangles, scattered, write


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Folders of some good and bad examples, by what is in them."""
    root = tmp_path_factory.mktemp("sources")
    full = [make_example(f"image{i}", i) for i in range(3)]
    masks = [make_example(f"mask{i}", i, boxes=False) for i in range(2)]
    boxes = [make_example(f"box{i}", i, mask=False) for i in range(2)]

    def other_size(_) -> CandidatePool:
        return CandidatePool.from_masks(np.ones((1, 20, 33), bool), "other")

    def one_too_many(example) -> CandidatePool:
        masks = np.ones((len(example.boxes) + 1, 33, 33), bool)
        return CandidatePool.from_masks(masks, "other", one_per_box=True)

    birds = (*CLASS_NAMES[:3], "ostrich")
    return {
        "full": write(root / "full", full, scattered),
        "mixed": write(root / "mixed", [*full, *masks], scattered, 3),
        "rectangles": write(root / "rectangles", full, rectangles),
        "masks": write(root / "masks", masks, None),
        "boxes": write(root / "boxes", boxes, scattered),
        "poolless": write(root / "poolless", full, None),
        "other_size": write(root / "other_size", full, other_size),
        "one_too_many": write(root / "one_too_many", full, one_too_many),
        "birds": write(root / "birds", full, scattered, class_names=birds),
        "more": write(root / "more", full, scattered, class_names=(*CLASS_NAMES, "fox")),
    }


def test_usable_examples_of_each_kind(folders):
    specification = f"{folders['mixed']}:box, {folders['mixed']}:mask,{folders['masks']}:mask"
    box, mixed_masks, masks = load_sources(specification)
    assert [e.source_id for e in box.examples] == ["image0", "image1", "image2"]
    assert len(mixed_masks.examples) == 5 and len(masks.examples) == 2
    assert [source.is_box for source in (box, mixed_masks, masks)] == [True, False, False]
    ids = {s.example_id(e) for s in (box, mixed_masks, masks) for e in s.examples}
    assert len(ids) == 3 + 5 + 2, "one image in two sources is two examples"
    assert load_sources(f"{folders['rectangles']}:box")[0].examples[0].one_per_box


@pytest.mark.parametrize(
    "specification", ["", ":box", "full", "full:", "full:boxes", "full:BOX", "{full}:box,", ","]
)
def test_a_bad_specification_is_named(folders, specification):
    with pytest.raises(InputError, match="--train_data: .*: expected DIR:box or DIR:mask"):
        load_sources(specification.format(**folders))


def test_missing_and_unfinished_folders(tmp_path):
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "no" / "dataset.json"))):
        load_sources(f"{tmp_path / 'no'}:box")
    dataset_info.DatasetInfo({}, CLASS_NAMES, 1).save(str(tmp_path))
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))}: unfinished"):
        load_sources(f"{tmp_path}:mask")


@pytest.mark.parametrize(
    ("name", "supervision", "message"),
    [
        ("boxes", "mask", "none of its 2 images has masks"),
        ("masks", "box", "none of its 2 images has annotated boxes"),
        ("poolless", "box", "image0 has no candidate pool: expected a folder written by"),
        ("other_size", "box", r"\(20, 33\) .*the image's \(33, 33\); it belongs to another data"),
        ("one_too_many", "box", r"holds \d candidates: expected one for each of its \d boxes"),
    ],
)
def test_a_folder_that_cannot_teach_it_is_named(folders, name, supervision, message):
    with pytest.raises(InputError, match=message) as caught:
        load_sources(f"{folders[name]}:{supervision}")
    assert str(caught.value).startswith(f"{folders[name]}: ")


@pytest.mark.parametrize(
    ("first", "other", "message"),
    [
        ("full", "birds", "label 3 is 'ostrich': expected 'emu'"),
        ("full", "more", "label 4 is 'fox': expected 'no class'"),
        ("more", "full", "label 4 is 'no class': expected 'fox'"),
    ],
)
def test_classes_must_be_the_same(folders, first, other, message):
    with pytest.raises(InputError, match=message) as caught:
        load_sources(f"{folders[first]}:box,{folders[other]}:mask")
    assert folders[first] in str(caught.value) and folders[other] in str(caught.value)


def test_a_missing_shard_is_named(tmp_path):
    folder = write(tmp_path / "gone", [make_example(str(i), i) for i in range(3)], scattered)
    (tmp_path / "gone" / "data-00001-of-00002.tfrecord").unlink()
    with pytest.raises(InputError, match="data-00001-of-00002.tfrecord: shard not found"):
        load_sources(f"{folder}:box")


def test_a_folder_pruned_above_the_training_s_box_overlap_is_refused(folders, tmp_path):
    def pruned(name: str, supervision: str) -> list:
        (source,) = load_sources(f"{folders[name]}:{supervision}")
        settings = {"prune_box_iou": 0.7}
        info = dataclasses.replace(source.info, settings=settings)
        return [dataclasses.replace(source, info=info)]

    for min_box_iou in (0.7, 0.9):
        check_pruning(pruned("full", "box"), min_box_iou)
    check_pruning(load_sources(f"{folders['full']}:box"), 0.0)
    message = "--prune_box_iou=0.7.* expected at most --min_box_iou=0.5"
    with pytest.raises(InputError, match=message) as caught:
        check_pruning(pruned("full", "box"), 0.5)
    assert str(caught.value).startswith(f"{folders['full']}: ")
    # Where boxes have candidates of their own, and where masks teach, nothing can be missing.
    check_pruning(pruned("rectangles", "box"), 0.5)
    check_pruning(pruned("full", "mask"), 0.5)


@pytest.mark.parametrize("with_difficult", [True, False])
def test_examples_with_most_objects(folders, with_difficult):
    sources = load_sources(f"{folders['masks']}:mask,{folders['mixed']}:box,{folders['full']}:box")
    counts = {}
    for source in sources[1:]:
        for record in map(source.read, range(len(source.examples))):
            example = decode_example(record)
            objects = ~example.is_crowd & (with_difficult | ~example.difficult)
            counts[f"{source.number}/{example.source_id}"] = np.count_nonzero(objects)
    expected = sorted(counts, key=lambda example_id: (-counts[example_id], example_id))
    assert len(expected) == 6
    for count in (0, 1, 4, 9):
        found = with_most_objects(sources, count, with_difficult)
        assert [s.example_id(s.examples[n]) for s, n in found] == expected[:count]


def test_the_record_of_an_example(folders):
    """Usable examples are numbered through, records are not."""
    for supervision in ("box", "mask"):
        (source,) = load_sources(f"{folders['mixed']}:{supervision}")
        for number, summary in enumerate(source.examples):
            assert decode_example(source.read(number)).source_id == summary.source_id
