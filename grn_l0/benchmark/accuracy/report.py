"""Records as one tidy table, and as a report to read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from grn_l0.benchmark.accuracy import calibration
from grn_l0.benchmark.accuracy.case import Case
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.cell import Record
from grn_l0.benchmark.methods import METHODS, OURS
from grn_l0.benchmark.table import cell_text, markdown_table

#: Figures in the order of the tables; those of further references and tests follow, times come last.
COLUMNS = (
    "auprc", "auroc", "epr", "balanced_accuracy", "precision", "recall", "sparsity", "sign_accuracy", "edges",
    "edges_found", "false_per_target", "ece", "ece_above_0.1", "brier", "p_value", "mse_one_step",
)  # fmt: skip
TIMES = ("seconds", "cpu_seconds")
#: In the tidy table only.
_UNSHOWN = ("auprc_ratio", "candidates", "true_edges")


def tidy(records: Iterable[Record]) -> pd.DataFrame:
    """One row per cell: case, group, method, role, seed, status, note, then the figures."""
    rows = []
    for record in records:
        case, method = CASES[record["case"]], METHODS[record["method"]]
        about = {"case": case.name, "group": case.group, "method": method.name, "role": method.role}
        about |= {k: record[k] for k in ("seed", "status", "note", "code", "version")}
        rows.append(about | {k: float(v) for k, v in record["figures"].items()})
    return pd.DataFrame(rows)


def curves(records: Iterable[Record]) -> pd.DataFrame:
    """Points of the precision-recall curves: case, method, seed, recall, precision."""
    parts = [
        pd.DataFrame({"case": r["case"], "method": r["method"], "seed": r["seed"], **r["curve"]})
        for r in records
        if "curve" in r
    ]
    names = ["case", "method", "seed", "recall", "precision"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def markdown(records: Sequence[Record], notes: Sequence[str] = (), figures: Sequence[tuple[str, str]] = ()) -> str:
    """The report: a table per case, methods x figures, each the median over seeds with its range.

    Parameters
    ----------
    records
        Of the cells that came to an end, in any way.
    notes
        Paragraphs on top.
    figures
        Captions and file names.
    """
    table = tidy(records)
    lines = ["# Accuracy", *notes]
    lines += [f"![{caption}]({name})\n\n{caption}" for caption, name in figures]
    lines += [*overview(table), *ablations(table), *calibration.section(records)]
    group = ""
    for case, rows in _cases(table):
        if case.group != group:
            group = case.group
            lines.append(f"## {group}")
        lines.append(_chapter(case, rows))
    met = [] if table.empty else [m for m in METHODS.values() if (table["method"] == m.name).any()]
    lines += ["## Methods", "\n".join(f"- **{m.name}**: {m.about}" for m in met)]
    return "\n\n".join(lines) + "\n"


def _chapter(case: Case, table: pd.DataFrame) -> str:
    """One case's table."""
    columns = shown(table)
    body: list[list[str]] = []
    remarks: dict[str, list[str]] = {}
    for method in dict.fromkeys(table["method"]):
        rows = table[table["method"] == method]
        body.append([str(method), str(len(rows)), *(_summary_of(rows, c) for c in columns)])
        for note in dict.fromkeys(n for n in rows["note"] if n):
            remarks.setdefault(str(note), []).append(str(method))
    for name, figures in case.published:
        known = dict(figures)
        body.append([name, "–", *(summary(c, [known[c]] if c in known else []) for c in columns)])
    said = [f"{', '.join(methods)}: {note}." for note, methods in remarks.items()]
    grid = markdown_table(["method", "seeds", *columns], body)
    title = case.name.partition("/")[2]
    return "\n\n".join([f"### {title}", *([case.about] if case.about else []), grid, *_universe(table), *said])


def _universe(table: pd.DataFrame) -> list[str]:
    if "candidates" not in table or table["candidates"].isna().all():
        return []
    candidates, true = table["candidates"].median(), table["true_edges"].median()
    return [f"Universe: {candidates:.0f} ordered pairs, {true:.0f} of them true (medians over seeds)."]


