"""What `bazel test` runs of a test file: pytest, told where Bazel wants its report."""

import os
import sys

import pytest


def main() -> int:
    # Beside this file are folders with the names of Python's own modules.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    # Outside of its folder a test may not write, so Matplotlib would warn.
    if "TEST_TMPDIR" in os.environ:
        os.environ["MPLCONFIGDIR"] = os.environ["TEST_TMPDIR"]
    flags = ["-p", "no:cacheprovider"]
    if "XML_OUTPUT_FILE" in os.environ:
        flags.append(f"--junitxml={os.environ['XML_OUTPUT_FILE']}")
    if "TESTBRIDGE_TEST_ONLY" in os.environ:  # --test_filter
        flags += ["-k", os.environ["TESTBRIDGE_TEST_ONLY"]]
    status = pytest.main([*flags, *sys.argv[1:]])
    # A file that skips as a whole, since a package is missing, has collected nothing.
    return 0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else int(status)


if __name__ == "__main__":
    sys.exit(main())
