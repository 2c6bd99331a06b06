"""What a process has imported; its own file, as processes import functions by name."""

import sys


def load_refine_many() -> None:
    import pydensecrf.densecrf  # noqa: F401

    import boxsup_tf.crf.refine_many
    import boxsup_tf.evaluation.crf_score  # noqa: F401


def imported_modules(_: object) -> list[str]:
    return sorted(sys.modules)
