"""Trajectories of the gated ODE on the grids of the posterior, which looks at the edges once more along these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.fit.config import FitConfig
from grn_l0.fit.gated import Task, train_gated
from grn_l0.fit.problem import tensor
from grn_l0.posterior.response import Design
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries


def ode_trajectories(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    start: Start,
    designs: Sequence[Design],
    *,
    config: FitConfig | None = None,
    seed: int = 0,
) -> list[Float[ndarray, "series grid genes"]]:
    """Train the gated ODE from `start`, and follow it from its initial states through each design's grid.

    Parameters
    ----------
    series
        S trajectories of N genes, of at most `config.longest` times each.
    regulators
        Positions of the R candidate regulators among the genes.
    start
        Of these series.
    designs
        Which series share a grid; none that is steady.
    config
        Of the training.
    seed
        Of the gates' samples.

    Raises
    ------
    OptionError
        If a series has more times than `config.longest`: those are trained in pieces.
    DivergenceError
        If the trajectories leave the finite numbers.

    Returns
    -------
    One array (series of the design, grid, N) per design, expression units, with the gates as they are at test time.
    """
    config = FitConfig() if config is None else config
    if int(series.lengths.max()) > config.longest:
        raise OptionError(
            f"the longest series has {int(series.lengths.max())} times, and is trained in pieces; the gated ODE is "
            f"followed through series of at most longest={config.longest} times"
        )
    task = Task.of(series, start, regulators, config, seed=seed)
    objective = train_gated(task).objective
    level, held = objective.problem.level, objective.problem.held
    out = []
    with torch.no_grad():
        gate = objective.gate.deterministic()
        drive = None if objective.drive is None or level is None else objective.drive(level)
        for design in designs:
            # A grid holds the time of a jump twice; states do not jump.
            grid, back = np.unique(design.grid, return_inverse=True)
            interval = np.clip(np.searchsorted(design.times, grid[:-1], side="right") - 1, 0, len(design.times) - 2)
            x = task.solver.solve(
                objective.dynamics,
                objective.initial[design.series],
                tensor(np.tile(grid, (len(design.series), 1)), config.torch_dtype),
                gate,
                drive=None if drive is None else drive[design.series][:, interval],
                held=None if held is None else held[design.series],
            )
            out.append(x.double().numpy()[:, back] * task.sd)
    return out
