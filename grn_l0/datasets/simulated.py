"""A small simulated system that needs no download."""

from __future__ import annotations

from anndata import AnnData

from grn_l0.datasets._annotate import annotate
from grn_l0.simulate.designs import short_trajectories
from grn_l0.simulate.random_network import ProductionName, random_system


def simulated(
    genes: int = 60,
    trajectories: int = 50,
    noise: float = 0.05,
    seed: int = 0,
    *,
    production: ProductionName = "logic",
    regulators: int | None = None,
) -> AnnData:
    """Short trajectories of a random regulatory system.

    Parameters
    ----------
    genes, trajectories
        Numbers; each trajectory has the times 0, 2, 3, 7, 9.
    noise
        Standard deviation of the Gaussian noise on every value; expression lies in [0, 1].
    seed
        Decides system and data.
    production
        "logic", "linear" or "logistic"; see :func:`grn_l0.simulate.random_system`.
    regulators
        So many genes, the first, regulate others; a quarter of them by default.

    Returns
    -------
    One observation per trajectory and time, with ``obs["time"]``, ``obs["trajectory"]``, and the signs of the edges,
    regulators x targets, in ``varp["truth"]``.

    Raises
    ------
    OptionError
        If an option is outside its range.
    """
    share = 0.25 if regulators is None else regulators / genes
    system = random_system(genes, seed, production=production, regulators_share=share)
    series = short_trajectories(system, trajectories, noise=noise, seed=seed)
    about: dict[str, str | float | int] = {"name": "simulated", "noise": noise, "seed": seed, "production": production}
    return annotate(
        series.values, series.times, series.genes, trajectories=series.trajectories, truth=system.truth, about=about
    )
