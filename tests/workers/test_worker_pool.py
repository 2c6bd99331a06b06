"""workers.worker_pool, with real processes: no item can end the run, or take another with it."""

import multiprocessing
import os
import re
import time

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.workers.worker_pool import Failure, WorkerPool
from tests.conftest import REPOSITORY
from tests.workers import worker_functions as functions


def _run(function, items: list, num_workers: int = 2) -> list:
    with WorkerPool(function, num_workers, functions.nothing) as pool:
        pairs = list(pool.map(items))
    assert [item for item, _ in pairs] == items
    return [result for _, result in pairs]


@pytest.fixture(autouse=True)
def no_process_is_left(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY)  # where new processes find the functions
    before = set(multiprocessing.active_children())
    yield
    assert not set(multiprocessing.active_children()) - before


def test_results_come_in_order_from_several_processes():
    numbers = list(range(12))
    assert _run(functions.later_is_faster, numbers, 3) == numbers
    with WorkerPool(functions.tell_process, 3, functions.nothing) as pool:
        pool.wait_until_ready()
        told = [result for _, result in pool.map(numbers)]
    assert [number for number, _ in told] == numbers
    assert len({process for _, process in told}) == 3
    assert _run(functions.later_is_faster, []) == []


def test_a_pool_works_again_and_again():
    with WorkerPool(functions.tell_process, 1, functions.nothing) as pool:
        pool.wait_until_ready()
        first, second = (list(pool.map(range(3))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("raise", r"IndexError at worker_functions.py:\d+: no such superpixel"),
        ("bare", r"MemoryError at worker_functions.py:\d+$"),
        ("for the user", "^box 3 is empty$"),
        ("not pickled", r"NotPickled at worker_functions.py:\d+: stays here"),
        ("result not pickled", "Can't (pickle|get) local object"),
        ("exit", r"SystemExit at worker_functions.py:\d+: 3"),
        ("killed", r"it ended its process twice, .* alone: SIGKILL \(perhaps for want of memory\)"),
        ("crash", "it ended its process twice, .* alone: SIGSEGV$"),
        ("end", "it ended its process twice, .* alone: exit status 5"),
    ],
)
def test_a_bad_item_costs_itself_alone(bad, reason):
    items = ["a", "b", bad, "c", "d", "e", "f"]
    results = _run(functions.misbehave, items)
    failure = results.pop(2)
    assert isinstance(failure, Failure)
    assert re.search(reason, failure.reason), failure.reason
    assert results == ["aa", "bb", "cc", "dd", "ee", "ff"]


def test_many_deaths_at_once_and_at_the_end():
    items = ["killed", "end", "a", "crash", "killed", "b", "end"]
    results = _run(functions.misbehave, items, 3)
    dead = [items[i] for i, result in enumerate(results) if isinstance(result, Failure)]
    assert dead == ["killed", "end", "crash", "killed", "end"]
    assert [r for r in results if not isinstance(r, Failure)] == ["aa", "bb"]


def test_an_item_that_died_with_others_gets_a_second_chance_alone(tmp_path):
    item = f"once {tmp_path / 'mark'}"
    items = ["a", item, "b", "c", "d"]
    assert _run(functions.misbehave, items) == ["aa", 2 * item, "bb", "cc", "dd"]
    assert (tmp_path / "mark").exists()


def test_a_process_that_cannot_start_is_an_error_and_no_endless_loop():
    with (
        WorkerPool(functions.misbehave, 2, functions.end_at_once) as pool,
        pytest.raises(InputError, match="while it started: exit status 7: .* --num_workers=2"),
    ):
        list(pool.map(["a"]))


def test_a_process_that_dies_with_nothing_to_do_is_replaced():
    with WorkerPool(functions.tell_process, 2, functions.nothing) as pool:
        pool.wait_until_ready()
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        assert [result[0] for _, result in pool.map(range(5))] == list(range(5))


def test_an_interrupt_is_left_to_the_parent():
    assert _run(functions.interrupt_then_double, [1, 2, 3]) == [2, 4, 6]


def test_one_thread_a_process_and_the_own_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert _run(functions.threads, [0]) == [("1", "1")]
    assert os.environ["OMP_NUM_THREADS"] == "5" and "OPENBLAS_NUM_THREADS" not in os.environ


def test_leaving_in_the_middle_ends_the_processes():
    start = time.monotonic()
    with WorkerPool(functions.later_is_faster, 2, functions.nothing) as pool:
        assert next(iter(pool.map(range(1000)))) == (0, 0)
    assert time.monotonic() - start < 60  # and `no_process_is_left`
