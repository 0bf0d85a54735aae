"""``grn-l0 infer``: from expression over time to a network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grn_l0._device import checked_device
from grn_l0._errors import OptionError
from grn_l0.cli import options as opt
from grn_l0.cli import sparse
from grn_l0.cli.checkpoint import explain_interruption
from grn_l0.cli.inputs import open_data, read_names, read_priors, read_trusts
from grn_l0.cli.outputs import check_outputs, say, tell
from grn_l0.cli.progress import PLAN_FROM_SCRATCH, plan, progress

if TYPE_CHECKING:
    from grn_l0.tl.decide import Decision

NETWORK_SUFFIXES = (".graphml", ".tsv", ".csv", ".parquet")
TABLE_SUFFIXES = (".parquet", ".tsv", ".csv")


class StartName(StrEnum):
    """Where the gates start."""

    posterior = "posterior"
    none = "none"


class ReplicatesName(StrEnum):
    """What is done with replicates at one time."""

    mean = "mean"
    separate = "separate"


def infer(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(metavar="INPUT.h5ad", help="AnnData file: observations over time × genes.")],
    out: Annotated[
        Path, typer.Option("--out", help="The network (surviving edges): .graphml, .tsv, .csv or .parquet.")
    ],
    time_key: opt.TimeKey = None,
    trajectory_key: opt.TrajectoryKey = None,
    pseudotime_key: opt.PseudotimeKey = None,
    bins: opt.Bins = None,
    layer: opt.Layer = None,
    regulators: opt.Regulators = None,
    branch_key: opt.BranchKey = None,
    stimulus: opt.Stimulus = None,
    knockout_key: opt.KnockoutKey = None,
    steady_key: opt.SteadyKey = None,
    replicates: Annotated[
        ReplicatesName | None,
        typer.Option("--replicates", help="Several observations of one trajectory at one time: averaged or separate."),
    ] = None,
    decide: Annotated[
        str | None,
        typer.Option(
            "--decide",
            metavar="precision|balanced|SHARE",
            help="Which edges to report; SHARE: of false edges, by decoys.",
        ),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            "--prior",
            metavar="[NAME=]TABLE",
            help="Prior edges: a table with source and target. May be repeated, each a class of its own.",
        ),
    ] = None,
    prior_trust: Annotated[
        list[str] | None,
        typer.Option(
            "--prior-trust",
            metavar="[NAME=]TRUST",
            help="Share of listed edges believed whatever the data say, in (0, 1), or keep.  [default: learned]",
        ),
    ] = None,
    gate: sparse.Gate = sparse.GateName.hard_concrete,
    sparsity: sparse.Sparsity = None,
    criterion: sparse.Criterion = None,
    penalty: sparse.Price = None,
    density: sparse.Density = None,
    group: sparse.Group = None,
    dynamics: sparse.Dynamics = None,
    start: Annotated[
        StartName, typer.Option("--start", help="Gates start from their posterior, or are trained from scratch.")
    ] = StartName.posterior,
    scores: Annotated[
        Path | None, typer.Option("--scores", help="Every candidate edge with its score: .parquet, .tsv or .csv.")
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="The model that forecasts: .safetensors.")] = None,
    annotate: Annotated[
        Path | None, typer.Option("--annotate", help="Your data with the network in varp and uns: .h5ad.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Folder that keeps what is done, so that a stopped run can go on."),
    ] = None,
    resamples: Annotated[
        int | None,
        typer.Option(
            "--resamples",
            metavar="B",
            min=2,
            help="Seek edges again in B resamples of the data, such as 50; how often one comes back is its frequency.",
        ),
    ] = None,
    false_edges: Annotated[
        float | None,
        typer.Option(
            "--false-edges",
            metavar="V",
            help="With --resamples: report only edges that come back so often that at most V false ones are expected.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="Processes that share the targets, and the resamples.")
    ] = 1,
    dask: Annotated[
        str | None,
        typer.Option(
            "--dask",
            metavar="ADDRESS",
            help="Scheduler of a Dask cluster that shares the targets; resamples stay on --jobs processes here.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="With --checkpoint: refuse to begin anew where it has nothing of this run."),
    ] = False,
    chains: Annotated[
        int | None,
        typer.Option(
            "--chains",
            metavar="N",
            min=1,
            help="Runs of the posterior that are averaged: steadier scores, in N times the time.  "
            "[default: 1, in small systems 2 or 4]",
        ),
    ] = None,
    seed: opt.Seed = 0,
    threads: opt.Threads = None,
    device: opt.Device = "cpu",
    quiet: opt.Quiet = False,
) -> None:
    """Infer a sparse, signed, scored network from expression over time."""
    check_outputs(
        ("--out", out, NETWORK_SUFFIXES),
        ("--scores", scores, TABLE_SUFFIXES),
        ("--model", model, (".safetensors",)),
        ("--annotate", annotate, (".h5ad",)),
    )
    opt.check_keys(time_key, pseudotime_key)
    tell(quiet)
    names, edges, trust = read_names(regulators), read_priors(prior), read_trusts(prior_trust)

    decision = _decision(decide)
    chosen = sparse.sparse_config(gate, sparsity, criterion, penalty, density, group)
    checked_device(device)
    words = [str(word) for word in context.find_root().obj or ()]

    with explain_interruption(checkpoint, words), open_data(data) as adata:
        from grn_l0 import tl
        from grn_l0.fit.ahead import compile_ahead
        from grn_l0.posterior import PosteriorConfig
        from grn_l0.tl.threads import checked_threads

        if start is StartName.posterior:  # without one the solver is the first that is needed
            compile_ahead(checked_threads(None))
        stages = plan(resamples or 0, jobs) if start is StartName.posterior else PLAN_FROM_SCRATCH
        with progress(quiet, stages) as report:
            result = tl.infer(
                adata,
                time_key=time_key or "time",
                trajectory_key=trajectory_key,
                pseudotime_key=pseudotime_key,
                layer=layer,
                regulators=names,
                prior=edges or None,
                prior_trust=trust,  # type: ignore[arg-type]  # words, which it turns into numbers or refuses
                branch_key=branch_key,
                stimulus_key=stimulus,
                knockout_key=opt.optional_key(knockout_key),
                steady_key=opt.optional_key(steady_key),
                replicates=None if replicates is None else replicates.value,
                seed=seed,
                posterior=None if chains is None else PosteriorConfig(chains=chains),
                threads=checked_threads(threads),
                device=device,
                decide=decision,
                sparse=chosen,
                dynamics=None if dynamics is None else dynamics.value,
                start=start.value,
                n_bins=bins,
                resamples=resamples,
                false_edges=false_edges,
                jobs=jobs,
                dask=dask,
                checkpoint=checkpoint,
                resume=resume,
                progress=report,
            )
        result.network.write(out)
        if scores is not None:
            result.network.write_scores(scores)
        if model is not None:
            result.save(model)
        if annotate is not None:
            tl.write_annotated(adata, annotate)
    written = [path for path in (out, scores, model, annotate) if path is not None]
    say(result.summary(), quiet)
    say(f"written: {', '.join(str(path) for path in written)}", quiet)


def _decision(text: str | None) -> Decision | None:
    if text is None or text in ("precision", "balanced"):
        return text  # type: ignore[return-value]  # one of the two words
    try:
        return float(text)
    except ValueError:
        raise OptionError(
            f"--decide must be precision, balanced or a share of false edges between 0 and 1, not {text!r}"
        ) from None
