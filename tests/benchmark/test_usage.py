"""Measured processes: what they took, and where they are ended. No test depends on how fast the machine is."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grn_l0._errors import OptionError
from grn_l0.benchmark.measure import Limits, run_measured, usage

#: Memory that a process touches to be seen, far above what Python itself takes.
_MIB = 300
#: Seconds that nothing takes, after which what hangs is over all the same.
_FOREVER_S = 300


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_memory_and_status_of_a_process_are_its_own() -> None:
    used = run_measured(_python(f"x = bytearray({_MIB} << 20); print('words')"), limits=Limits())
    assert used.status == "done" and used.words == "words"
    assert used.wall_s > 0 and used.cpu_s > 0
    assert run_measured(_python("raise SystemExit('no')"), limits=Limits()).status == "failed"


class Life:
    """A process that says in a pipe when it begins; the pipe's end tells when it is gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.code = f"import time; pipe = open({str(path)!r}, 'wb', 0); pipe.write(b'x'); time.sleep({_FOREVER_S})"
        self._pipe, self._said = os.open(path, os.O_RDONLY | os.O_NONBLOCK), False

    def _read(self) -> bytes | None:
        """What it said; nothing where no process has the pipe, and None where one has it and is silent."""
        try:
            return os.read(self._pipe, 1)
        except BlockingIOError:
            return None

    @property
    def began(self) -> bool:
        """Whether it has."""
        self._said = self._said or self._read() == b"x"
        return self._said

    @property
    def ended(self) -> bool:
        """Whether it is gone, given that it began."""
        return self._read() == b""

    def close(self) -> None:
        os.close(self._pipe)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    found = Life(tmp_path / "life")
    yield found
    found.close()


def _wait(ready: Callable[[], bool]) -> None:
    """For as long as it takes, but not for ever."""
    last = time.monotonic() + _FOREVER_S / 2
    while not ready():
        assert time.monotonic() < last
        time.sleep(0.02)


def test_memory_of_children_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children live until both were seen together, however long that takes."""
    seen, look = tmp_path / "seen", usage._Watcher._resident

    def resident(self: usage._Watcher, pid: int) -> float:
        found = look(self, pid)
        if found > 2 * _MIB * 2**20:
            seen.touch()
        return found

    monkeypatch.setattr(usage._Watcher, "_resident", resident)
    waiting = f"[time.sleep(0.05) for _ in range({20 * _FOREVER_S}) if not os.path.exists({str(seen)!r})]"
    child = f"import os, time; x = bytearray(b'1') * ({_MIB} << 20); {waiting}"
    begin = f"subprocess.Popen([sys.executable, '-c', {child!r}])"
    code = f"import subprocess, sys; both = [{begin}, {begin}]; [one.wait() for one in both]"
    used = run_measured(_python(code), limits=Limits())
    assert used.status == "done" and used.peak_bytes > 2 * _MIB * 2**20


def test_a_process_is_ended_at_its_time_limit_with_its_children(life: Life) -> None:
    class UntilItBegan(Limits):
        """The time is over once the child is there."""

        def __getattribute__(self, name: str) -> Any:
            return (0.0 if life.began else math.inf) if name == "seconds" else super().__getattribute__(name)

    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {life.code!r}]).wait()"
    assert run_measured(_python(code), limits=UntilItBegan()).status == "time limit"
    _wait(lambda: life.ended)


def test_a_process_is_ended_at_its_memory_limit() -> None:
    large = f"import time; x = bytearray(b'1') * ({_MIB} << 20); time.sleep({_FOREVER_S})"
    assert run_measured(_python(large), limits=Limits(bytes=_MIB * 2**19)).status == "memory limit"


def test_what_a_terminated_suite_began_does_not_go_on(life: Life) -> None:
    suite = (
        "import sys; from grn_l0.benchmark.measure import Limits, run_measured; "
        f"run_measured([sys.executable, '-c', {life.code!r}], limits=Limits())"
    )
    process = subprocess.Popen(_python(suite))
    _wait(lambda: life.began or process.poll() is not None)
    process.terminate()
    assert process.wait(_FOREVER_S) == 128 + signal.SIGTERM
    _wait(lambda: life.ended)


@pytest.mark.parametrize("wrong", [{"seconds": 0.0}, {"bytes": -1.0}])
def test_limits_are_positive(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="must be positive"):
        Limits(**wrong)
