r"""The arithmetic of a default fit, counted by formula: what the method needs as it is written down.

An addition, a multiplication, a division, a root and an exponential count as one operation each. N genes that change,
R candidate regulators, S series of T times, G points of the grid between them, E expected open edges, K slabs:

- a **Gibbs sweep** weighs every candidate (4 operations and 12 per slab) and, where a weight changes, moves the
  residual's correlations with all regulators (2 R); every open edge is drawn anew in every sweep:
  :math:`N R (4 + 12 K) + 2 R E`;
- the **Gram products** of a round, for each kind of noise (as many as in the last round; the first have more):
  responses of S T whitened rows to the states on the grid (:math:`2 S T G R`), and the product of these rows with
  themselves, symmetric (:math:`S T R^2`);
- a **step of the gated ODE** evaluates production twice per solver step (Heun), each time with one multiplication and
  one addition per series and edge whose gate is open in this step (:math:`2 S E`, of the edges that are trained), and
  its gradient costs twice that: :math:`12 S E \cdot` solver steps; so does a step of the **refit**, with the network's
  edges.

Everything else (smoothing, noise kinds, curvature, and of the ODE what is done per gene) is left out: the share of the
peak is that of the counted work over all of the time, so it is a lower bound.
"""

from __future__ import annotations

import numpy as np

from grn_l0.fit import FitConfig, FitResult
from grn_l0.posterior import PosteriorConfig, Start
from grn_l0.posterior.response import refine
from grn_l0.posterior.rounds import LOOK
from grn_l0.solve import ExponentialHeun
from grn_l0.timeseries import TimeSeries


def _kinds(start: Start, chain: PosteriorConfig) -> int:
    """Noise models in use, by the genes' rates and the shapes of their noise; those of the last round."""
    rows = [np.round(start.rate[:, None], 9)]
    for one in start.covariances:
        flat = one.whitener.reshape(len(one.whitener), -1)
        rows.append(np.round(flat / np.abs(flat).max(axis=1, keepdims=True), 9))
    changing = np.concatenate(rows, axis=1)[start.rate > 0]
    return min(len(np.unique(changing, axis=0)), chain.most_kinds)


def operations(result: FitResult, series: TimeSeries, steps: dict[str, int]) -> dict[str, float]:
    """Operations of each part of a default fit to many short series of one schedule.

    Parameters
    ----------
    result
        The fit.
    series
        What it was fitted to.
    steps
        Steps of each stage, as the progress reported them.

    Returns
    -------
    Operations of the ``Gibbs sweeps``, ``Gram products``, ``gated ODE`` (with the one that the second look follows)
    and ``refit``.

    Raises
    ------
    ValueError
        If the fit has no posterior, or another solver.
    """
    start, config, chain = result.start, FitConfig(), PosteriorConfig()
    if start is None or not isinstance(result.solver, ExponentialHeun):
        raise ValueError("the arithmetic is known of fits with a posterior and the default solver")
    r = len(start.inclusion)
    s, t = series.values.shape[:2]
    looked = LOOK if chain.second_look else 0
    rounds = steps["posterior"] - looked
    last = len(chain.rounds) - 1
    sweeps = sum(chain.rounds[min(k, last)] for k in range(rounds)) + (chain.second_look if looked else 0)
    sweep = float((start.rate > 0).sum()) * r * (4 + 12 * len(chain.slabs)) + 2 * r * float(start.inclusion.sum())
    times = series.times[0] - series.times[0, 0]
    kinds = _kinds(start, chain)
    gram = kinds * (2 * s * t * len(refine(times)[0]) * r + s * t * r**2)
    solver_steps = int(np.ceil(np.diff(times) / result.solver.step - 1e-9).clip(min=1).sum())
    # A gate that is drawn closed takes its edge out of the step.
    gated = float(start.opening[start.opening > config.active].sum())
    kept = int((result.network.weights != 0).sum())
    one = 12.0 * s * solver_steps
    refits = sum(done for stage, done in steps.items() if "forecast" in stage)
    return {
        "Gibbs sweeps": float(sweeps * sweep),
        "Gram products": float((rounds + bool(looked)) * gram),
        "gated ODE": one * gated * (steps.get("gated ODE", 0) + (config.steps if looked else 0)),
        "refit": one * kept * refits,
    }
