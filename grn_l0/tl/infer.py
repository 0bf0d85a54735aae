"""From expression over time to a network: one call over the same objects that an expert would use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from grn_l0 import pp
from grn_l0._errors import OptionError
from grn_l0._random import check_seed
from grn_l0._typing import PathLikeStr, Progress
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit import FamilyName, FitConfig, SparseConfig, fit
from grn_l0.fit.pricing import check_density
from grn_l0.gates import AbstractGate
from grn_l0.posterior import PosteriorConfig
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import AbstractSparsity
from grn_l0.tl.decide import Decision, settings
from grn_l0.tl.design import describe
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of
from grn_l0.tl.keys import Keys
from grn_l0.tl.memory import warn_of_memory
from grn_l0.tl.notes import notes
from grn_l0.tl.priors import match_priors
from grn_l0.tl.start import checkpoint_file, make_start
from grn_l0.tl.threads import limited

if TYPE_CHECKING:
    from anndata import AnnData


#: A table of edges or its path; a share of them, "keep", or None to learn it.
OnePrior = pd.DataFrame | PathLikeStr
Trust = float | Literal["keep"] | None


def infer(
    adata: AnnData,
    *,
    time_key: str = "time",
    trajectory_key: str | None = None,
    pseudotime_key: str | None = None,
    layer: str | None = None,
    regulators: Iterable[str] | PathLikeStr | None = None,
    prior: OnePrior | Sequence[OnePrior] | Mapping[str, OnePrior] | None = None,
    prior_trust: Trust | Mapping[str, Trust] = None,
    branch_key: str | None = None,
    stimulus_key: str | Sequence[str] | None = None,
    knockout_key: str | None = "auto",
    steady_key: str | None = "auto",
    replicates: Literal["mean", "separate"] | None = None,
    seed: int = 0,
    threads: int | None = None,
    decide: Decision | None = None,
    start: Literal["posterior", "none"] = "posterior",
    sparse: SparseConfig | None = None,
    gate: AbstractGate | None = None,
    sparsity: AbstractSparsity | None = None,
    dynamics: AbstractDynamics | FamilyName | None = None,
    solver: AbstractSolver | None = None,
    config: FitConfig | None = None,
    posterior: PosteriorConfig | None = None,
    n_bins: int | None = None,
    checkpoint: PathLikeStr | None = None,
    progress: Progress | None = None,
    key_added: str = "grn_l0",
) -> Inference:
    """Infer a sparse, signed, scored gene regulatory network.

    Parameters
    ----------
    adata
        Observations × genes. A copy of the result is written into its ``varp`` and ``uns``.
    time_key
        Column of ``obs`` with times.
    trajectory_key
        Column of ``obs`` that names the trajectory (time course, replicate, donor) of each observation; all
        observations are one trajectory by default.
    pseudotime_key
        Column of ``obs`` with pseudotime, instead of `time_key`: cells are binned along it, per trajectory.
    layer
        Layer with the expression; ``X`` by default.
    regulators
        Candidate regulators (transcription factors), or the path of a list (`pp.read_names`); all genes by default.
    prior
        Edges believed beforehand: a table source, target, or its path; see `pp.match_prior` for other names of columns.
        Several priors as a mapping of names, ``{"motif": table, "chip": "chip.tsv"}``, or a list: each is believed as
        far as the data confirm it, by itself and where priors agree. Only presence counts: weights and signs are not
        used, but rows of weight 0 are dropped.
    prior_trust
        Share of the listed edges that is believed whatever the data say, between 0 and 1, or "keep" for .8; by name
        for several priors. By default it is learned where the data can judge it; from a single series, or from few
        observations, they cannot, and it stays at .8. The result says which of the two happened.
    branch_key
        Column of ``obs`` with the branch of each cell along pseudotime; cells of the trunk (missing, or "trunk") belong
        to all branches.
    stimulus_key
        One or more columns of ``obs`` with the level of a stimulus (0/1 or a dose) from each observation until the
        next.
    knockout_key
        Column of ``obs`` with the gene (or genes, with commas between) that is knocked out in a trajectory or
        steady-state sample; empty for wild type. By default the column ``knockout`` if there is one; None for none.
    steady_key
        Column of ``obs`` that is true for steady-state samples, which have no time. By default the column
        ``steady_state`` if there is one; None for none.
    replicates
        Several observations of one trajectory at one time: "mean" averages them, "separate" makes trajectories of
        them; see `pp.to_timeseries`.
    seed
        The same seed gives the same network on the same machine, bit for bit. Nothing global is seeded.
    threads
        Threads of the posterior, torch and linear algebra; 1 by default, which is the fastest where cores are shared.
    decide
        Which edges are reported. ``"precision"``: those more likely than not; ``"balanced"``: more of them, for
        balanced accuracy; a number: as many as keep the expected share of false edges below it, by decoys
        (regulators torn apart from the rest). By default edges whose trained gate is open at test time, which is
        between the first two; with a prior gates start at twice the odds. With little data (see
        `PosteriorConfig.decoys`) decoys have a say in any case: by them a tenth, a half or, by default, a quarter of
        the edges may be false.
    start
        ``"posterior"`` starts the gates from their posterior; ``"none"`` trains them from scratch.
    sparse
        Which gates are trained and what keeps them closed, in words: penalty, criterion, density, groups.
    dynamics
        Production of the forecasts: "linear", "logistic", "sum-product", "mlp", or an object of `grn_l0.dynamics`.
        By default linear or logistic, whichever explains the training data better.
    gate, sparsity, solver, config, posterior
        Objects of `grn_l0.gates`, `sparsity`, `solve`, `fit` and `posterior` in place of the defaults.
    n_bins
        Bins of cells per trajectory along pseudotime.
    checkpoint
        Folder (made if its parent exists) in which the posterior start, the long part, is kept as soon as it is done. A
        later call with the same data, options and seed takes it from there and gives the same result, bit for bit.
    progress
        Called as ``progress(stage, done, total, figures)``.
    key_added
        Name of the entries in ``adata.varp`` (weights) and ``adata.uns``.

    Returns
    -------
    Inference
        The network, the model, and a sentence about what happened.

    Raises
    ------
    DataError
        One of its kinds (missing key, times, trajectories, expression, names, tables) for data that cannot be used.
    OptionError
        For options out of range, or that exclude each other.
    OutputError
        If `checkpoint` cannot be written to.

    Warns
    -----
    GrnWarning
        If so many candidate edges are asked for that memory may not do, or a checkpoint belongs to other data.
    """
    if start not in ("posterior", "none"):
        raise OptionError(f"start must be 'posterior' or 'none', not {start!r}")
    _check_objects(gate, sparsity)
    seed = check_seed(seed)
    keys = Keys(
        time_key=time_key,
        trajectory_key=trajectory_key,
        pseudotime_key=pseudotime_key,
        layer=layer,
        n_bins=n_bins,
        branch_key=branch_key,
        stimulus_key=stimulus_key,
        knockout_key=knockout_key,
        steady_key=steady_key,
        replicates=replicates,
    )
    chain = posterior or PosteriorConfig()
    series = keys.series(adata)
    names = series.genes
    if regulators is not None:
        names = pp.match_regulators(series.genes, names_of(regulators, "regulators"), adata.var)
    priors = match_priors(prior, prior_trust, series.genes, names, adata.var, chain.listed_rate)
    if priors and start == "none":
        raise OptionError("a prior enters through the posterior start; use start='posterior', or leave the prior out")
    if start == "none" and checkpoint is not None:
        raise OptionError("a checkpoint keeps the posterior start; leave it out where start='none'")
    kept = checkpoint_file(checkpoint)
    position = {gene: k for k, gene in enumerate(series.genes)}
    rows = np.array([position[name] for name in names], dtype=np.int64)
    if threads is not None:
        if threads < 1:
            raise OptionError(f"threads must be 1 or more, not {threads}")
        chain = replace(chain, threads=threads)
    if start == "posterior":
        warn_of_memory(series, len(rows), chain)
    chain, options = settings(decide, chain, config, series, with_prior=bool(priors), start=start)
    options = _chosen(options, config, decide, sparse, dynamics if isinstance(dynamics, str) else None)
    check_density(options.sparse, len(rows) * (series.n_genes - 1))
    if priors and options.sparse.priced:
        raise OptionError("a prior enters through the price of its edges, and so does not go with a price of your own")
    with limited(threads or 1):
        begin = make_start(series, rows, priors, chain, int(seed), progress, kept) if start == "posterior" else None
        result = fit(
            series,
            begin,
            regulators=rows,
            config=options,
            gate=gate,
            sparsity=sparsity,
            dynamics=None if isinstance(dynamics, str) else dynamics,
            solver=solver,
            seed=int(seed),
            progress=progress,
        )
    about = {
        "keys": asdict(keys),
        "design": describe(series, start, begin),
        "priors": [] if begin is None else [list(verdict) for verdict in begin.priors],
    }
    more = notes(result.network, priors, pseudotime=keys.pseudotime_key is not None)
    inference = Inference(
        fit=replace(result, status=" ".join([result.status, *more]), options={**result.options, **about}),
        keys=keys,
        shape=(series.n_series, int(series.lengths.sum())),
    )
    pp.write_back(
        adata,
        scores=result.network.scores,
        weights=result.network.weights,
        regulators=rows,
        key=key_added,
        info=_info(inference),
    )
    return inference


def _check_objects(gate: object, sparsity: object) -> None:
    for name, given, kind in (("gate", gate, AbstractGate), ("sparsity", sparsity, AbstractSparsity)):
        if given is not None and not isinstance(given, kind):
            raise OptionError(
                f"{name} must be an object of grn_l0, not {given!r}; words go into sparse=SparseConfig({name}=...)"
            )


def _chosen(
    options: FitConfig,
    config: FitConfig | None,
    decide: Decision | None,
    sparse: SparseConfig | None,
    family: FamilyName | None,
) -> FitConfig:
    """The settings of the fit with the gates and the production that were asked for by themselves."""
    if config is not None and (sparse is not None or family is not None):
        raise OptionError("config has fields for gates and production, too (sparse, families); give them in one place")
    if decide is not None and sparse is not None and sparse.decides:
        raise OptionError(
            f"decide ({decide!r}) and a density or price of your own (density, criterion, penalty, sparsity none) both "
            "say which edges are reported; leave one of them out"
        )
    if family is not None and family not in get_args(FamilyName):
        raise OptionError(f"dynamics must be {', '.join(get_args(FamilyName))} or an object, not {family!r}")
    if sparse is not None and not isinstance(sparse, SparseConfig):
        raise OptionError(f"sparse must be a grn_l0.fit.SparseConfig, not {sparse!r}")
    if sparse is not None:
        options = replace(options, sparse=sparse, odds=1.0 if sparse.decides else options.odds)
    return options if family is None else replace(options, families=family)


def _info(inference: Inference) -> dict[str, Any]:
    result, network = inference.fit, inference.network
    return {
        "status": inference.status,
        "seed": result.seed,
        "regulators": np.asarray(result.regulators, dtype=object),
        "edges": network.n_edges,
        "candidates": network.n_candidates,
        "sparsity": network.sparsity,
        "options": result.options,
    }
