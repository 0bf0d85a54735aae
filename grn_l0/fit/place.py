"""Where training stands: everything that its next step depends on, as a state that a journal can keep, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grn_l0.fit.adam import Adam
from grn_l0.fit.loss import Objective
from grn_l0.fit.progress import Reporter


@dataclass(kw_only=True, eq=False)
class Place:
    """The objective with what Adam remembers, and how often training had to go back.

    `good` is what it goes back to, with learning rates `shrink` times what they would be.
    """

    objective: Objective
    optimiser: Adam
    generator: torch.Generator
    reporter: Reporter
    good: dict[str, Tensor]
    step: int = 0
    shrink: float = 1.0
    failures: int = 0

    def state(self) -> dict[str, Any]:
        """For a journal: arrays, wherever the tensors are."""
        return {
            "step": self.step,
            "shrink": self.shrink,
            "failures": self.failures,
            "objective": _arrays(self.objective.state_dict()),
            "good": _arrays(self.good),
            "adam": [_arrays(self.optimiser.state.get(p, {})) for p in self.optimiser.parameters],
            "generator": self.generator.get_state().numpy(),
            "rows": self.reporter.rows,
        }

    def put(self, state: Mapping[str, Any]) -> bool:
        """Take the place that `state` has told of.

        Raises
        ------
        ValueError
            If it is of another objective. Nothing is changed then.
        """
        here, there = self.objective.state_dict(), _tensors(state["objective"])
        good, random = _tensors(state["good"]), torch.from_numpy(np.array(state["generator"]))
        for one in (there, good):
            if {k: (v.shape, v.dtype) for k, v in one.items()} != {k: (v.shape, v.dtype) for k, v in here.items()}:
                raise ValueError("parameters are of another model")
        adam, parameters = [_tensors(m) for m in state["adam"]], self.optimiser.parameters
        shapes = [{k: v.shape for k, v in m.items() if k != "step"} for m in adam]
        if any(v != p.shape for m, p in zip(shapes, parameters, strict=True) for v in m.values()):
            raise ValueError("moments are of another model")
        if random.shape != self.generator.get_state().shape:
            raise ValueError("the generator is another")
        step, shrink, failures, rows = (state[name] for name in ("step", "shrink", "failures", "rows"))
        self.objective.load_state_dict(there)
        self.optimiser.state.clear()
        for p, moments in zip(parameters, adam, strict=True):
            if moments:
                self.optimiser.state[p] = {name: value.to(p.device) for name, value in moments.items()}
        self.generator.set_state(random)
        self.good, self.step, self.shrink, self.failures = good, step, shrink, failures
        self.reporter.rows[:] = rows
        return True


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.detach().cpu().numpy() for name, value in tensors.items()}


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
