"""Folders of records made from others: of a part of the images, or with other boxes."""

from collections.abc import Callable, Iterable

from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo, load_complete
from boxsup_tf.records.example import Example
from boxsup_tf.records.shards import read_records
from boxsup_tf.records.writer import write_dataset


def write_part(source: str, target: str, wanted: Iterable[str]) -> str:
    """Writes the records of the images of these ids, in the order of `source`; returns `target`."""
    ids = sorted(wanted)
    kept = [
        record
        for record in read_records(source)
        if records.decode_example(record).source_id in set(ids)
    ]
    return _write(source, target, kept, {"part": ids})


def write_changed(
    source: str, target: str, change: Callable[[Example], Example], settings: dict
) -> str:
    """Writes every record with other annotations and the same pool, if any; returns `target`.

    Args:
        settings: what names the change.
    """
    info = load_complete(source)

    def changed(record: bytes) -> bytes:
        example = change(records.decode_example(record))
        made = records.encode_example(example, info.class_names)
        pool = records.decode_pool(record)
        return records.add_pool(made, pool) if pool else made

    return _write(source, target, map(changed, read_records(source)), settings)


def _write(source: str, target: str, made: Iterable[bytes], settings: dict) -> str:
    info, made = load_complete(source), list(made)
    write_dataset(
        target,
        DatasetInfo(info.settings | settings, info.class_names, num_shards=2),
        len(made),
        lambda indices: (made[i] for i in indices),
        "write",
    )
    return target
