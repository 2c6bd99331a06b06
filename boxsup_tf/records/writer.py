"""Writes a folder of TFRecord shards: resumable, with a progress bar."""

import contextlib
import dataclasses
import functools
import hashlib
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.records.dataset_info import (
    DATASET_FILE,
    DatasetInfo,
    Repairs,
    SkippedImage,
    even_sizes,
    shard_paths,
)
from boxsup_tf.records.index import Index, Summary, save_index
from boxsup_tf.records.record_writer import record_writer
from boxsup_tf.records.repairs import add_repairs
from boxsup_tf.records.shard_maker import ERROR, PART, Records, Shard, make_shards
from boxsup_tf.records.shard_report import REPORT_ENDING, ShardReport
from boxsup_tf.records.shards import index_ranges
from boxsup_tf.records.untuned import untuned
from boxsup_tf.workers.runner import Runner

_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]"
_LEFTOVERS = (".tmp", PART, ERROR, REPORT_ENDING)  # of earlier runs, too


def write_dataset(
    folder: str,
    info: DatasetInfo,
    num_examples: int,
    make_records: Callable[[range], Records],
    description: str,
    digest: str | None = None,
    runner: Runner | None = None,
) -> DatasetInfo:
    """Writes the shards that are missing, then their index and dataset.json.

    A shard appears under its name only when it is whole. An interrupted run goes on with the
    first missing shard, behind what can still be read of it (a runner begins missing shards anew).
    Contents and number of the shards do not depend on the run.

    Args:
        folder: created where missing.
        info: settings, classes and number of shards; the rest is filled in here.
        num_examples: examples in all shards.
        make_records: the serialised examples of a range of example indices, in order. Those
            skipped are remembered in dataset.json, and not tried again.
        description: what the progress bar says.
        digest: of the examples where it is known already (a pool added to known examples).
        runner: makes the shards, several at a time; `make_records` must be picklable then. None:
            they are made here, one after the other.

    Returns:
        `info` with its counts, as written to dataset.json.

    Raises:
        InputError: the folder holds examples made with other settings; two examples have the
            same source id; every example was skipped (which leaves the folder empty); or as
            `shard_maker.make_shards`.
    """
    files.make_folders(folder)
    if files.exists(os.path.join(folder, DATASET_FILE)):
        found = DatasetInfo.load(folder)
        owned = OwnedFolder(folder, DATASET_FILE, "a dataset", "prepare_data.py")
        was, now = _settings_of(found), _settings_of(info)
        lost = [path for path in shard_paths(folder, found.num_shards) if not files.exists(path)]
        if found.complete or any(map(files.size, files.matching(folder, "*.tfrecord*"))):
            owned.check(was, now)
        elif not owned.fits(was, now):  # and nothing that they made
            found = info
        if found.complete and not lost:
            print(f"{folder}: already complete, {found.num_images} images: nothing to do")
            return found
        if found.complete:
            print(f"{folder}: {len(lost)} of {found.num_shards} shards are gone: made again")
        info = dataclasses.replace(info, skipped=found.skipped)
    bounds = index_ranges(even_sizes(num_examples, info.num_shards))
    shards = list(map(Shard, shard_paths(folder, info.num_shards), bounds))
    info = _with_reported(info, shards)
    info.save(folder)
    with tqdm(total=num_examples, desc=description, unit=" images", bar_format=_BAR) as progress:
        missing = [shard for shard in shards if not files.exists(shard.path)]
        _pass_over(progress, num_examples - sum(len(shard.indices) for shard in missing))
        if runner is not None:
            make_shards(runner, missing, make_records, functools.partial(_show_made, progress))
            info = _with_reported(info, missing)
        else:
            for path, indices in missing:
                info = _write_shard(path, info, indices, make_records, progress)
    complete = _count(folder, info, num_examples, digest)
    complete.save(folder)
    for ending in _LEFTOVERS:
        for leftover in files.matching(folder, f"*{ending}"):
            files.remove(leftover)
    return complete


def _with_reported(info: DatasetInfo, shards: Sequence[Shard]) -> DatasetInfo:
    """`info` with what was skipped in shards that have a report, and with nothing else in these."""
    skipped = {image.index: image for image in info.skipped}
    for shard in shards:
        if report := ShardReport.load(shard.path):
            kept = {index: image for index, image in skipped.items() if index not in shard.indices}
            skipped = kept | {image.index: image for image in report.skipped}
    ordered = sorted(skipped.values(), key=lambda image: image.index)
    return dataclasses.replace(info, skipped=tuple(ordered))


def _show_made(progress: tqdm, shard: Shard, report: ShardReport) -> None:
    progress.update(len(shard.indices))
    for image in report.skipped:
        _show_skipped(progress, image)


