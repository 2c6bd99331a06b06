"""What surrounds a training: the lock of its folder, and words for what may end it."""

import contextlib
from collections.abc import Iterator

from boxsup_tf.io.folder_lock import folder_lock
from boxsup_tf.training.damaged_records import damaged_records_explained
from boxsup_tf.training.missing_workers import missing_workers_explained
from boxsup_tf.training.strategy import cluster_of_environment
from boxsup_tf.training.write_errors import full_disk_explained


@contextlib.contextmanager
def guarded(model_dir: str, train_data: str, strategy: str) -> Iterator[None]:
    """For as long as a run learns; of several workers, the chief holds the lock.

    Raises:
        InputError: another process works in the folder; or what ends the run is a full disk,
            damaged records or a worker that is missing.
    """
    cluster = cluster_of_environment(strategy)
    is_chief = cluster is None or cluster.index == 0
    with (
        folder_lock(model_dir, "--model_dir") if is_chief else contextlib.nullcontext(),
        damaged_records_explained(train_data),
        full_disk_explained(model_dir),
        missing_workers_explained(cluster),
    ):
        yield
