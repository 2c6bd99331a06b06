"""The training set: a list of data sources with their supervision, checked before any work."""

import dataclasses
from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.records import dataset_info, records, writer
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
        examples: the summaries of its usable examples, those that have what is learnt from.
    """

    folder: str
    supervision: str
    info: dataset_info.DatasetInfo
    number: int
    examples: tuple[records.Summary, ...]

    @property
    def is_box(self) -> bool:
        return self.supervision == SUPERVISION_BOX

    def example_id(self, summary: records.Summary) -> str:
        """Unique over the whole training set."""
        return f"{self.number}/{summary.source_id}"


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
        sources.append(_load_source(folder, supervision, number))
        dataset_info.check_same_classes(
            sources[0].folder, sources[0].info.class_names, folder, sources[-1].info.class_names
        )
    return sources


def empty_labelling(sources: Sequence[Source]) -> Labelling:
    """A labelling of all boxes of the box sources, in which none has a candidate yet."""
    return Labelling(
        {
            source.example_id(example): example.num_boxes or 0
            for source in sources
            if source.is_box
            for example in source.examples
        }
    )


def check_pruning(sources: Sequence[Source], min_box_iou: float) -> None:
    """Makes sure that no pool lacks a candidate that the training may choose.

    Args:
        sources: of `load_sources`.
        min_box_iou: the training's.

    Raises:
        InputError: pools were pruned at a higher box IoU.
    """
    for source in sources:
        pruned = source.info.settings.get("prune_box_iou", 0.0)
        # Where each box has a candidate of its own, none was taken away.
        shared = source.is_box and not all(example.one_per_box for example in source.examples)
        if shared and pruned > min_box_iou:
            raise InputError(
                f"{source.folder}: its pools were pruned with --prune_box_iou={pruned:g}: "
                f"expected at most --min_box_iou={min_box_iou:g}, or candidates are missing"
            )


def _load_source(folder: str, supervision: str, number: int) -> Source:
    info = dataset_info.load_complete(folder)
    source = Source(folder, supervision, info, number, ())
    usable = []
    for serialized in writer.read_records(folder, info.num_shards):
        summary = records.summarize(serialized)
        if source.is_box and summary.num_boxes is not None:
            _check_pool(folder, summary)
            usable.append(summary)
        elif not source.is_box and summary.has_mask:
            usable.append(summary)
    if not usable:
        what = "annotated boxes" if source.is_box else "masks"
        raise InputError(
            f"{folder}: none of its {info.num_images} images has {what}: expected some in a "
            f":{supervision} source"
        )
    return dataclasses.replace(source, examples=tuple(usable))


def _check_pool(folder: str, summary: records.Summary) -> None:
    if summary.pool_size is None:
        raise InputError(
            f"{folder}: {summary.source_id} has no candidate pool: expected a folder written by "
            "generate_proposals.py in a :box source"
        )
    if summary.pool_size != summary.size:
        raise InputError(
            f"{folder}: the candidate pool of {summary.source_id} is {summary.pool_size} (height, "
            f"width): expected the image's {summary.size}; it belongs to another dataset"
        )
    if summary.one_per_box and summary.num_candidates != summary.num_boxes:
        raise InputError(
            f"{folder}: the candidate pool of {summary.source_id} holds {summary.num_candidates} "
            f"candidates: expected one for each of its {summary.num_boxes} boxes; it belongs to "
            "another dataset"
        )
