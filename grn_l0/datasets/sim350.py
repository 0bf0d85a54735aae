"""SIM350: 350 simulated yeast genes, 550 edges, rebuilt from published files.

Hossain et al. 2024 (PHOENIX) and the DASH repository publish the edges, the logic and ten noise-free test
trajectories; the training trajectories are drawn here from the same system. ``data/README.md`` states the rules.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from anndata import AnnData

from grn_l0._errors import DatasetError, OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.datasets._annotate import annotate
from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.trajectory_file import read_trajectories
from grn_l0.simulate.logic import Formula, Hill, LogicProduction, parse_derivative, replace
from grn_l0.simulate.system import System

TIMES = np.array([0.0, 2.0, 3.0, 7.0, 9.0])
PRIOR_LEVELS = ("0.0", "0.025", "0.05", "0.1")


def _genes() -> tuple[str, ...]:
    names = pd.read_csv(fetch("gene_names_350.csv"))["x"].str.removesuffix("_input").tolist()
    # As published, the list has SIN3 among the inputs; data and priors have it between ROX1 and SWI1.
    names.remove("SIN3")
    names.insert(names.index("SWI1"), "SIN3")
    return tuple(str(name) for name in names)


def _edges() -> pd.DataFrame:
    table = pd.read_csv(fetch("edge_properties_G350.csv"))
    # The published coefficients are not those that made the published trajectories; this map is (data/README.md).
    n = 1.01 + 0.69 / 0.41 * (table["n"] - 1.39)
    sign = np.where(table["activation"], 1, -1)
    return pd.DataFrame({"source": table["from"], "target": table["to"], "sign": sign, "EC50": table["EC50"], "n": n})


def _formulas(edges: pd.DataFrame) -> dict[str, Formula]:
    """Published logic of the larger system, without the activations whose edge this one does not have."""
    known = {
        (str(source), str(target)): (float(ec50), float(n))
        for source, target, ec50, n in edges[["source", "target", "EC50", "n"]].itertuples(index=False)
    }
    table = pd.read_csv(fetch("ode_system_functions.csv")).set_index("node")["eqn"]
    formulas = {}
    for gene in dict.fromkeys(edges["target"]):

        def keep(leaf: Hill, target: str = str(gene)) -> Hill | None:
            found = known.get((leaf.gene, target))
            return None if found is None else Hill(leaf.gene, *found)

        formula = replace(parse_derivative(str(table[gene]), str(gene)), keep)
        if formula is None:
            raise DatasetError(f"SIM350: no edge of {gene} occurs in its published logic")
        formulas[str(gene)] = formula
    return formulas


@cache
def sim350_system() -> System:
    """The system itself: 350 genes, of which 73 are constant inputs; ``edges`` also has the columns EC50 and n.

    Raises
    ------
    DatasetError
        If a published file can be had nowhere.
    """
    genes, edges = _genes(), _edges()
    formulas = _formulas(edges)
    return System(
        genes=genes,
        edges=edges,
        production=LogicProduction(genes, formulas),
        rate=np.ones(len(genes)),
        inputs=np.array([gene not in formulas for gene in genes]),
    )


def sim350_test() -> AnnData:
    """The ten published noise-free test trajectories; see :func:`sim350` for the form."""
    values, times = read_trajectories(fetch("simu_350genes_10samples_for_testing.csv"))
    system = sim350_system()
    return annotate(values, times, system.genes, truth=system.truth, about={"name": "sim350_test", "noise": 0.0})


def sim350_published() -> AnnData:
    """The 150 published noise-free training trajectories, which are on the network only."""
    values, times = read_trajectories(fetch("simu_350genes_150samples_train_val.csv"))
    system = sim350_system()
    return annotate(values, times, system.genes, truth=system.truth, about={"name": "sim350_published"})


def sim350(noise: float = 0.05, seed: int = 0, samples: int = 150) -> AnnData:
    """Training trajectories of SIM350, drawn by the published rules and integrated from the published system.

    Parameters
    ----------
    noise
        Standard deviation of the Gaussian noise added to every value; expression lies in [0, 1], so 0.05 is "5 %".
    seed
        The same seed gives the same trajectories at every noise level.
    samples
        Number of trajectories.

    Returns
    -------
    One observation per trajectory and time (0, 2, 3, 7, 9); ``obs["time"]``, ``obs["trajectory"]``;
    ``varp["truth"]`` holds the signs of the edges, regulators x targets.

    Raises
    ------
    OptionError
        If noise is negative or there are no samples.
    DatasetError
        If a published file can be had nowhere.
    """
    if not noise >= 0 or samples < 1:
        raise OptionError(f"noise must be at least 0 and samples at least 1, not {noise!r} and {samples!r}")
    system = sim350_system()
    rng = np.random.default_rng(seed)
    values = system.solve(_initial(system, samples, rng), TIMES)
    values = values + noise * rng.standard_normal(values.shape)
    about: dict[str, str | float | int] = {"name": "sim350", "noise": noise, "seed": seed, "samples": samples}
    return annotate(values, np.tile(TIMES, (samples, 1)), system.genes, truth=system.truth, about=about)


def _initial(system: System, samples: int, rng: np.random.Generator) -> Float[ndarray, "samples genes"]:
    n = len(system.genes)
    start = np.clip(rng.beta(2, 2, (samples, n)) + rng.uniform(-0.25, 0.25, n), 0, 1)
    # Inputs: correlated at random, with the means and spreads of the published test set so that both are alike.
    test, _ = read_trajectories(fetch("simu_350genes_10samples_for_testing.csv"))
    known = test[:, 0, system.inputs]
    k = known.shape[1]
    factor = rng.standard_normal((k, k + 5))
    factor /= np.linalg.norm(factor, axis=1, keepdims=True)
    drawn = rng.standard_normal((samples, k + 5)) @ factor.T
    start[:, system.inputs] = np.clip(known.mean(axis=0) + known.std(axis=0, ddof=1) * drawn, 0, 1)
    return start


def sim350_prior(level: str | float = "0.05") -> pd.DataFrame:
    """A published prior network, named by the expression noise it goes with.

    Parameters
    ----------
    level
        0.0, 0.025, 0.05 or 0.1: 0, 27, 55 or 110 of the 550 true edges are replaced by false ones.

    Returns
    -------
    Table source, target, weight (-1 or 1).
    """
    name = str(level)
    if name not in PRIOR_LEVELS:
        raise OptionError(f"there is no prior for level {level!r}; choose one of {', '.join(PRIOR_LEVELS)}")
    matrix = pd.read_csv(fetch(f"edge_prior_matrix_simu_350_noise_{name}.csv"), header=None).to_numpy(np.float64)
    genes = np.array(_genes())
    source, target = np.nonzero(matrix)
    return pd.DataFrame({"source": genes[source], "target": genes[target], "weight": matrix[source, target]})
