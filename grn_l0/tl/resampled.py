"""How often the posterior selects an edge in resamples, and which edges are reported for a number of false ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grn_l0 import ensemble, posterior
from grn_l0._errors import GrnWarning, OptionError, warn
from grn_l0._typing import Float, Int, Progress, ndarray
from grn_l0.ensemble.error_control import check_false_edges
from grn_l0.ensemble.resample import check_resamples
from grn_l0.fit import FitConfig
from grn_l0.fit.summary import NONE_REPORTED
from grn_l0.network import Network
from grn_l0.posterior import PosteriorConfig
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries
from grn_l0.tl.keys import Keys
from grn_l0.tl.start import RESAMPLES, about_start
from grn_l0.tl.threads import limited

if TYPE_CHECKING:
    from anndata import AnnData

#: Sweeps of a resample. On halves of SIM350 (5 % noise) it costs a sixth of `infer` on all data, and its edges agree
#: with those of the default rounds to a Jaccard index of .97 (precision .96 against .97). (20, 20, 40): a tenth, .92.
SWEEPS = (40, 40, 60, 60)


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """What was asked of resampling.

    Parameters
    ----------
    resamples
        Number of resamples, even; None for none.
    false_edges
        Expected number of false edges among those reported; None leaves the network as it is.
    jobs
        Processes.

    Raises
    ------
    OptionError
        For values out of range, or an option that needs resamples where there are none.
    """

    resamples: int | None = None
    false_edges: float | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        check_resamples(2 if self.resamples is None else self.resamples, self.jobs)
        if self.resamples is None and self.false_edges is not None:
            raise OptionError(f"false_edges={self.false_edges!r} needs resamples, such as resamples=50")
        if self.resamples is not None and self.resamples % 2:
            raise OptionError(f"resamples come in pairs of complementary halves: an even number, not {self.resamples}")
        if self.false_edges is not None:
            check_false_edges(self.false_edges)

    def check(self, options: FitConfig) -> None:
        """Refuse settings of the fit that leave no say to `false_edges`.

        Raises
        ------
        OptionError
            With what to leave out.
        """
        sparse = options.sparse
        if self.false_edges is not None and (sparse.density is not None or sparse.sparsity == "none"):
            raise OptionError(
                f"false_edges={self.false_edges:g} and a density (or sparsity none) both say which edges are reported; "
                "leave one of them out"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortPosterior:
    """The method that is resampled: edges that a short posterior start holds for more likely than not.

    Decoys are left out, which would double the work: what they rule out in the whole data is not reported anyway. So is
    the second look along the gated ODE.

    Parameters
    ----------
    regulators
        Positions of the R candidate regulators.
    priors, config
        As of the whole data; see `short`.
    """

    regulators: Int[ndarray, " regulators"]
    priors: tuple[posterior.Prior, ...]
    config: PosteriorConfig

    def __call__(self, series: TimeSeries, seed: int) -> Network:
        """The network of one resample."""
        with limited(1), warnings.catch_warnings():
            # What there is to say of the data was said of all of them.
            warnings.simplefilter("ignore", GrnWarning)
            start = posterior.infer_start(series, self.regulators, prior=self.priors, config=self.config, seed=seed)
        return Network(
            regulators=tuple(series.genes[k] for k in self.regulators),
            targets=series.genes,
            scores=start.inclusion,
            weights=np.where(start.opening > 0.5, start.weight, 0.0),
        )


def short(config: PosteriorConfig, begin: Start) -> PosteriorConfig:
    """Settings for a resample, given what the whole data have shown: a lag that was found is not sought again."""
    stimulus = begin.inputs is not None and begin.inputs.level.shape[2] > len(begin.inputs.names)
    return replace(
        config,
        rounds=config.rounds if sum(config.rounds) < sum(SWEEPS) else SWEEPS,
        averaged=1,
        # Resamples are averages already.
        chains=1,
        more=0,
        second_look=0,
        false_share=None,
        search=config.search and stimulus,
        lag=begin.lag if begin.lag > 0 else config.lag,
        threads=1,
    )


def donors(adata: AnnData, keys: Keys, series: TimeSeries) -> list[str] | None:
    """The donor of each trajectory where branches share cells; None where each trajectory stands by itself."""
    if keys.branch_key is None:
        return None
    if keys.trajectory_key is None:
        return ["one"] * series.n_series
    known = sorted(set(map(str, adata.obs[keys.trajectory_key])), key=len, reverse=True)
    return [
        next((donor for donor in known if name == donor or name.startswith(f"{donor}:")), name)
        for name in series.trajectories
    ]


def resample_start(
    asked: Resampling,
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    priors: tuple[posterior.Prior, ...],
    config: PosteriorConfig,
    begin: Start,
    *,
    seed: int,
    groups: Sequence[str] | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> ensemble.Ensemble:
    """How often resamples of the data select each edge; possible are those of targets that change.

    Parameters
    ----------
    asked
        How many, on how many processes.
    series, regulators, priors, config, seed
        Of the posterior start.
    begin
        The start of the whole data.
    groups
        See `donors`.
    folder
        Of the checkpoint.
    progress
        Called after each.
    """
    method = ShortPosterior(regulators=regulators, priors=priors, config=short(config, begin))
    about = {} if folder is None else about_start(series, regulators, priors, method.config, seed)
    found = ensemble.resample(
        method,
        series,
        resamples=asked.resamples or 0,
        seed=seed,
        seeded=True,
        groups=groups,
        jobs=asked.jobs,
        checkpoint=None if folder is None else folder / RESAMPLES,
        about=about,
        progress=progress,
    )
    # A resample may take a gene for changing that all data do not.
    changing = (begin.rate > 0) | (found.frequency > 0).any(axis=0)
    return replace(found, possible=int(found.candidates[:, changing].sum()))


def stable_start(begin: Start, found: ensemble.Ensemble, false_edges: float | None) -> Start:
    """The start with every edge closed that is not frequent enough, and a note about it.

    Where the number cannot be kept at any frequency, every edge is closed, and the note says what can be kept.

    Warns
    -----
    GrnWarning
        If it cannot be kept.
    """
    if false_edges is None:
        return begin
    none = np.zeros_like(begin.inclusion)
    if found.average == 0:
        return _noted(begin, none, f"{NONE_REPORTED}: no resample selects any.")
    try:
        threshold = found.threshold(false_edges)
    except OptionError as error:
        # Training takes its time: who sees this may stop, and ask for another number.
        warn(f"no edge will be reported: {error}")
        return _noted(begin, none, f"{NONE_REPORTED}: {error}.")
    gate = np.where(found.network(threshold).selected, begin.opening, 0.0)
    expected = found.expected_false(threshold)
    often = "all" if threshold == 1 else f"at least {threshold:.0%} of"
    rough = " Halves of one series are not independent: it is a rough number." if found.scheme == "blocks" else ""
    return _noted(
        begin,
        gate,
        f"Edges that {often} the resamples select are kept: at most {expected:.2g} of them are "
        f"expected to be false, in the sense of being selected no more often than by chance.{rough}",
    )


def _noted(begin: Start, gate: Float[ndarray, "regulators genes"], note: str) -> Start:
    # Why nothing is reported comes before what else there is to say.
    return replace(begin, gate=gate, note=" ".join(filter(None, [note, begin.note])))


def describe_resampling(found: ensemble.Ensemble, network: Network) -> str:
    """Such as "50 complementary halves of the trajectories; of 413 edges 377 are in more than half of them"."""
    what = {"halves": "complementary halves of the trajectories", "blocks": "complementary halves of blocks of times"}
    often = int((network.selected & (found.frequency > 0.5)).sum())
    of = f"of {network.n_edges:,} edges {often:,} are in more than half of them" if network.n_edges else "no edge"
    return f"{found.resamples} {what[found.scheme]}; {of}; {found.average:.0f} edges in one of them"


def resampling_options(asked: Resampling, found: ensemble.Ensemble, network: Network) -> dict[str, Any]:
    """What is kept of it beside the frequencies."""
    return {
        "resamples": found.resamples,
        "scheme": found.scheme,
        "false_edges": asked.false_edges,
        "average_edges": found.average,
        "possible_edges": found.n_possible,
        "sentence": describe_resampling(found, network),
    }
