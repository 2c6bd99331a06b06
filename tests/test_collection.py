"""Tests have the same names in every process, or pytest-xdist refuses to run them."""

import os
import subprocess
import sys


def test_another_process_collects_the_same_tests_later(request):
    """Of the tests that this run has collected; run the whole suite to check every name."""
    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # by default, each process has its own
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    files = {item.nodeid.split("::")[0] for item in request.session.items}
    found = subprocess.run(
        [*command, *sorted(files)],
        cwd=request.config.rootpath,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert {item.nodeid for item in request.session.items} <= set(found.stdout.splitlines())
