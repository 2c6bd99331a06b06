"""Where the shards of a data set are made: by the local program, or by a cluster."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from boxsup_tf.errors import InputError, require

Item = TypeVar("Item")

RUNNERS = ("local", "beam")


class Runner(Protocol):
    """Applies a function to items, in whatever processes on whatever machines."""

    def run(self, function: Callable[[Item], None], items: Sequence[Item]) -> None:
        """Returns when every item is done.

        Args:
            function: picklable. It may be called twice with an item, also at the same time, where
                the first call or its machine seems to be dead.
            items: picklable; few and small, for they stand for work that takes minutes.
        """
        ...


def make_runner(name: str, beam_args: str = "") -> Runner | None:
    """A runner by its name; None for the local program, which works without.

    Args:
        name: one of `RUNNERS`.
        beam_args: see `beam_runner.BeamRunner`.

    Raises:
        InputError: the name is unknown, Beam is not installed, or as `BeamRunner`.
    """
    if name == "local":
        return None
    if name not in RUNNERS:
        raise InputError(f"--runner={name}: expected one of {', '.join(RUNNERS)}")
    require("apache_beam", "pip install 'boxsup_tf[beam]'", "--runner=beam")
    from boxsup_tf.workers.beam_runner import BeamRunner  # takes seconds to import

    return BeamRunner(beam_args)
