"""Tests have the same names in every process, or pytest-xdist refuses to run them."""

from tests.forked import run


def test_another_process_collects_the_same_tests_later(request):
    """Of the tests that this run has collected; run the whole suite to check every name."""
    files = {item.nodeid.split("::")[0] for item in request.session.items}
    # The process that it is a fork of has hashes of its own.
    command = ["-m", "pytest", "--collect-only", "-q", *sorted(files)]
    found = run(command, request.config.rootpath)
    assert {item.nodeid for item in request.session.items} <= set(found.splitlines())
