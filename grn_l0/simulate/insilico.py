"""Systems in the manner of the DREAM4 in-silico challenge."""

from __future__ import annotations

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.simulate.random_network import draw_signs, edge_table
from grn_l0.simulate.system import System
from grn_l0.simulate.thermodynamic import MOST_REGULATORS, Module, Promoter, ThermodynamicProduction

#: A module's effect on production is at least this, and a repressed gene is made at less than this.
_WEAK = 0.25


def insilico_system(
    n_genes: int = 100,
    seed: int = 0,
    *,
    mean_in_degree: float = 2.2,
    sources_share: float = 0.1,
    regulators_share: float = 0.45,
    hubs: float = 0.8,
    repressor_share: float = 0.4,
    half_life: tuple[float, float] = (5.0, 50.0),
    proteins: bool = True,
) -> System:
    r"""Draw a network with hubs and feedback, thermodynamic production and proteins, as GeneNetWeaver has them.

    With 100 genes about 2 % of the pairs are edges. Modules and their parameters are drawn as GeneNetWeaver draws
    them (k uniform in [.01, 1], Hill coefficients normal around 2 in [1, 10], half-lives normal over the middle of
    their range); the network is not cut from that of E. coli or yeast, which the package does not carry, but has the
    out-degrees of a power law, and feedback because regulators are targets like all others.

    Parameters
    ----------
    n_genes
        At least 4.
    seed
        Decides everything.
    mean_in_degree
        Mean number of regulators of a gene that has any (one plus Poisson, at most 12).
    sources_share
        Share of the genes that nothing regulates; they are made at full rate, unless an experiment changes that.
    regulators_share
        Share of the genes that regulate others.
    hubs
        Exponent of the power law, 0 for none; see `random_system`.
    repressor_share
        Share of the edges that repress.
    half_life
        Least and greatest half-life of transcripts and of proteins, in units of time.
    proteins
        Whether regulation acts through proteins; see `System`.

    Raises
    ------
    OptionError
        If an option is outside its range.

    References
    ----------
    Marbach, Schaffter, Mattiussi & Floreano (2009), J. Comput. Biol. 16, 229-239. Marbach et al. (2010), PNAS 107,
    6286-6291. Schaffter, Marbach & Floreano (2011), Bioinformatics 27, 2263-2270.
    """
    if n_genes < 4 or not mean_in_degree >= 1 or not hubs >= 0 or not 0 < half_life[0] < half_life[1]:
        raise OptionError(
            f"a system has at least 4 genes, a mean in-degree of at least 1, hubs of at least 0 and two positive "
            f"half-lives in order, not {n_genes}, {mean_in_degree}, {hubs} and {half_life}"
        )
    for name, share in (("sources", sources_share), ("regulators", regulators_share), ("repressor", repressor_share)):
        if not 0 <= share <= 1:
            raise OptionError(f"{name}_share must lie between 0 and 1, not {share}")
    rng = np.random.default_rng(seed)
    n_regulators = min(max(2, round(regulators_share * n_genes)), n_genes)
    sources = np.zeros(n_genes, dtype=bool)
    # Sources that regulate nothing would be genes apart from the network.
    sources[rng.permutation(n_regulators)[: round(sources_share * n_genes)]] = True
    sign = draw_signs(
        sources, n_regulators, mean_in_degree, repressor_share, rng, hubs=hubs, most=min(MOST_REGULATORS, n_genes - 1)
    )
    promoters = [draw_promoter(np.flatnonzero(sign[:, i]), sign[:, i], rng) for i in range(n_genes)]
    genes = tuple(f"G{k:0{len(str(n_genes))}d}" for k in range(1, n_genes + 1))
    return System(
        genes=genes,
        edges=edge_table(genes, sign),
        production=ThermodynamicProduction(promoters),
        rate=_rates(n_genes, half_life, rng),
        inputs=np.zeros(n_genes, dtype=bool),
        protein_rate=_rates(n_genes, half_life, rng) if proteins else None,
    )


def draw_promoter(
    regulators: Int[ndarray, " regulators"], sign: Float[ndarray, " genes"], rng: np.random.Generator
) -> Promoter:
    """Random modules of these regulators, and levels for which the gene can be switched on and off.

    Parameters
    ----------
    regulators
        Positions, possibly none.
    sign
        Sign of each gene's effect, shape (N,).
    rng
        Source of randomness.
    """
    groups: list[list[int]] = []
    for j in rng.permutation(regulators).tolist():
        k = int(rng.integers(len(groups) + 1))
        groups.append([j]) if k == len(groups) else groups[k].append(j)
    modules, effect = [], []
    for group in groups:
        balance = sum(sign[j] for j in group)
        enhancer = balance > 0 or (balance == 0 and rng.random() < 0.5)
        on = tuple(j for j in group if (sign[j] > 0) == enhancer)
        modules.append(
            Module(
                activators=on,
                deactivators=tuple(j for j in group if j not in on),
                k=tuple(rng.uniform(0.01, 1.0, len(group)).tolist()),
                n=tuple(_truncated(1, 10, 2, 2, len(group), rng).tolist()),
                as_complex=bool(rng.random() < 0.5),
            )
        )
        effect.append(float(_between(_WEAK, 1, 1, rng)[0]) * (1 if enhancer else -1))
    return Promoter(modules=tuple(modules), alpha=_levels(np.array(effect), rng))


def _levels(effect: Float[ndarray, " modules"], rng: np.random.Generator) -> tuple[float, ...]:
    """Production in each state of the modules: full where all enhancers act, little where all repressors do."""
    up, down = effect[effect > 0].sum(), effect[effect < 0].sum()
    if up == 0:
        basal = 1.0
    elif down == 0:
        basal = float(_truncated(0, _WEAK, 0, 0.05, 1, rng)[0])
    else:
        basal = float(_between(_WEAK, 1 - _WEAK, 1, rng)[0])
    if up > 0 and basal + up < 1:
        least = int(np.argmin(np.where(effect > 0, effect, np.inf)))
        effect[least] += 1 - basal - up
    if down < 0 and basal + down > _WEAK:
        least = int(np.argmax(np.where(effect < 0, effect, -np.inf)))
        effect[least] += -basal - down + float(_truncated(0, _WEAK, 0, 0.05, 1, rng)[0])
    states = (np.arange(2 ** len(effect))[:, None] >> np.arange(len(effect))) & 1
    return tuple(np.clip(basal + states @ effect, 0.0, 1.0).tolist())


def _rates(n: int, half_life: tuple[float, float], rng: np.random.Generator) -> Float[ndarray, " genes"]:
    return np.asarray(np.log(2) / _between(*half_life, n, rng))


def _between(low: float, high: float, size: int, rng: np.random.Generator) -> Float[ndarray, " size"]:
    """Normal over the middle of the interval, which spans six standard deviations."""
    return _truncated(low, high, (low + high) / 2, (high - low) / 6, size, rng)


def _truncated(
    low: float, high: float, mean: float, spread: float, size: int, rng: np.random.Generator
) -> Float[ndarray, " size"]:
    from scipy.stats import truncnorm

    edges = (low - mean) / spread, (high - mean) / spread
    return np.asarray(truncnorm.rvs(*edges, loc=mean, scale=spread, size=size, random_state=rng))
