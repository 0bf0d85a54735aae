"""``grn-l0 demo``: simulate a small system, infer its network, score it. No file is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grn_l0._errors import OutputError
from grn_l0.cli import options as opt
from grn_l0.cli.outputs import print_reliability, print_table, say
from grn_l0.cli.progress import progress

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from grn_l0.tl import Inference

#: Metrics that every method has, whether or not it selects edges.
RANKING = ("auprc", "auroc", "epr")
SELECTION = ("edges", "precision", "recall", "balanced_accuracy", "sign_accuracy", "sparsity")
#: Of the network alone: quick methods state no probabilities.
CALIBRATION = ("ece", "ece_above_0.1", "brier")


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; made if it is not there.")] = Path(
        "demo-output"
    ),
    genes: Annotated[int, typer.Option("--genes", min=3, help="Number of genes.")] = 40,
    trajectories: Annotated[int, typer.Option("--trajectories", min=2, help="Number of time courses.")] = 60,
    seed: opt.Seed = 0,
    threads: opt.Threads = None,
    quiet: opt.Quiet = False,
) -> None:
    """Simulate a small regulatory system, infer its network, and score it against the truth."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {out} cannot be made: {error.strerror}") from None
    from grn_l0 import datasets, pl, tl
    from grn_l0._atomic import atomic_path

    say(f"simulating {trajectories} time courses of {genes} genes, 5 % noise", quiet)
    adata = datasets.simulated(genes=genes, trajectories=trajectories, noise=0.05, seed=seed)
    with progress(quiet) as report:
        result = tl.infer(adata, trajectory_key="trajectory", seed=seed, threads=threads, progress=report)
    say("scoring it, and the baselines", quiet)
    table = metrics_table(result, adata)
    result.network.write(out / "network.graphml")
    result.network.write_scores(out / "scores.parquet")
    pl.save(pl.network(result), out / "network.png")
    pl.save(pl.fit(result, adata), out / "fit.png")
    pl.save(pl.reliability(result, adata.varp["truth"]), out / "reliability.png")
    with atomic_path(out / "metrics.csv") as path:
        table.to_csv(path, index_label="method")
    counts = tl.evaluate(result, adata.varp["truth"]).loc["result"]
    say(result.summary(), quiet)
    print(f"universe: {counts['candidates']:.0f} candidate edges, {counts['true_edges']:.0f} of them true")
    print_table(table)
    print_reliability(tl.reliability(result, adata.varp["truth"]))
    say(f"written: {', '.join(sorted(str(p) for p in out.iterdir() if not p.name.startswith('.')))}", quiet)


def metrics_table(result: Inference, adata: AnnData) -> pd.DataFrame:
    """Metrics of the result, of chance, and of the quick methods on the same data."""
    import pandas as pd

    from grn_l0 import baselines, pp, tl
    from grn_l0.network import Network

    own = tl.evaluate(result, adata.varp["truth"])
    rows = {("grn_l0" if name == "result" else str(name)): own.loc[name].to_dict() for name in own.index}
    rows = {name: {k: row[k] for k in (*RANKING, *SELECTION, *CALIBRATION)} for name, row in rows.items()}
    series = pp.to_timeseries(adata, trajectory_key="trajectory")
    for name, method in baselines.NETWORK_BASELINES.items():
        scores = method(series, None)
        net = Network(regulators=series.genes, targets=series.genes, scores=scores, weights=0.0 * scores)
        figures = tl.evaluate(net, adata.varp["truth"]).loc["result"].to_dict()
        rows[name] = {k: figures[k] for k in RANKING}
    return pd.DataFrame.from_dict(rows, orient="index")
