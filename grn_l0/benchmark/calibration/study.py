"""Runs the default on fresh systems, pools the scores of all candidates, and reports how often they were right."""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grn_l0 import pl, tl
from grn_l0._atomic import atomic_path
from grn_l0._errors import GrnWarning, OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.calibration.designs import DESIGNS, FIRST_SEED, Design
from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.table import markdown_table, reliability_lines
from grn_l0.metrics import LIKELY, Reliability

#: Number of seeds that `Design.systems` goes with.
USUAL_SEEDS = 3
_DRAWS = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Rated:
    """One system: its candidates by score, and the figures of its network.

    Attributes
    ----------
    design, seed
        Which system.
    counts
        Candidates by score, in ten bins.
    brier, precision, edges
        Brier score of all candidates; precision and number of the surviving edges.
    cpu_seconds
        Processor time of the inference.
    """

    design: str
    seed: int
    counts: Reliability
    brier: float
    precision: float
    edges: int
    cpu_seconds: float


def rate(design: Design, seed: int) -> Rated:
    """Simulate one system, run the default on its data, and count its candidates by score."""
    problem = design.make(seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GrnWarning)  # constant genes and the like are known
        result = tl.infer(problem.adata, seed=0, **problem.keys)
    spent = time.process_time() - began
    truth = problem.references["truth"]
    row = tl.evaluate(result, truth).loc["result"].to_dict()
    return Rated(
        design=design.name,
        seed=seed,
        counts=tl.reliability(result, truth),
        brier=float(row["brier"]),
        precision=float(row["precision"]),
        edges=int(row["edges"]),
        cpu_seconds=spent,
    )


def calibration(
    out: Path,
    *,
    seeds: int = USUAL_SEEDS,
    designs: Sequence[Design] = DESIGNS,
    command: str = "",
    say: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Run the study, and write calibration.md, .png and .json (counts of every system) into the folder `out`.

    Parameters
    ----------
    out
        Folder of the results; made if it is not there.
    seeds
        Three for the numbers of systems that the designs state; they grow and shrink with it.
    designs
        What to simulate.
    command
        What made the report; stands in it.
    say
        Called with a line of progress.

    Raises
    ------
    OptionError
        If there is no design, or no seed.
    """
    if not designs or seeds < 1:
        raise OptionError(f"{len(designs)} designs and {seeds} seeds: the study needs at least one of both")
    out.mkdir(parents=True, exist_ok=True)
    rated: list[Rated] = []
    for design in designs:
        for k in range(math.ceil(design.systems * seeds / USUAL_SEEDS)):
            rated.append(rate(design, FIRST_SEED + k))
            say(f"done: {design.name}, system {FIRST_SEED + k}, {rated[-1].cpu_seconds:.0f} s")
    with atomic_path(out / "calibration.json") as path:
        path.write_text(json.dumps([_plain(one) for one in rated], indent=1) + "\n", encoding="utf-8")
    groups = {"all systems": rated}
    levels = [*dict.fromkeys(design.noise for design in designs)]
    for noise in levels if len(levels) > 1 else []:
        names = {design.name for design in designs if design.noise == noise}
        groups[f"{100 * noise:g} % noise"] = [r for r in rated if r.design in names]
    pl.save(pl.reliability_curves({name: pooled(part) for name, part in groups.items()}), out / "calibration.png")
    with atomic_path(out / "calibration.md") as path:
        path.write_text(report(rated, command), encoding="utf-8")
    return [out / f"calibration.{suffix}" for suffix in ("md", "png", "json")]


def pooled(rated: Sequence[Rated]) -> Reliability:
    """The candidates of all systems together."""
    return sum((r.counts for r in rated[1:]), rated[0].counts)


def between_systems(rated: Sequence[Rated], level: float = 0.95) -> tuple[Float[ndarray, " bins"], ...]:
    """Interval of each bin's share of true edges by drawing systems with replacement, whatever their design.

    Candidates of one system share its noise and its mistakes; systems are independent (Efron & Tibshirani 1993). Drawn
    design by design, a design with a single system would have no spread.
    """
    rng = np.random.default_rng(0)
    count, hits = (np.array([getattr(r.counts, part) for r in rated]) for part in ("count", "hits"))
    shares = np.empty((_DRAWS, count.shape[1]))
    for draw in range(_DRAWS):
        chosen = rng.integers(len(rated), size=len(rated))
        n = count[chosen].sum(axis=0)
        shares[draw] = np.where(n > 0, hits[chosen].sum(axis=0) / np.maximum(n, 1), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a bin that is empty in every draw stays NaN
        low, high = np.nanquantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def report(rated: Sequence[Rated], command: str = "") -> str:
    """The study in Markdown: all systems pooled, then design by design."""
    seconds = sum(r.cpu_seconds for r in rated)
    parts = [
        "# Calibration",
        *([f"`{command}`"] if command else []),
        f"The default on {len(rated)} simulated systems (numbered from {FIRST_SEED}) that no setting was chosen on: of "
        "the candidate edges with a score in a bin, the share that is true. ECE: expected calibration error in ten "
        "bins of equal width (Naeini 2015, Guo 2017). Nearly all candidates score about 0, so it is given over those "
        f"that score {LIKELY:g} and more, too. Every pair of genes but those of a gene with itself is a candidate.",
        "![Share of true edges by score](calibration.png)",
        *reliability_lines("All systems together", pooled(rated), between_systems(rated)),
        "Between systems: systems drawn with replacement, as candidates of one system are not independent.",
        "## By design",
        _by_design(rated),
        "`.5 to .9` and `.9 to 1`: mean score, share of true edges, number. Brier score over all candidates; stating "
        f"their density for all would cost about that density. {seconds:.0f} s of processor time; {machine()}.",
    ]
    return "\n\n".join(parts) + "\n"


def _by_design(rated: Sequence[Rated]) -> str:
    rows = []
    for name in dict.fromkeys(r.design for r in rated):
        part = [r for r in rated if r.design == name]
        counts = pooled(part)
        rows.append(
            [
                name,
                str(len(part)),
                f"{counts.error():.4f}",
                f"{counts.error(LIKELY):.3f}",
                _between(counts, 0.5, 0.9),
                _between(counts, 0.9, 1.0),
                f"{np.mean([r.brier for r in part]):.2e}",
                f"{np.nanmean([r.precision for r in part]):.3f}" if any(r.edges for r in part) else "–",
                f"{np.mean([r.edges for r in part]):.0f}",
            ]
        )
    head = ["design", "systems", "ECE", f"ECE from {LIKELY:g}", ".5 to .9", ".9 to 1", "Brier", "precision", "edges"]
    return markdown_table(head, rows)


def _between(counts: Reliability, low: float, high: float) -> str:
    """Mean score, share of true edges and number of the candidates of these bins."""
    start = np.arange(counts.count.size) / counts.count.size
    inside = (start >= low - 1e-9) & (start < high - 1e-9)
    n = int(counts.count[inside].sum())
    if not n:
        return "–"
    return f"{counts.total[inside].sum() / n:.2f}, {counts.hits[inside].sum() / n:.2f}, {n}"


def _plain(one: Rated) -> dict[str, Any]:
    values = asdict(one)
    return values | {"counts": {k: np.asarray(v).tolist() for k, v in values["counts"].items()}}
