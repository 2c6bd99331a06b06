"""The training set: a list of data sources with their supervision, checked before any work."""

import dataclasses
import heapq
from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.records import dataset_info
from boxsup_tf.records.index import Index, Summary, load_index
from boxsup_tf.records.places import Places, places_of
from boxsup_tf.records.shards import read_range
from boxsup_tf.supervision.labelling import Labelling

SUPERVISION_BOX, SUPERVISION_MASK = "box", "mask"


@dataclasses.dataclass(frozen=True)
class Source:
    """A folder of TFRecords and what is learnt from it.

    Attributes:
        folder: written by generate_proposals.py (box) or prepare_data.py (mask).
        supervision: `SUPERVISION_BOX` or `SUPERVISION_MASK`.
        info: its dataset.json.
        number: its place in the list; part of its examples' ids.
        examples: the index of its usable examples, those that have what is learnt from.
        places: where these are in the shards.
    """

    folder: str
    supervision: str
    info: dataset_info.DatasetInfo
    number: int
    examples: Index
    places: Places

    @property
    def is_box(self) -> bool:
        return self.supervision == SUPERVISION_BOX

    def example_id(self, summary: Summary) -> str:
        """Unique over the whole training set."""
        return f"{self.number}/{summary.source_id}"

    def read(self, number: int) -> bytes:
        """The record of the usable example `number`, reading no shard but its own."""
        position = int(self.examples.positions[number])
        return next(read_range(self.folder, self.info, range(position, position + 1)))


def load_sources(specification: str) -> list[Source]:
    """Loads a list such as `voc_train_scg:box,voc_masks:mask`.

    Raises:
        InputError: not of that form; a folder is missing, unfinished or empty; the class lists
            differ; a source lacks the boxes, pools or masks that it is to teach.
    """
    sources = []
    for number, item in enumerate(part.strip() for part in specification.split(",")):
        folder, _, supervision = item.rpartition(":")
        if not folder or supervision not in (SUPERVISION_BOX, SUPERVISION_MASK):
            raise InputError(f"--train_data: {item!r}: expected DIR:box or DIR:mask")
        sources.append(load_source(folder, supervision, number))
        dataset_info.check_same_classes(
            sources[0].folder, sources[0].info.class_names, folder, sources[-1].info.class_names
        )
    return sources


def empty_labelling(sources: Sequence[Source]) -> Labelling:
    """A labelling of all boxes of the box sources, in which none has a candidate yet."""
    return Labelling(
        {
            source.example_id(example): example.num_boxes
            for source in sources
            if source.is_box
            for example in source.examples
        }
    )


def check_pruning(
    sources: Sequence[Source], min_box_iou: float, box_tolerance: float = 0.0
) -> None:
    """Makes sure that no pool lacks a candidate that the training may choose.

    Args:
        sources: of `load_sources`.
        min_box_iou, box_tolerance: the training's.

    Raises:
        InputError: pools were pruned at a higher box IoU.
    """
    # What is left of a box whose edges all move in by the tolerance has this IoU with the box.
    needed = min_box_iou * (1 - 2 * box_tolerance) ** 2
    expected = f"--min_box_iou={min_box_iou:g}"
    if box_tolerance:
        expected = f"{needed:g}, for {expected} and --box_tolerance={box_tolerance:g}"
    for source in sources:
        pruned = source.info.settings.get("prune_box_iou", 0.0)
        # Where each box has a candidate of its own, none was taken away.
        shared = source.is_box and not source.examples.table["one_per_box"].all()
        if shared and pruned > needed:
            raise InputError(
                f"{source.folder}: its pools were pruned with --prune_box_iou={pruned:g}: expected "
                f"at most {expected}, or candidates are missing"
            )


def with_most_objects(
    sources: Sequence[Source], count: int, with_difficult: bool
) -> list[tuple[Source, int]]:
    """The examples of the box sources with most boxes of objects; ties by id.

    Args:
        sources: of `load_sources`.
        count: examples wanted; fewer are found where fewer have an object.
        with_difficult: whether boxes marked difficult count.

    Returns:
        Each example's source and its number in `Source.examples`.
    """
    ranked = (
        (-example.num_objects(with_difficult), source.example_id(example), source, number)
        for source in sources
        if source.is_box
        for number, example in enumerate(source.examples)
    )
    best = heapq.nsmallest(count, ranked, key=lambda entry: entry[:2])
    return [(source, number) for minus_objects, _, source, number in best if minus_objects]


def load_source(folder: str, supervision: str, number: int = 0) -> Source:
    """One source.

    Args:
        folder: of TFRecords.
        supervision: `SUPERVISION_BOX` or `SUPERVISION_MASK`.
        number: its place in the list.

    Raises:
        InputError: see `load_sources`.
    """
    info = dataset_info.load_complete(folder)
    index = load_index(folder, info)
    is_box = supervision == SUPERVISION_BOX
    usable = index.where(index.table["num_boxes"] >= 0 if is_box else index.table["has_mask"])
    if not len(usable):
        what = "annotated boxes" if is_box else "masks"
        raise InputError(
            f"{folder}: none of its {info.num_images} images has {what}: expected some in a "
            f":{supervision} source"
        )
    if is_box:
        for summary in usable:
            _check_pool(folder, summary)
    places = Places(*(column[usable.positions] for column in places_of(index, info)))
    return Source(folder, supervision, info, number, usable, places)


def _check_pool(folder: str, summary: Summary) -> None:
    if summary.num_candidates < 0:
        raise InputError(
            f"{folder}: {summary.source_id} has no candidate pool: expected a folder written by "
            "generate_proposals.py in a :box source"
        )
    size = summary.height, summary.width
    pool_size = summary.pool_height, summary.pool_width
    if pool_size != size:
        raise InputError(
            f"{folder}: the candidate pool of {summary.source_id} is {pool_size} (height, "
            f"width): expected the image's {size}; it belongs to another dataset"
        )
    if summary.one_per_box and summary.num_candidates != summary.num_boxes:
        raise InputError(
            f"{folder}: the candidate pool of {summary.source_id} holds {summary.num_candidates} "
            f"candidates: expected one for each of its {summary.num_boxes} boxes; it belongs to "
            "another dataset"
        )
