"""A benchmark's table: our rows, their median, and the floors, with the same columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0._typing import Float, PathLikeStr, ndarray
from grn_l0.metrics import LIKELY, Reliability

#: Columns that are counts, shown without decimals.
COUNTS = ("candidates", "true_edges", "edges", "edges_found", "peak_mib", "n")


@dataclass(frozen=True, kw_only=True, eq=False)
class BenchmarkTable:
    """Rows of figures.

    Parameters
    ----------
    title
        What was run.
    rows
        Name of each row and its figures; a figure that does not apply is left out.
    notes
        Sentences below the table: the universe, what the floors are.
    about
        The settings, and the machine; ``command`` makes the table again and stands on top of it.
    """

    title: str
    rows: Mapping[str, Mapping[str, float]]
    notes: Sequence[str] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The table; NaN where a figure does not apply."""
        return pd.DataFrame.from_dict({k: dict(v) for k, v in self.rows.items()}, orient="index")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; figures that are not finite are left out."""
        rows = {k: {c: _plain(v) for c, v in row.items() if math.isfinite(v)} for k, row in self.rows.items()}
        return {"title": self.title, "about": dict(self.about), "rows": rows, "notes": list(self.notes)}

    def to_text(self) -> str:
        """For a terminal."""
        cells = self._cells()
        return "\n".join([self.title, "", cells.to_string(), "", *self.notes]).rstrip()

    def to_markdown(self) -> str:
        """For a README."""
        cells = self._cells()
        rows = [[str(name), *row] for name, row in zip(cells.index, cells.to_numpy().tolist(), strict=True)]
        table = markdown_table(["", *cells.columns], rows)
        settings = ", ".join(f"{k} {v}" for k, v in self.about.items() if k != "command")
        command = [f"`{self.about['command']}`"] if "command" in self.about else []
        return "\n\n".join([f"### {self.title}", *command, table, *self.notes, settings]).rstrip() + "\n"

    def write(self, path: PathLikeStr) -> None:
        """Write .md, .csv or .json.

        Raises
        ------
        FileFormatError
            For another suffix.
        OutputError
            If the folder does not exist.
        """
        suffix = Path(path).suffix.lower()
        makers: dict[str, Callable[[], str]] = {
            ".md": self.to_markdown,
            ".csv": self._to_csv,
            ".json": self._to_json,
        }
        if suffix not in makers:
            raise FileFormatError(f"{path}: unknown suffix {suffix!r}; use one of {', '.join(makers)}")
        with atomic_path(path) as temporary:
            temporary.write_text(makers[suffix](), encoding="utf-8")

    def _to_csv(self) -> str:
        return self.frame().to_csv(index_label="row")

    def _to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def _cells(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame({c: [cell_text(c, v) for v in frame[c]] for c in frame.columns}, index=frame.index)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Lines of a Markdown table; the first `texts` columns are aligned to the left, figures to the right."""
    rule = ["---"] * texts + ["---:"] * (len(head) - texts)
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rows))


def reliability_lines(
    name: str, counts: Reliability, between: Sequence[Float[ndarray, " bins"]] | None = None
) -> list[str]:
    """A sentence with the calibration errors, then the reliability table in Markdown.

    Parameters
    ----------
    name
        What was pooled.
    counts
        Candidates by score.
    between
        Lower and upper ends of another interval of each bin, that between systems.
    """
    table = counts.table()
    head = ["score", "candidates", "mean score", "share of true edges", "95 % interval"]
    rows = [
        [
            f"{row['from']:g} to {row['to']:g}",
            f"{row['candidates']:.0f}",
            *(f"{row[c]:.3f}" for c in ("predicted", "observed")),
            f"{row['low']:.3f}–{row['high']:.3f}",
        ]
        for row in table.to_dict("records")
    ]
    if between is not None:
        head.append("between systems")
        ends = zip(*(end[counts.count > 0] for end in between), strict=True)
        rows = [[*row, f"{low:.3f}–{high:.3f}"] for row, (low, high) in zip(rows, ends, strict=True)]
    about = (
        f"{name}: expected calibration error {counts.error():.4f} over all candidates, {counts.error(LIKELY):.3f} over "
        f"those from {LIKELY:g} on."
    )
    return [about, markdown_table(head, rows)]


def median_row(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Median of each figure over the rows that have it."""
    return {str(k): float(v) for k, v in pd.DataFrame([dict(r) for r in rows]).median().items()}


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) >= 2 else float(value)


def cell_text(column: str, value: float) -> str:
    """A figure with as many digits as mean something, by the name of its column."""
    if not math.isfinite(value):
        return "–"
    if column.partition(" (")[0] in COUNTS:
        return f"{value:.0f}"
    if column.endswith(("_s", "seconds")):
        return f"{value:.1f}"
    if column.startswith("mse") or (value != 0 and abs(value) < 1e-3):
        return f"{value:.3e}" if column.startswith("mse") else f"{value:.2e}"
    return f"{value:.4f}" if column.startswith("sparsity") else f"{value:.3f}"
