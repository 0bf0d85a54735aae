"""When each stage of a fit was over, from its own progress."""

from __future__ import annotations

import time
from collections.abc import Mapping

#: Stages with this word come after the network: they refit the forecasting model on it.
_AFTER = "forecast"


class Stages:
    """A progress callback that remembers when each stage was last heard of, in seconds since this object was made."""

    def __init__(self) -> None:
        self._began, self._processor = time.perf_counter(), time.process_time()
        self.ended: dict[str, float] = {}
        self._used: dict[str, float] = {}
        self.steps: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int, figures: Mapping[str, float]) -> None:
        """`done` steps of a stage are over."""
        self.ended[stage] = time.perf_counter() - self._began
        self._used[stage] = time.process_time() - self._processor
        self.steps[stage] = done

    @property
    def network_s(self) -> float:
        """Seconds until the last stage before the forecasting model was over: then the survivors are known."""
        return max((t for stage, t in self.ended.items() if _AFTER not in stage), default=float("nan"))

    @property
    def network_cpu_s(self) -> float:
        """Processor time of this process until then."""
        return max((t for stage, t in self._used.items() if _AFTER not in stage), default=float("nan"))

    def seconds(self) -> dict[str, float]:
        """Seconds of each stage alone, in the order in which they ended."""
        found, before = {}, 0.0
        for stage, end in sorted(self.ended.items(), key=lambda item: item[1]):
            found[stage], before = end - before, end
        return found
