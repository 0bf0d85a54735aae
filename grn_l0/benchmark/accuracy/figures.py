"""The report's figures, from its records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from grn_l0 import pl
from grn_l0.benchmark.accuracy.calibration import pooled
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.cell import Record
from grn_l0.benchmark.accuracy.report import tidy
from grn_l0.benchmark.methods import METHODS, OURS

#: Cases whose precision-recall curves are drawn.
CURVES = ("SIM350/noise 0.05", "Own simulations/10 series x 21 times, 100 genes")
#: The case of the trade-off between sparsity and error.
TRADE_OFF = "SIM350/noise 0.05"


def draw(records: Sequence[Record], folder: Path) -> list[tuple[str, str]]:
    """Write the figures for which there are records.

    Returns
    -------
    Captions and file names.
    """
    table = tidy(records)
    if table.empty:
        return []
    drawn = [_curves(records, case, folder / f"accuracy-pr-{k}.png") for k, case in enumerate(CURVES, 1)]
    drawn += [_sweep(table, axis, folder / f"accuracy-{axis}.png") for axis in ("noise", "trajectories")]
    drawn += [_trade_off(table, folder / "accuracy-sparsity.png"), _calibration(records, folder)]
    return [one for one in drawn if one is not None]


def _curves(records: Sequence[Record], case: str, path: Path) -> tuple[str, str] | None:
    """Every method's precision-recall curve on the case's first seed."""
    found = {r["method"]: r for r in records if r["case"] == case and r["seed"] == 0 and "curve" in r}
    own = found.get(OURS.name, {}).get("curve")
    lines = {
        f"{name} ({r['figures']['auprc']:.2f})": (r["curve"]["recall"], r["curve"]["precision"])
        for name, r in found.items()
        # Choices that only decide which edges survive rank as the default does.
        if METHODS[name].role != "ablation" and (METHODS[name].role != "choice" or r["curve"] != own)
    }
    if not lines:
        return None
    first = next(iter(found.values()))["figures"]
    axes = pl.precision_recall_curves(lines, chance=first["true_edges"] / first["candidates"])
    pl.save(axes, path, dpi=110)
    return f"Precision and recall of every method, {case}, seed 0 (AUPRC in brackets)", path.name


def sweep_table(table: pd.DataFrame, axis: str) -> pd.DataFrame:
    """AUPRC of the cases along an axis: method, x, median, low, high."""
    places = _places(axis)
    here = table[table["case"].isin(list(places)) & ~table["role"].isin(["choice", "ablation", "floor"])]
    if "auprc" not in here or here.empty:
        return pd.DataFrame(columns=["method", "x", "median", "low", "high"])
    rows = (
        here.assign(x=here["case"].map(places)).dropna(subset=["auprc"]).groupby(["method", "x"], sort=False)["auprc"]
    )
    return rows.agg(median="median", low="min", high="max").reset_index().sort_values(["method", "x"])


def _places(axis: str) -> dict[str, float]:
    """Cases on an axis, and where on it they are."""
    places = {c.name: c.sweep[1] for c in CASES.values() if c.sweep is not None and c.sweep[0] == axis}
    if axis == "trajectories":
        places[TRADE_OFF] = 150.0  # the full data are a point of this axis too
    return places


def _sweep(table: pd.DataFrame, axis: str, path: Path) -> tuple[str, str] | None:
    found = sweep_table(table, axis)
    if found.empty:
        return None
    lines = {m: tuple(part[c].tolist() for c in ("x", "median", "low", "high")) for m, part in found.groupby("method")}
    order = [m for m in METHODS if m in lines]
    label = {"noise": "noise (standard deviation)", "trajectories": "trajectories of 5 times"}[axis]
    axes = pl.lines_with_range({m: lines[m] for m in order}, xlabel=label, ylabel="AUPRC", log_x=axis != "noise")
    pl.save(axes, path, dpi=110)
    return f"AUPRC against {label}, SIM350: median and range over seeds", path.name


def _trade_off(table: pd.DataFrame, path: Path) -> tuple[str, str] | None:
    here = table[table["case"] == TRADE_OFF]
    if not {"sparsity", "mse_one_step"} <= {*here.columns}:
        return None
    both = here.dropna(subset=["mse_one_step"])
    # Without a network, nothing is dense: floors stand at the right edge, as lines.
    floors = both[both["sparsity"].isna()].groupby("method", sort=False)["mse_one_step"].median().to_dict()
    points = both.dropna(subset=["sparsity"]).groupby("method", sort=False)[["sparsity", "mse_one_step"]].median()
    if points.empty:
        return None
    shown = {str(m): (1 - s, e) for m, s, e in points.itertuples() if METHODS[str(m)].role != "ablation"}
    axes = pl.trade_off(shown, {str(k): float(v) for k, v in floors.items()})
    pl.save(axes, path, dpi=110)
    return f"Share of edges that are open, and one-step error, {TRADE_OFF}: medians", path.name


def _calibration(records: Sequence[Record], folder: Path) -> tuple[str, str] | None:
    groups = pooled(records)
    if not groups:
        return None
    path = folder / "accuracy-calibration.png"
    pl.save(pl.reliability_curves(groups), path, dpi=110)
    return "Calibration of our scores: share of true edges among candidates of a score", path.name
