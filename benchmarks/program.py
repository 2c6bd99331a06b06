"""How a benchmark's own program starts and ends."""

from collections.abc import Callable, Sequence

from absl import app, logging

from boxsup_tf.errors import shown_in_one_line


def run(main: Callable[[Sequence[str]], object]) -> None:
    """Runs `main` under absl, see `shown_in_one_line`.

    Args:
        main: takes the arguments that are left after the flags were parsed.
    """

    def guarded(argv: Sequence[str]) -> None:
        logging.set_verbosity(logging.WARNING)  # TensorFlow reports every checkpoint
        with shown_in_one_line():
            main(argv)

    app.run(guarded)
