"""The error a user can act on, and how a script shows it."""

import sys
from collections.abc import Callable, Sequence

from absl import app, flags, logging


class InputError(ValueError):
    """Bad input: the message names the file, the offending value and what was expected."""


def run_script(main: Callable[[Sequence[str]], object]) -> None:
    """Runs `main` under absl; an `InputError` ends it as one line on stderr, exit status 1.

    So does an `OSError` that names its file, as of an output folder that cannot be written to.

    Args:
        main: takes the arguments that are left after the flags were parsed.
    """

    def guarded(argv: Sequence[str]) -> None:
        if len(argv) > 1:
            sys.exit(f"error: unexpected argument {argv[1]!r}: expected flags only (see --help)")
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)  # TensorFlow reports every checkpoint
        try:
            main(argv)
        except InputError as error:
            sys.exit(f"error: {error}")
        except OSError as error:
            if error.filename is None:
                raise
            sys.exit(f"error: {error.filename}: cannot be read or written: {error.strerror}")
        except KeyboardInterrupt:
            sys.exit("interrupted: run the same command again to go on from what is done")

    app.run(guarded)