def _show_skipped(progress: tqdm, image: SkippedImage) -> None:
    progress.write(f"skipped {image.source_id}: {image.reason}", file=sys.stderr)


def _write_shard(
    path: str,
    info: DatasetInfo,
    indices: range,
    make_records: Callable[[range], Records],
    progress: tqdm,
) -> DatasetInfo:
    """Writes one shard; returns `info` with what was skipped, which dataset.json holds, too."""
    folder = os.path.dirname(path)
    # Its own name, also where process numbers repeat, as in containers.
    temporary = f"{path}.{uuid.uuid4().hex}.tmp"
    # The file in which killed runs got furthest with this shard.
    leftover = max(
        files.matching(folder, f"{os.path.basename(path)}.*.tmp"), key=files.size, default=None
    )
    skipped = {image.index: image for image in info.skipped}
    with record_writer(temporary) as write:
        position = indices.start
        for kept in _whole_records(leftover) if leftover else ():
            while position in skipped:
                position += 1
            write(kept)
            position += 1
        _pass_over(progress, position - indices.start)
        left = range(position, indices.stop)
        info = _save_skipped(info, folder, [s for i, s in skipped.items() if i not in left])
        for record in make_records(left):
            if isinstance(record, SkippedImage):
                # At once: a resumed run must know to which examples the records belong.
                info = _save_skipped(info, folder, [*info.skipped, record])
                progress.set_postfix_str(f"{len(info.skipped)} skipped", refresh=False)
                _show_skipped(progress, record)
            else:
                write(record)
            progress.update()
    files.replace(temporary, path)
    return info


def _save_skipped(info: DatasetInfo, folder: str, skipped: list[SkippedImage]) -> DatasetInfo:
    ordered = sorted(skipped, key=lambda image: image.index)
    info = dataclasses.replace(info, skipped=tuple(ordered))
    info.save(folder)
    return info


def _pass_over(progress: tqdm, count: int) -> None:
    """Counts what was there before this run, which must not count into its rate."""
    progress.update(count)
    if not progress.disable:  # or it keeps no count
        progress.initial += count


def _whole_records(leftover: str) -> Iterator[bytes]:
    with contextlib.suppress(tf.errors.DataLossError):  # the record that was being written
        yield from untuned(tf.data.TFRecordDataset(leftover)).as_numpy_iterator()


def _settings_of(info: DatasetInfo) -> dict[str, Any]:
    return {**info.settings, "class_names": info.class_names, "num_shards": info.num_shards}


def _count(folder: str, info: DatasetInfo, num_examples: int, digest: str | None) -> DatasetInfo:
    """Reads the shards without a report once; fills in the counts and writes the index."""
    seen: set[str] = set()
    sha = hashlib.sha256()
    summaries: list[Summary] = []
    shard_sizes = []
    repairs: Repairs = {}
    for path in shard_paths(folder, info.num_shards):
        report = ShardReport.load(path) or ShardReport.read(path)
        for summary, record_digest in zip(report.summaries, report.digests, strict=True):
            if summary.source_id in seen:
                raise InputError(f"{folder}: two images have the source id {summary.source_id!r}")
            seen.add(summary.source_id)
            sha.update(bytes.fromhex(record_digest))
        summaries += report.summaries
        shard_sizes.append(len(report.summaries))
        add_repairs(repairs, report.repairs)
    if len(summaries) + len(info.skipped) != num_examples:
        raise InputError(
            f"{folder}: {len(summaries)} examples and {len(info.skipped)} skipped: expected "
            f"{num_examples} in all; delete the folder and run the command again"
        )
    if not summaries:
        _forget_everything(folder, info)
    if digest and info.skipped:  # no longer the examples whose digest that is
        ids = [digest, *(image.source_id for image in info.skipped)]
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    index = Index.of(summaries)
    complete = dataclasses.replace(
        info,
        complete=True,
        **index.counts,  # type: ignore[arg-type]
        digest=digest or sha.hexdigest(),
        shard_sizes=tuple(shard_sizes),
        repairs=repairs,
    )
    save_index(folder, complete, index)
    return complete


def _forget_everything(folder: str, info: DatasetInfo) -> None:
    """Every example was skipped, so the cause is no example: once mended, all can be tried."""
    for path in shard_paths(folder, info.num_shards):
        files.remove(path)
        with contextlib.suppress(FileNotFoundError):
            files.remove(path + REPORT_ENDING)
    dataclasses.replace(info, skipped=()).save(folder)
    first = info.skipped[0]
    raise InputError(
        f"{folder}: every one of {len(info.skipped)} examples failed, the first, "
        f"{first.source_id}: {first.reason}"
    )
