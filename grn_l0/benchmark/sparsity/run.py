"""All parts of the benchmark of sparsity, and its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from grn_l0._atomic import atomic_path
from grn_l0._errors import OptionError
from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.sparsity import classifiers, criteria, networks, speed
from grn_l0.benchmark.sparsity.figures import draw
from grn_l0.benchmark.table import BenchmarkTable, median_row

#: Parts of the benchmark, in the order of the report.
PARTS = ("classifiers", "criteria", "networks", "speed")
_LONGEST_FIRST = ("networks", "classifiers", "criteria")
#: Splits of the images that no setting was chosen on.
_SPLITS, _RESPONSES = range(10, 15), 20


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece of a part that runs by itself."""

    part: str
    name: str
    seed: int = 0


def sparsity(
    out: Path,
    *,
    seeds: int = 3,
    processes: int = 2,
    parts: tuple[str, ...] = PARTS,
    command: str = "",
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Run the parts, keep their figures in `out`, and write the report of everything that is there.

    Parameters
    ----------
    out
        Folder of the results.
    seeds
        Draws of the noise of SIM350; the other parts have numbers of their own, which the report states.
    processes
        Pieces at a time, one thread each.
    parts
        Which parts to run again.
    command
        What made these parts; stands below their tables.
    say
        Called with a line of progress.

    Raises
    ------
    OptionError
        If a part is not one of `PARTS`.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise OptionError(f"{unknown[0]!r} is not a part of this benchmark; these are {', '.join(PARTS)}")
    out.mkdir(parents=True, exist_ok=True)
    results: dict[Job, dict[str, Any]] = {}

    def done(job: Job, result: dict[str, Any]) -> None:
        """Keep a part as soon as it is whole."""
        results[job] = result
        say(f"done: {job.part}, {job.name}, seed {job.seed}")
        of_part = _jobs(job.part, seeds)
        if all(one in results for one in of_part):
            merged = _merged(job.part, {one: results[one] for one in of_part}) | {"command": command}
            _keep(out / f"sparsity-{job.part}.json", merged)

    # the speed of things is measured alone, after everything else; of the rest, the longest pieces go first
    together = [job for part in _LONGEST_FIRST for job in _jobs(part, seeds) if part in parts]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        waiting = {pool.submit(_run, job): job for job in together}
        for future in as_completed(waiting):
            done(waiting[future], future.result())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        for job in _jobs("speed", seeds) if "speed" in parts else []:
            done(job, pool.submit(_run, job).result())
    return report(out)


def _jobs(part: str, seeds: int) -> list[Job]:
    if part == "classifiers":
        return [Job(part=part, name=n, seed=s) for s in _SPLITS for n in reversed(classifiers.SETS)]
    if part == "networks":
        return [Job(part=part, name=gate, seed=s) for s in range(seeds) for gate in networks.GATES]
    if part == "speed":
        return [Job(part=part, name=n) for n in ("training", "dynamics", "classifier")]
    return [Job(part=part, name="regression")]


def _one_thread() -> None:
    torch.set_num_threads(1)


def _run(job: Job) -> dict[str, Any]:
    if job.part == "classifiers":
        rows, courses = classifiers.experiment(job.name, job.seed)
        return {"rows": rows, "courses": courses if job.seed == _SPLITS[0] else {}}
    if job.part == "criteria":
        return {"rows": criteria.experiment(_RESPONSES)}
    if job.part == "networks":
        return {"rows": networks.experiment(job.name, job.seed)}
    if job.name == "training":
        return {"rows": speed.training_step()}
    if job.name == "dynamics":
        return {"rows": speed.compacted_dynamics()}
    return {"rows": speed.compacted_classifiers()}


def _merged(part: str, results: dict[Job, dict[str, Any]]) -> dict[str, Any]:
    """Medians over seeds, row by row; what only one piece has is taken as it is."""
    rows: dict[str, list[dict[str, float]]] = {}
    courses: dict[str, Any] = {}
    for result in results.values():
        courses |= result.get("courses", {})
        for name, row in result["rows"].items():
            rows.setdefault(name, []).append(row)
            if row.keys() != rows[name][0].keys():
                raise ValueError(f"two pieces of {part} have rows of the same name, {name!r}, for different things")
    merged = {name: median_row(found) for name, found in rows.items()}
    for name, found in rows.items():
        if "minus_epsilon" in merged[name]:
            merged[name]["largest_deviation"] = max(abs(row["minus_epsilon"]) for row in found)
        if part == "networks" and len(found) > 1:
            merged[name]["auprc_least"] = min(row["auprc"] for row in found)
            merged[name]["auprc_most"] = max(row["auprc"] for row in found)
    return {"rows": merged, "courses": courses, "seeds": max(map(len, rows.values())), "machine": machine()}


def _keep(path: Path, result: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


#: What the report says about a part: how many repeats, where, and by which command.
_ABOUT = ("seeds", "machine", "command")
_TITLES = {
    "classifiers": "Penalty and constraint on a classifier of images",
    "criteria": "AIC, BIC and extended BIC on a regression with a known support",
    "networks": "SIM350, 5 % noise: every gate, sparsity and production",
    "speed": "What gates cost and what compacting saves",
}
_NOTES = {
    "classifiers": (
        "784 (or 64) - 300 - 100 - 10, a gate per weight; error on the fifth of the images that is kept for the test. "
        "Medians of five splits that no setting was chosen on. `minus_dense`: error minus that of the dense network of "
        "the same split (one image is .28 points of the digits, .1 of MNIST-5000). Each penalty's lambda was found by "
        "trying, on another split, to end at the density in its name after as many epochs: it is no fixed price, as "
        "after twice as many the density is lower by a quarter to three quarters. DiffPrune's gates move at a quarter "
        "of the others' rate, lest they overrun a density that they cannot come back to. `lowest`: least density at "
        "the end of an epoch; `largest_deviation` from the density asked for, of all splits. Seconds beside another "
        "process.",
    ),
    "criteria": (
        "200 regressors, 10 of them with an effect of .4 standard deviations of the noise; mean numbers of false and "
        "missed regressors over 20 responses to one draw of the regressors. `by chance`: regressors without an "
        "effect of which each alone would be worth its price. `search`: adding and dropping one at a time at the same "
        "price. `at the most`: share of the responses for which 60 regressors, the most that either may take, were "
        "reached; there the numbers say nothing but that.",
    ),
    "networks": (
        "Medians over draws of the noise. The posterior is computed once per draw, and is not in the seconds. Scores "
        "of fits from a posterior are the posterior's, whatever the gates; those from scratch are probabilities of "
        "gates trained at learned prices, whatever the density: in both groups AUPRC is equal by construction. "
        "Rows without a production: linear or logistic, whichever fits.",
    ),
    "speed": (
        "Median of repeated steps that take turns; one thread. `times fewer` is candidates over edges.",
        "Classifiers: trained at a price per weight, or per input, of so many nats.",
    ),
}


def report(out: Path) -> list[Path]:
    """Write sparsity.md and the figures from the parts that are in `out`."""
    parts = {part: json.loads(path.read_text()) for part in PARTS if (path := out / f"sparsity-{part}.json").is_file()}
    text = ["# Every way to be sparse"]
    for part, found in parts.items():
        groups = _by_columns(found["rows"])
        for k, rows in enumerate(groups):
            table = BenchmarkTable(
                title=_TITLES[part] if k == 0 else f"{_TITLES[part]}, continued",
                rows=rows,
                notes=_NOTES[part] if k == len(groups) - 1 else (),
                about={key: found[key] for key in _ABOUT if found.get(key)} if k == len(groups) - 1 else {},
            )
            text.append(table.to_markdown().rstrip())
    drawn = draw(parts, out)
    text += [f"![{caption}]({path.name})" for caption, path in drawn]
    with atomic_path(out / "sparsity.md") as temporary:
        temporary.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return [out / "sparsity.md", *(path for _, path in drawn)]


def _by_columns(rows: dict[str, dict[str, float]]) -> list[dict[str, dict[str, float]]]:
    """Rows that have the same columns, together."""
    groups: dict[tuple[str, ...], dict[str, dict[str, float]]] = {}
    for name, row in rows.items():
        groups.setdefault(tuple(row), {})[name] = row
    return list(groups.values())
