"""The speed suite: its pieces on a small system, the arithmetic by formula, and the text of its report."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

from grn_l0._errors import OptionError
from grn_l0._parallel import on_processes
from grn_l0.benchmark import speed
from grn_l0.benchmark.measure import Cells, Limits, cells
from grn_l0.benchmark.measure.fit import processor_s, start_workers
from grn_l0.benchmark.measure.peak import machine_peak
from grn_l0.benchmark.speed import names, pieces
from grn_l0.benchmark.speed.arithmetic import operations
from grn_l0.posterior import PosteriorConfig
from grn_l0.posterior.response import refine
from grn_l0.solve import ExponentialHeun


def test_the_command_is_judged_as_the_same_fit_in_python(tmp_path: Path) -> None:
    store = Cells(tmp_path / "speed.json")
    plan = speed.SpeedPlan(only=(names.WARM, names.FIT), repeats=1, small=True, limits=Limits(seconds=300))
    assert plan.run(store, lambda line: None) == 0
    # Both in processes of their own: here small systems are run once.
    fit, command = store.get(names.FIT, 0)["figures"], store.get(names.WARM, 0)
    assert command["figures"] == pytest.approx({name: fit[name] for name in pieces.ACCURACY}, rel=1e-5)
    assert command["peak_bytes"] > 1e8 and command["cpu_s"] > 0
    assert 0 < fit["network_s"] < fit["fit_s"]
    assert all(fit[f"operations, {part}"] > 0 for part in ("Gibbs sweeps", "Gram products", "gated ODE", "refit"))
    said: list[str] = []
    assert not plan.run(Cells(store.path), said.append)
    assert len(said) == 2  # nothing was prepared for what is there already


def test_all_pieces_have_names_of_their_own_and_peers_are_methods() -> None:
    found = speed.SpeedPlan().pieces
    assert sorted(piece.name for piece in found) == sorted(names.EVERY)
    assert {p.name for p in found} >= {names.FIT, names.WARM, names.FIRST, *names.SLOW, *names.QUICK}
    assert {names.PHOENIX, *names.SLOW, *names.QUICK} <= {*pieces.METHODS}
    assert [p.name for p in speed.SpeedPlan(only=("command*",)).pieces] == [names.WARM, names.FIRST]
    with pytest.raises(OptionError, match="no piece"):
        speed.SpeedPlan(only=("commando",))


def test_other_workers_are_other_work() -> None:
    one, other = ({p.name: p.work for p in speed.SpeedPlan(jobs=jobs, threads=1).pieces} for jobs in (2, 3))
    assert {name for name in one if one[name] != other[name]} == {names.RESAMPLES}


@pytest.mark.parametrize("wrong", ["repeats", "threads", "jobs"])
def test_numbers_are_positive(wrong: str) -> None:
    with pytest.raises(OptionError, match=wrong):
        speed.SpeedPlan(**{wrong: 0})


def test_operations_of_a_small_fit_by_hand() -> None:
    s, t, n, r = 4, 3, 5, 2
    # Of two edges with a gate one and a half are open in a step; the third has too little evidence.
    opening = np.array([[0, 0.5, 1.0, 0, 0], [0, 0, 0, 5e-4, 0]])
    start = SimpleNamespace(
        inclusion=np.full((r, n), 0.25), opening=opening, rate=np.array([0.0, 1, 1, 1, 1]),
        covariances=[SimpleNamespace(whitener=np.stack([k * np.eye(t) for k in (1, 1, 2, 3)] + [np.tri(t)]))],
    )  # fmt: skip
    weights = np.zeros((r, n))
    weights[:, 1] = weights[0, 2] = 1.0
    network = SimpleNamespace(weights=weights)
    result: Any = SimpleNamespace(start=start, solver=ExponentialHeun(step=1.0), network=network)
    times = np.array([0.0, 2.0, 5.0])
    series: Any = SimpleNamespace(values=np.zeros((s, t, n)), times=np.tile(times, (s, 1)))
    chain = PosteriorConfig()
    steps = {"posterior": len(chain.rounds) + 2, "gated ODE": 40, "linear forecast": 150, "logistic forecast": 150}
    counted = operations(result, series, steps)
    sweeps = sum(chain.rounds) + chain.second_look
    # One gene stays constant: it has no equation.
    sweep = 4 * r * (4 + 12 * len(chain.slabs)) + 2 * r * 2.5
    grid = len(refine(times)[0])
    assert counted["Gibbs sweeps"] == sweeps * sweep
    # Two kinds of noise by their shape, of genes that change; all rounds and a second look.
    assert counted["Gram products"] == (len(chain.rounds) + 1) * 2 * (2 * s * t * grid * r + s * t * r * r)
    # Five solver steps of two evaluations, forwards and twice that backwards, of edges: 1.5 are open, three kept.
    assert counted["gated ODE"] == (40 + 40) * 5 * 2 * 3 * (2 * s * 1.5)
    assert counted["refit"] == 300 * 5 * 2 * 3 * (2 * s * 3)


def test_a_fit_without_a_posterior_is_not_counted(inference: Any) -> None:
    series: Any = None
    with pytest.raises(ValueError, match="posterior"):
        operations(inference.fit, series, {})


def test_peak_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grn_l0.benchmark.measure.peak._SIZE", 200)
    monkeypatch.setattr("grn_l0.benchmark.measure.peak._BYTES", 2**20)
    assert all(value > 0 for value in machine_peak(1).values())


def _record(name: str, figures: dict[str, float], wall: float = 9.0, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "repeat": 0, "status": "done", "reason": "", "wall_s": wall, "cpu_s": wall, "peak_bytes": 2.0**29,
        "load": [0.1, 0.2], "figures": figures, "code": cells.current_code(), "machine": "m", "threads": 1,
        "work": name, "when": "2026-01-01 00:00",
    } | more  # fmt: skip


def test_the_report_sets_figures_beside_bars_and_peers(tmp_path: Path) -> None:
    store = Cells(tmp_path / "speed.json")
    fit = {
        "fit_s": 5.0, "fit_cpu_s": 4.0, "network_s": 3.5, "network_cpu_s": 3.0, "stage posterior_s": 3.0,
        "stage linear forecast_s": 1.5,
        "operations, Gibbs sweeps": 6e9, "operations, refit": 2e9, "auprc": 0.8, "edges": 400.0,
    }  # fmt: skip
    store.keep(_record(names.FIT, fit))
    store.keep(_record(names.WARM, {"auprc": 0.8}, 11.0, code="older"))
    store.keep(_record(names.PHOENIX, {"fit_s": 200.0, "fit_cpu_s": 120.0, "auprc": 0.1}))
    store.keep(_record(names.PEAK, {"float64_gflops": 40.0, "float32_gflops": 80.0, "copy_gbytes": 20.0}))
    store.keep(_record("lasso", {}, status="time limit", limit=5.0))
    text = speed.report(store, tmp_path, "grn-l0 benchmark speed")[0].read_text()
    assert "| SIM350, network | ≤ 3 s | 3.50 s | **no** | 3.00 s |" in text
    assert "| whole command, caches warm † | ≤ 12 s | 11.0 s | yes | 11.0 s |" in text
    assert "| times faster than a vectorised PHOENIX | ≥ 30 × | 40.0 × | yes | 30.0 × |" in text
    assert "| whole command, first run ever | ≤ 30 s | not measured | – |  |" in text
    assert "| peak memory, caches warm † | ≤ 1 GiB | 0.50 GiB | yes |  |" in text
    assert "grn_l0, command, caches warm †" in text
    # 8 Gflop in 4 s: 2 per second, a twentieth of 40.
    assert "2.000 | 0.050 | 0.025" in text and "cannot be" not in text
    assert (tmp_path / "speed.png").is_file()


def test_a_rate_above_the_peak_is_not_published_without_a_word(tmp_path: Path) -> None:
    store = Cells(tmp_path / "speed.json")
    store.keep(_record(names.FIT, {"fit_s": 5.0, "fit_cpu_s": 4.0, "operations, refit": 2e11}))
    store.keep(_record(names.PEAK, {"float64_gflops": 40.0, "float32_gflops": 80.0, "copy_gbytes": 20.0}))
    text = speed.SpeedPlan().report(store, tmp_path)[0].read_text()
    assert "**This rate is above the measured peak in float64, which cannot be" in text


def _burn(seconds: float) -> int:
    """Spend so much processor time; the process that did."""
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass
    return os.getpid()


def test_processor_time_of_workers_counts_while_they_are_there_and_when_they_are_gone() -> None:
    start_workers(2)
    own, before = time.process_time(), processor_s()
    workers = set(on_processes(_burn, [(1.0,)] * 4, 2, order=False))
    spent = processor_s() - before
    assert os.getpid() not in workers and spent >= 3.9
    # Nothing else was done: no worker had to be started.
    assert spent < 4 + 1.5 + time.process_time() - own
    get_reusable_executor().shutdown(wait=True)
    assert processor_s() - before >= 3.9


def test_an_empty_report_says_that_nothing_was_measured(tmp_path: Path) -> None:
    written = speed.report(Cells(tmp_path / "speed.json"), tmp_path, "grn-l0 benchmark speed")
    assert "Nothing was measured yet" in written[0].read_text() and len(written) == 1
