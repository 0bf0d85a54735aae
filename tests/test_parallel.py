"""Calls on several processes, of which one is killed while it hands over what it has found."""

from __future__ import annotations

import os
import pickle
import select
import signal
import threading
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from grn_l0._parallel import crew, in_parts, kept, on_processes, on_threads


def draw(number: int, last: int) -> np.ndarray:
    """Four megabytes, far more than a pipe holds; `last` kills the process that works on it."""
    if number == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.full(2**19, number)


@pytest.mark.parametrize("order", [True, False])
def test_results_are_those_of_the_calls(order: bool) -> None:
    found = [int(result[-1]) for result in on_processes(draw, ((k, -1) for k in range(9)), 2, order)]
    assert (found if order else sorted(found)) == list(range(9))


@pytest.mark.slow
def test_a_killed_process_is_told_every_time() -> None:
    for last in range(3, 13):
        with pytest.raises(BrokenProcessPool):
            list(on_processes(draw, ((k, last) for k in range(14)), 2, order=False))


def test_what_a_worker_says_is_written_at_once(tmp_path: Path) -> None:
    """Longer messages can be cut in two by a kill, and their reader would wait for the second part."""
    said = kept(tmp_path / "7", draw, (7, -1))
    assert len(pickle.dumps(said)) < select.PIPE_BUF // 4


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_take_every_item_once_and_hand_on_errors(threads: int) -> None:
    assert sorted(on_threads(lambda k: k * k, range(50), threads)) == [k * k for k in range(50)]
    assert not list(on_threads(int, (), threads))
    with pytest.raises(ZeroDivisionError):
        list(on_threads(lambda k: 1 // k, range(3), threads))


def test_a_crew_does_parts_side_by_side_and_in_their_order() -> None:
    """Three parts that wait for each other end only where three threads are at them."""
    together = threading.Barrier(3, timeout=60)

    def part(k: int) -> tuple[int, int]:
        together.wait()
        return k, threading.get_ident()

    with crew(3):
        found = in_parts(part, range(3))
    assert [k for k, _ in found] == [0, 1, 2]
    assert len({thread for _, thread in found}) == 3 and found[0][1] == threading.get_ident()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_are_done_once_on_any_number_of_threads(threads: int) -> None:
    done: list[int] = []
    with crew(threads):
        for n in (0, 1, 2, 40):
            assert in_parts(lambda k: done.append(k) or k * k, range(n)) == [k * k for k in range(n)]  # type: ignore[func-returns-value]
        with pytest.raises(ZeroDivisionError):
            in_parts(lambda k: 1 // (2 - k), range(4))
    assert len(done) == 43
    here = {in_parts(lambda k: threading.get_ident(), range(2))[k] for k in range(2)}
    assert here == {threading.get_ident()}, "outside a crew nothing is handed on"
