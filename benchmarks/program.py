"""How a benchmark's own program starts and ends, and the device that it measures."""

import os
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from boxsup_tf.errors import InputError, shown_in_one_line

DEVICE = flags.DEFINE_enum("device", "cpu", ("cpu", "gpu"), "What networks run on.")


def run(main: Callable[[Sequence[str]], object]) -> None:
    """Runs `main` under absl, see `shown_in_one_line`.

    The device is told by the environment, which processes that are started hold, too.

    Args:
        main: takes the arguments that are left after the flags were parsed.
    """

    def guarded(argv: Sequence[str]) -> None:
        logging.set_verbosity(logging.WARNING)  # TensorFlow reports every checkpoint
        with shown_in_one_line():
            if DEVICE.value == "cpu":
                os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
            else:
                os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
                from boxsup_tf.workers import devices  # TensorFlow, after the environment

                if not devices.has_gpu():
                    raise InputError("--device=gpu: TensorFlow sees no GPU: expected one")
            main(argv)

    app.run(guarded)
