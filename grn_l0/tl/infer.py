"""From expression over time to a network: one call over the same objects that an expert would use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from grn_l0 import pp
from grn_l0._errors import OptionError
from grn_l0._random import check_seed
from grn_l0._typing import PathLikeStr, Progress
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit import FitConfig, FitResult, fit
from grn_l0.gates import AbstractGate
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import AbstractSparsity
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of, prior_of
from grn_l0.tl.keys import Keys
from grn_l0.tl.memory import warn_of_memory
from grn_l0.tl.start import checkpoint_file, make_start

if TYPE_CHECKING:
    from anndata import AnnData


#: A listed edge that the data hardly speak of keeps about the rate of its class; at odds 1 half of those would be lost.
_ODDS_WITH_PRIOR = 2.0


def infer(
    adata: AnnData,
    *,
    time_key: str = "time",
    trajectory_key: str | None = None,
    pseudotime_key: str | None = None,
    layer: str | None = None,
    regulators: Iterable[str] | PathLikeStr | None = None,
    prior: pd.DataFrame | PathLikeStr | None = None,
    seed: int = 0,
    threads: int | None = None,
    start: Literal["posterior", "none"] = "posterior",
    gate: AbstractGate | None = None,
    sparsity: AbstractSparsity | None = None,
    dynamics: AbstractDynamics | None = None,
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
        Only presence counts: weights and signs are not used, but rows of weight 0 are dropped.
    seed
        The same seed gives the same network on the same machine, bit for bit. Nothing global is seeded.
    threads
        Threads of the posterior, torch and linear algebra; 1 by default, which is the fastest where cores are shared.
    start
        ``"posterior"`` starts the gates from their posterior; ``"none"`` trains them from scratch.
    gate, sparsity, dynamics, solver, config, posterior
        Objects of `grn_l0.gates`, `sparsity`, `dynamics`, `solve`, `fit` and `posterior` in place of the defaults.
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
    seed = check_seed(seed)
    keys = Keys(
        time_key=time_key, trajectory_key=trajectory_key, pseudotime_key=pseudotime_key, layer=layer, n_bins=n_bins
    )
    series = keys.series(adata)
    names = series.genes
    if regulators is not None:
        names = pp.match_regulators(series.genes, names_of(regulators, "regulators"), adata.var)
    table = None if prior is None else pp.match_prior(prior_of(prior), series.genes, names, adata.var)
    if table is not None and start == "none":
        raise OptionError("a prior enters through the posterior start; use start='posterior', or leave the prior out")
    if start == "none" and checkpoint is not None:
        raise OptionError("a checkpoint keeps the posterior start; leave it out where start='none'")
    kept = checkpoint_file(checkpoint)
    position = {gene: k for k, gene in enumerate(series.genes)}
    rows = np.array([position[name] for name in names], dtype=np.int64)
    chain = posterior or PosteriorConfig()
    if threads is not None:
        if threads < 1:
            raise OptionError(f"threads must be 1 or more, not {threads}")
        chain = replace(chain, threads=threads)
    if start == "posterior":
        warn_of_memory(series, len(rows), chain)
    with _limited(threads or 1):
        begin = make_start(series, rows, table, chain, int(seed), progress, kept) if start == "posterior" else None
        result = fit(
            series,
            begin,
            regulators=rows,
            config=config or FitConfig(odds=_ODDS_WITH_PRIOR if table is not None else 1.0),
            gate=gate,
            sparsity=sparsity,
            dynamics=dynamics,
            solver=solver,
            seed=int(seed),
            progress=progress,
        )
    result = replace(result, options={**result.options, "keys": asdict(keys)})
    pp.write_back(
        adata,
        scores=result.network.scores,
        weights=result.network.weights,
        regulators=rows,
        key=key_added,
        info=_info(result),
    )
    return Inference(fit=result, keys=keys, shape=(series.n_series, int(series.lengths.sum())))


def _info(result: FitResult) -> dict[str, Any]:
    network = result.network
    return {
        "status": result.status,
        "seed": result.seed,
        "regulators": np.asarray(result.regulators, dtype=object),
        "edges": network.n_edges,
        "candidates": network.n_candidates,
        "sparsity": network.sparsity,
        "options": result.options,
    }


@contextmanager
def _limited(threads: int) -> Iterator[None]:
    """Torch and BLAS on so many threads, put back afterwards: idle BLAS threads spin on cores that others need."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        torch.set_num_threads(before)