def overview(table: pd.DataFrame) -> list[str]:
    """Ours beside the best of all others, a row per case."""
    body = []
    for case, rows in _cases(table):
        here = rows.dropna(axis=1, how="all")
        own = here[_ours(here)]
        if own.empty:
            continue
        auprc, precision, false, error = (
            _summary_of(own, c) for c in ("auprc", "precision", "false_per_target", "mse_one_step")
        )
        rival = _best(here[here["role"].isin(["quick", "slow"])], "auprc", largest=True)
        floor = _best(here[here["role"].isin(["quick", "slow", "floor"])], "mse_one_step", largest=False)
        cells = [auprc, rival, precision, false, error, floor]
        if set(cells) != {"–"}:
            body.append([case.name, *cells])
    figures = ("AUPRC", "best other", "precision", "false edges per target", "one-step MSE", "best other or floor")
    about = f"{OURS.name}, its default, beside the method with the best median. Prior networks alone are in the tables."
    return _section("Overview", about, ("case",), figures, body)


def ablations(table: pd.DataFrame) -> list[str]:
    """What each step of the recipe buys: the default minus the variant, seed by seed."""
    body = []
    for case, here in _cases(table):
        own = here[_ours(here)].set_index("seed")
        for method in dict.fromkeys(here.loc[here["role"].isin(["ablation", "choice"]), "method"]):
            other = here[here["method"] == method].set_index("seed")
            cells = [_gain(own, other, c) for c in ("auprc", "auroc", "precision", "recall", "balanced_accuracy")]
            cells.append(_gain(own, other, "mse_one_step", ratio=True))
            body.append([str(method), case.name, METHODS[method].about, *cells])
    figures = ("AUPRC", "AUROC", "precision", "recall", "balanced accuracy", "MSE, ratio")
    about = (
        "The default minus the variant, seed by seed: median and range. Positive means that the default is better; for "
        "the MSE it is the variant's over the default's, so above 1 means that the default is better."
    )
    return _section("What each step buys", about, ("variant", "case", "what"), figures, body)


def _section(
    title: str, about: str, texts: Sequence[str], figures: Sequence[str], body: Sequence[Sequence[str]]
) -> list[str]:
    """A table of all cases under its heading, columns of text before those of figures; nothing without rows."""
    return [f"## {title}", about, markdown_table([*texts, *figures], body, texts=len(texts))] if body else []


def _cases(table: pd.DataFrame) -> list[tuple[Case, pd.DataFrame]]:
    """The cases that there are records of, in the order of the report, and their rows."""
    parts = {} if table.empty else dict(iter(table.groupby("case", sort=False)))
    return [(case, parts[name]) for name, case in CASES.items() if name in parts]


def _ours(table: pd.DataFrame) -> pd.Series[bool]:
    return table["role"] == "ours"


def _summary_of(rows: pd.DataFrame, column: str) -> str:
    return summary(column, rows[column].dropna().tolist()) if column in rows else "–"


def _best(table: pd.DataFrame, column: str, *, largest: bool) -> str:
    """Median and name of the best method."""
    if column not in table or table[column].isna().all():
        return "–"
    medians = table.groupby("method")[column].median().dropna()
    name = str(medians.idxmax() if largest else medians.idxmin())
    return f"{cell_text(column, float(medians[name]))} ({name})"


def _gain(own: pd.DataFrame, other: pd.DataFrame, column: str, *, ratio: bool = False) -> str:
    if column not in own or column not in other:
        return "–"
    both = own[column].to_frame("own").join(other[column].rename("other"), how="inner").dropna()
    if both.empty:
        return "–"
    gain = both["other"] / both["own"] if ratio else both["own"] - both["other"]
    sign = "" if ratio else "+"
    middle, low, high = (f"{v:{sign}.3f}" for v in (gain.median(), gain.min(), gain.max()))
    return middle if len(gain) == 1 else f"{middle} [{low}, {high}]"


def shown(table: pd.DataFrame) -> list[str]:
    """The columns of a case that hold anything, in the order of the tables."""
    held = {str(c) for c in table.columns if pd.api.types.is_float_dtype(table[c]) and table[c].notna().any()}
    own = [c for c in COLUMNS if c in held]
    if "edges_found" in held and "edges" in held and (table["edges_found"].dropna() == table["edges"].dropna()).all():
        own.remove("edges_found")
    further = sorted(held - {*COLUMNS, *TIMES, *_UNSHOWN} - {c for c in held if c.startswith(_UNSHOWN)})
    return own + further + [c for c in TIMES if c in held]


def summary(column: str, values: Sequence[float]) -> str:
    """``median [least-most]``; one value by itself, a dash for none."""
    if not values:
        return "–"
    series = pd.Series(values, dtype=float)
    middle = cell_text(column, float(series.median()))
    low, high = cell_text(column, float(series.min())), cell_text(column, float(series.max()))
    return middle if low == high or not all(map(math.isfinite, values)) else f"{middle} [{low}–{high}]"
