"""The error a user can act on, and how a program shows it."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from absl import app, logging


class InputError(ValueError):
    """Bad input: the message names the file, the offending value and what was expected."""


@contextlib.contextmanager
def shown_in_one_line() -> Iterator[None]:
    """An `InputError` ends the program as one line on stderr, exit status 1.

    So does an `OSError` that names its file, as of an output folder that cannot be written to, and
    an interrupt.
    """
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"error: {error.filename}: cannot be read or written: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("interrupted: run the same command again to go on from what is done")


def run_script(main: Callable[[Sequence[str]], object]) -> None:
    """Runs `main` under absl, see `shown_in_one_line`.

    Args:
        main: takes the arguments that are left after the flags were parsed.
    """

    def guarded(argv: Sequence[str]) -> None:
        logging.set_verbosity(logging.WARNING)  # TensorFlow reports every checkpoint
        with shown_in_one_line():
            main(argv)

    app.run(guarded)
