"""From expression over time to a network: one call over the same objects that an expert would use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from grn_l0 import pp
from grn_l0._device import checked_device
from grn_l0._errors import OptionError
from grn_l0._parallel import crew
from grn_l0._random import check_seed
from grn_l0._typing import PathLikeStr, Progress
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit import FamilyName, FitConfig, SparseConfig, fit
from grn_l0.fit.pricing import check_density
from grn_l0.gates import AbstractGate
from grn_l0.posterior import PosteriorConfig
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import AbstractSparsity
from grn_l0.tl.decide import Decision, check_objects, chosen, settings
from grn_l0.tl.design import describe
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of
from grn_l0.tl.keys import Keys
from grn_l0.tl.memory import warn_of_memory
from grn_l0.tl.notes import notes
from grn_l0.tl.options import check_combination
from grn_l0.tl.priors import match_priors
from grn_l0.tl.resampled import Resampling, donors, resample_start, resampling_options, stable_start
from grn_l0.tl.start import checkpoint_file, make_start, training_journal
from grn_l0.tl.threads import checked_threads, limited

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
    device: str | None = None,
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
    resamples: int | None = None,
    false_edges: float | None = None,
    jobs: int = 1,
    dask: str | None = None,
    checkpoint: PathLikeStr | None = None,
    resume: bool = False,
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
        Threads of the posterior and of the training's solver, and in large systems of torch and linear algebra; all
        cores that this process may use by default, and what `posterior` says where that is given. The network is the
        same on any number.
    device
        Where the gated ODE and the forecasting model are trained: "cpu" (the default), "cuda" or "cuda:1", or "auto", a
        GPU where torch sees one. The posterior stays on the CPU, and results come back to it.
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
    resamples
        Number of resamples of the data (even, such as 50) in which edges are sought again, in complementary halves of
        the trajectories (of donors, where there are branches), or of blocks of times where there are few. The share
        that selects an edge becomes its ``frequency``, beside its score. See `grn_l0.ensemble`.
    false_edges
        How many of the reported edges are expected to be false, at most: only those are then reported that come back
        often enough (Shah & Samworth 2013). By default resamples change no network.
    jobs
        Processes on which blocks of targets, and resamples, are worked on. The network is the same on any number of
        them, bit for bit.
    dask
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, whose workers work on the blocks of targets
        instead. Resamples stay on this machine, on its `jobs`, which go with `dask` only where there are resamples.
    checkpoint
        Folder (made if its parent exists) that keeps how far the fit is: the rounds of the posterior, the steps of
        training and sums over resamples, at most every ten seconds, and the posterior start. A later call with the
        same data, options and seed goes on from there and gives the same result, bit for bit.
    resume
        Raise an error, instead of beginning anew, where `checkpoint` has nothing of this very run.
    progress
        Called as ``progress(stage, done, total, figures)``.
    key_added
        Name of the entries in ``adata.varp`` (weights; scores and frequencies with a suffix) and ``adata.uns``.

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
    WorkerError
        If the processes of `jobs` or the workers of `dask` die again and again.

    Warns
    -----
    GrnWarning
        If so many candidate edges are asked for that memory may not do, a checkpoint belongs to other data, or
        resamples beside `dask` have one process only.
    """
    check_combination(
        start=start, posterior=posterior, prior=prior, decide=decide, resamples=resamples, jobs=jobs, dask=dask,
        checkpoint=checkpoint, resume=resume,
    )  # fmt: skip
    check_objects(gate, sparsity)
    if device is not None:  # before any work
        checked_device(device)
    cores, seed = checked_threads(threads), check_seed(seed)
    asked = Resampling(resamples=resamples, false_edges=false_edges, jobs=jobs)
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
    kept = checkpoint_file(checkpoint)
    position = {gene: k for k, gene in enumerate(series.genes)}
    rows = np.array([position[name] for name in names], dtype=np.int64)
    if threads is not None or posterior is None:
        chain = replace(chain, threads=cores)
    if start == "posterior":
        warn_of_memory(series, len(rows))
    chain, options = settings(decide, chain, config, series, with_prior=bool(priors))
    options = chosen(options, config, decide, sparse, dynamics if isinstance(dynamics, str) else None, device)
    asked.check(options)
    check_density(options.sparse, len(rows) * (series.n_genes - 1))
    if priors and options.sparse.priced:
        raise OptionError("a prior enters through the price of its edges, and so does not go with a price of your own")
    with limited(chain.threads, series.n_series * series.n_genes), crew(chain.threads):
        begin = None
        if start == "posterior":
            shared = jobs if dask is None else 1
            begin = make_start(series, rows, priors, chain, int(seed), progress, kept, shared, dask, resume=resume)
        found = None
        if begin is not None and asked.resamples is not None:
            found = resample_start(
                asked,
                series,
                rows,
                priors,
                chain,
                begin,
                seed=int(seed),
                groups=donors(adata, keys, series),
                folder=None if kept is None else kept.parent,
                progress=progress,
            )
            begin = stable_start(begin, found, asked.false_edges)
        training = {"options": asdict(options), "seed": seed}
        journal = training_journal(kept, begin, series, rows, (gate, sparsity, dynamics, solver), training)
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
            journal=journal,
        )
    about: dict[str, Any] = {
        "keys": asdict(keys),
        "design": describe(series, start, begin),
        "priors": [] if begin is None else [list(verdict) for verdict in begin.priors],
    }
    if found is not None:
        about["resampling"] = resampling_options(asked, found, result.network)
        result = replace(result, network=result.network.with_frequencies(found.frequency))
    more = notes(result.network, priors, pseudotime=keys.pseudotime_key is not None)
    inference = Inference(
        fit=replace(result, status=" ".join(filter(None, [result.status, *more])), options={**result.options, **about}),
        keys=keys,
        shape=(series.n_series, int(series.lengths.sum())),
        ensemble=found,
    )
    pp.write_back(
        adata,
        scores=result.network.scores,
        weights=result.network.matrix("weights"),
        regulators=rows,
        frequencies=result.network.matrix("frequencies"),
        key=key_added,
        info=inference.entries(),
    )
    return inference
