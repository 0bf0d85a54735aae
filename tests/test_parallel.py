"""Calls on several processes, of which one is killed while it hands over what it has found."""

from __future__ import annotations

import os
import pickle
import select
import signal
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from grn_l0._parallel import kept, on_processes, on_threads


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


def test_threads_take_every_item_once_and_hand_on_errors() -> None:
    assert sorted(on_threads(iter(range(50)), lambda k: k * k, 3)) == [k * k for k in range(50)]
    assert not list(on_threads(iter(()), int, 2))
    with pytest.raises(ZeroDivisionError):
        list(on_threads(iter(range(3)), lambda k: 1 // k, 2))
