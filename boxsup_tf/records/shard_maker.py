"""Makes the shards of a folder by a runner: on other machines, each shard whole where it is made.

What travels are paths and indices. Everything else, the news of what was made included, is in
files, so the folder must be one that all machines see.
"""

import contextlib
import functools
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.records.dataset_info import SkippedImage
from boxsup_tf.records.record_writer import record_writer
from boxsup_tf.records.shard_report import ShardReport
from boxsup_tf.workers.runner import Runner
from boxsup_tf.workers.worker_pool import NoStart

# Serialised examples; for one that could not be made, what is to be said of it.
Records = Iterable[bytes | SkippedImage]

PART, ERROR = ".part", ".error"  # endings of what is gone when a folder is whole
_SEEN_BY_ALL = "the absolute path of a folder that all workers see"
_SECONDS_BETWEEN_LOOKS = 1.0


class Shard(NamedTuple):
    """A shard: the path of its file, and the examples that it holds."""

    path: str
    indices: range


def make_shards(
    runner: Runner,
    shards: Sequence[Shard],
    make_records: Callable[[range], Records],
    made: Callable[[Shard, ShardReport], None],
) -> None:
    """Makes shards with their reports.

    Args:
        runner: see `workers.runner`.
        shards: of one folder; none is there yet.
        make_records: picklable; see `writer.write_dataset`.
        made: told of every shard soon after it is there, by another thread.

    Raises:
        InputError: `make_records` raised one; shards that were begun are made to the end, the
            others are not begun. Or the workers wrote into a folder that is not seen here.
    """
    if not shards:
        return
    _remove_errors(shards)
    with _watched(shards, made):
        runner.run(functools.partial(make_shard, make_records=make_records), shards)
    try:
        for path in (shard.path + ERROR for shard in shards):
            if files.exists(path):
                raise InputError(files.read_text(path))
    finally:
        _remove_errors(shards)
    missing = [shard.path for shard in shards if not files.exists(shard.path)]
    if missing:
        raise InputError(
            f"{missing[0]}: not there, as {len(missing)} of {len(shards)} shards, when all workers "
            f"were done: expected {_SEEN_BY_ALL}"
        )


def make_shard(shard: Shard, make_records: Callable[[range], Records]) -> None:
    """Makes one shard, unless it is there or one of the folder has failed.

    The shard takes its name when it is whole, so that it may be tried by two workers at a time.

    Raises:
        InputError: its folder is not seen here. (One of `make_records` is left in a file.)
        NoStart: as of a `WorkerPool`.
    """
    folder = os.path.dirname(shard.path)
    if not files.is_folder(folder):
        raise InputError(f"{folder}: not seen by a worker: expected {_SEEN_BY_ALL}")
    if files.exists(shard.path) or any(files.matching(folder, f"*{ERROR}")):
        return
    temporary = f"{shard.path}.{uuid.uuid4().hex}{PART}"
    skipped = []
    try:
        with record_writer(temporary) as write:
            for record in make_records(shard.indices):
                if isinstance(record, SkippedImage):
                    skipped.append(record)
                else:
                    write(record)
        ShardReport.read(temporary, tuple(skipped)).save(shard.path)
        files.replace(temporary, shard.path)
    except NoStart:  # as where a cluster takes the machine back: it tries on another
        raise
    except InputError as error:  # no machine can help that: it is kept from the cluster
        with files.create(shard.path + ERROR) as file:
            file.write(str(error))
    finally:
        with contextlib.suppress(FileNotFoundError):
            files.remove(temporary)


@contextlib.contextmanager
def _watched(shards: Sequence[Shard], made: Callable[[Shard, ShardReport], None]) -> Iterator[None]:
    """Tells of shards as they appear; of all, when it is left."""
    waiting, ended = list(shards), threading.Event()

    def look() -> None:
        for shard in list(waiting):
            if report := ShardReport.load(shard.path):
                made(shard, report)
                waiting.remove(shard)

    def watch() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        look()


def _remove_errors(shards: Sequence[Shard]) -> None:
    for shard in shards:
        with contextlib.suppress(FileNotFoundError):
            files.remove(shard.path + ERROR)
