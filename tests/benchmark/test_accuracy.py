"""The accuracy benchmark: resuming, the table by hand, figures, worker processes, the command."""

from __future__ import annotations

import json
import operator
import os
import signal
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from grn_l0 import datasets, simulate
from grn_l0._errors import OptionError
from grn_l0.benchmark import accuracy
from grn_l0.benchmark.accuracy import calibration, cases, cell, figures, report, suite
from grn_l0.benchmark.accuracy.store import Store, code_of, finished
from grn_l0.benchmark.accuracy.workers import Job, run_jobs
from grn_l0.benchmark.methods import METHODS, Answer, Method


def small(seed):
    system = simulate.random_system(6, seed)
    series = simulate.short_trajectories(system, 12, (0.0, 1.0, 2.0, 4.0), seed=seed)
    test = simulate.short_trajectories(system, 3, (0.0, 1.0, 2.0), noise=0.0, seed=seed + 100)
    return accuracy.simulated(series, system, test=test)


def empty(seed):
    return accuracy.null(simulate.pure_noise(small(seed).series, seed=seed))


@pytest.fixture
def calls():
    """Calls of the method "counted": (seed of the task)."""
    return []


@pytest.fixture
def tiny(monkeypatch, calls):
    """Two cases and three methods in place of all."""

    def counted(task):
        calls.append(task.seed)
        scores = np.where(task.candidates, 0.1 + 0.8 * np.eye(6)[::-1], 0.0)
        return Answer(scores=scores, weights=np.where(scores > 0.5, scores, 0.0), probability=True)

    methods = {
        "grn_l0": Method(name="grn_l0", run=counted, role="ours", about="Counts its calls."),
        "correlation": METHODS["correlation"],
        "persistence": METHODS["persistence"],
    }
    known = {
        "Small/noise": accuracy.Case(
            name="Small/noise", make=small, seeds=3, sweep=("noise", 0.05), about="Six genes."
        ),
        "Nulls/noise": accuracy.Case(name="Nulls/noise", make=empty, methods=("@ours",), fixed=True),
    }
    for module in (suite, report, figures, calibration, accuracy):
        if hasattr(module, "CASES"):
            monkeypatch.setattr(module, "CASES", known)
    for module in (suite, report, figures, accuracy.run):
        monkeypatch.setattr(module, "METHODS", methods)
    monkeypatch.setattr(figures, "CURVES", ("Small/noise",))
    monkeypatch.setattr(figures, "TRADE_OFF", "Small/noise")
    return methods


def plan(**options):
    return accuracy.Plan(**{"processes": 0, "seeds": 3, **options})


def test_benchmark_goes_on_where_it_was_stopped(tiny, calls, tmp_path, monkeypatch):
    usual = suite.run_cell

    def stops(case, method, seed):
        if seed == 1:
            raise KeyboardInterrupt
        return usual(case, method, seed)

    monkeypatch.setattr(suite, "run_cell", stops)
    with pytest.raises(KeyboardInterrupt):
        accuracy.accuracy(plan(), tmp_path)
    assert calls == [0]
    kept = {p: p.read_bytes() for p in (tmp_path / "cells").rglob("*.json")}
    assert len(kept) == 3
    monkeypatch.setattr(suite, "run_cell", usual)
    done = accuracy.accuracy(plan(), tmp_path)
    assert calls == [0, 1, 2, 0, 1, 2]  # the null has three seeds of its own
    assert done.cells == 12
    assert {p: p.read_bytes() for p in kept} == kept
    accuracy.accuracy(plan(), tmp_path)
    assert len(calls) == 6
    accuracy.accuracy(plan(again=True, only=("nulls/*",)), tmp_path)
    assert len(calls) == 9


def test_broken_stale_and_failed_records_are_run_again(tiny, calls, tmp_path):
    accuracy.accuracy(plan(only=("Small/*",), methods=("GRN_L0",), seeds=1), tmp_path)
    store = Store(tmp_path / "cells")
    path = store.path("Small/noise", "grn_l0", 0)
    case, method = suite.CASES["Small/noise"], suite.METHODS["grn_l0"]
    record = json.loads(path.read_text())
    assert finished(record, code_of(case, method))
    assert finished(record | {"status": "time limit"}, code_of(case, method))
    assert not finished(record | {"status": "failed"}, code_of(case, method))
    for broken in ("{", "[]", json.dumps(record | {"code": "of before"})):
        path.write_text(broken)
        before = len(calls)
        accuracy.accuracy(plan(only=("Small/*",), methods=("grn_l0",), seeds=1), tmp_path)
        assert len(calls) == before + 1


def test_code_changes_with_the_settings_of_a_method_and_of_a_case(tiny):
    case, method = suite.CASES["Small/noise"], METHODS["grn_l0"]
    codes = {
        code_of(case, method),
        code_of(case, METHODS["grn_l0, decide balanced"]),
        code_of(case, replace(METHODS["grn_l0, decide balanced"], options="odds 5")),
        code_of(replace(case, make=partial(small, noise=0.1)), method),
        code_of(replace(case, make=partial(small, noise=0.2)), method),
        code_of(case, METHODS["lasso"]),
    }
    assert len(codes) == 6
    assert code_of(replace(case, make=partial(small, noise=0.2)), method) in codes


def test_failed_cell_is_named_and_the_others_go_on(tiny, tmp_path, monkeypatch):
    def fails(task):
        raise ValueError("cannot")

    monkeypatch.setitem(suite.METHODS, "persistence", Method(name="persistence", run=fails, role="floor"))
    lines = []
    done = accuracy.accuracy(plan(only=("Small/*",), seeds=1), tmp_path, say=lines.append)
    assert done.failed == 1
    assert any("ValueError: cannot" in line for line in lines)
    assert "persistence: ValueError: cannot" in (tmp_path / "accuracy.md").read_text()
    table = pd.read_parquet(tmp_path / "accuracy.parquet")
    assert table.set_index("method")["status"].to_dict() == {
        "grn_l0": "done",
        "correlation": "done",
        "persistence": "failed",
    }


def record(method, seed, **values):
    about = {"case": "Small/noise", "method": method, "seed": seed, "status": "done", "note": ""}
    return about | {"code": "c", "version": "0", "figures": values}


def test_table_shows_median_and_range_by_hand(tiny):
    records = [record("grn_l0", k, auprc=v, edges=e) for k, (v, e) in enumerate([(0.7, 3), (0.9, 5), (0.2, 4)])]
    records += [record("correlation", 0, auprc=0.123456), record("persistence", 0, mse_one_step=1.5e-3)]
    lines = report.markdown(records).splitlines()
    assert "| method | seeds | auprc | edges | mse_one_step |" in lines
    assert "| grn_l0 | 3 | 0.700 [0.200–0.900] | 4 [3–5] | – |" in lines
    assert "| correlation | 1 | 0.123 | – | – |" in lines
    assert "| persistence | 1 | – | – | 1.500e-03 |" in lines
    sweep = figures.sweep_table(report.tidy(records), "noise").set_index("method")
    assert sweep.loc["grn_l0"].tolist() == [0.05, 0.7, 0.2, 0.9]
    assert "persistence" not in sweep.index


def test_overview_and_gains_by_hand(tiny, monkeypatch):
    name = "grn_l0, one slab"
    monkeypatch.setitem(report.METHODS, name, METHODS[name])
    monkeypatch.setitem(report.METHODS, "lasso", METHODS["lasso"])
    values = [(0.7, 1e-3), (0.9, 2e-3), (0.2, 1e-3)]
    records = [record("grn_l0", k, auprc=v, mse_one_step=e) for k, (v, e) in enumerate(values)]
    records += [record(name, 0, auprc=0.6, mse_one_step=2e-3), record(name, 1, auprc=0.95, mse_one_step=6e-3)]
    records += [record("correlation", 0, auprc=0.1), record("lasso", 0, auprc=0.3)]
    records += [record("persistence", 0, mse_one_step=5e-3)]
    lines = report.markdown(records).splitlines()
    overview = "| Small/noise | 0.700 [0.200–0.900] | 0.300 (lasso) | – | – | 1.000e-03 [1.000e-03–2.000e-03] | "
    assert overview + "5.000e-03 (persistence) |" in lines
    # .7 - .6 and .9 - .95; 2/1 and 6/2.
    (gains,) = (line for line in lines if line.startswith(f"| {name} | Small/noise |"))
    assert "| +0.025 [-0.050, +0.100] |" in gains
    assert gains.endswith("| 2.500 [2.000, 3.000] |")


def test_published_figures_stand_below_the_rows(tiny, monkeypatch):
    case = replace(suite.CASES["Small/noise"], published=(("Paper", (("auprc", 0.5), ("seconds", 60.0))),))
    monkeypatch.setitem(report.CASES, "Small/noise", case)
    lines = report.markdown([record("grn_l0", 0, auprc=0.7, edges=3)]).splitlines()
    assert "| Paper | – | 0.500 | – |" in lines


def test_report_and_figures_are_written(tiny, tmp_path):
    done = accuracy.accuracy(plan(seeds=2), tmp_path / "out", command="the command")
    names = {path.name for path in done.files}
    assert {"accuracy.md", "accuracy.parquet", "accuracy-curves.parquet", "accuracy-pr-1.png"} <= names
    assert {"accuracy-noise.png", "accuracy-calibration.png"} <= names
    assert all(path.stat().st_size < 200_000 for path in done.files)
    text = (tmp_path / "out" / "accuracy.md").read_text()
    assert "`the command`" in text
    assert "![" in text
    assert "30 ordered pairs" in text
    # Two systems of thirty candidates, of which the counted method scores six .9 and the others .1.
    assert "## Calibration of the default\n\nSmall: expected calibration error" in text
    assert "| 0.1 to 0.2 | 48 | 0.100 |" in text and "| 0.9 to 1 | 12 | 0.900 |" in text
    assert text.index("## Small") < text.index("## Nulls") < text.index("## Methods")
    table = pd.read_parquet(tmp_path / "out" / "accuracy.parquet")
    null = table[table["group"] == "Nulls"]
    assert null["false_per_target"].tolist() == [1.0, 1.0]  # the counted method calls the six pairs off its diagonal
    assert table.loc[table["method"] == "persistence", "mse_one_step"].notna().all()
    curves = pd.read_parquet(tmp_path / "out" / "accuracy-curves.parquet")
    assert set(curves["method"]) == {"grn_l0", "correlation"}


def test_curve_is_thinned_and_keeps_its_area(rng):
    true = rng.random(50_000) < 0.02
    score = true + rng.normal(size=true.size)
    recall, precision = cell.precision_recall(score, true)
    assert len(recall) <= cell.POINTS
    area = np.sum(np.diff(recall, prepend=0) * precision)
    assert area == pytest.approx(average_precision_score(true, score), abs=0.02)
    exact = precision_recall_curve(true, score)
    for r, p in zip(recall, precision, strict=True):
        assert np.hypot(exact[1] - r, exact[0] - p).min() < 1e-9


def test_plan_refuses_patterns_that_match_nothing():
    with pytest.raises(OptionError, match=r"no method matches 'laso'.*did you mean 'lasso'"):
        accuracy.Plan(methods=("laso",))
    with pytest.raises(OptionError, match="no case"):
        accuracy.Plan(only=("nowhere/*",))
    with pytest.raises(OptionError, match="seeds"):
        accuracy.Plan(seeds=0)


def test_plan_counts_seeds_per_role():
    cells = [(m.name, seed) for _, m, seed in accuracy.Plan(only=("SIM350/noise 0.05",)).cells()]
    assert {seed for name, seed in cells if name == "grn_l0"} == {0, 1, 2}
    assert {seed for name, seed in cells if name == "GENIE3"} == {0}
    assert "prior alone" not in {name for name, _ in cells}
    more = [seed for _, m, seed in accuracy.Plan(only=("SIM350/noise 0.05",), seeds=6).cells() if m.name == "GENIE3"]
    assert more == [0, 1]
    fixed = [seed for _, m, seed in accuracy.Plan(only=("Breast*500 genes",)).cells() if m.name == "lasso"]
    assert fixed == [0]


@pytest.mark.parametrize("name", [name for name in cases.CASES if "Own simulations/6 series" in name])
def test_designs_make_problems_with_truth_and_tests(name):
    problem = cases.CASES[name].make(0)
    assert problem.calibrated
    assert problem.tests["test"].series.genes == problem.series.genes
    assert problem.references["truth"].attrs["regulators"] == problem.series.genes
    again = cases.CASES[name].make(0)
    assert np.array_equal(problem.adata.X, again.adata.X)


@pytest.mark.usefixtures("data_dir")
def test_published_cases_know_their_universes_and_tests():
    by_name = cases.CASES
    yeast = by_name["Yeast cell cycle/500 genes, motif prior"].make(0)
    assert set(yeast.references) == {"gold standard", "YEASTRACT"}
    assert set(yeast.prior["source"]) <= set(yeast.regulators)
    blood = by_name["Hematopoiesis/erythroid"].make(0)
    assert list(blood.tests) == ["21, filtered", "21, present cell", "36, filtered", "36, present cell"]
    sim = by_name["SIM350 with a prior network/noise 0.05, prior file 0.05"].make(0)
    assert len(sim.prior) == 550 == len(sim.references["truth"])
    assert datasets.sim350_prior("0.05").equals(sim.prior)
    assert by_name["SIM350, fewer trajectories/10 trajectories, noise 0.05"].make(1).series.n_series == 10


def test_workers_give_values_errors_and_limits_in_any_order():
    jobs = [
        Job(function=operator.add, arguments=(1, 2), limit_s=60),
        Job(function=operator.truediv, arguments=(1, 0), limit_s=60),
        Job(function=time.sleep, arguments=(600,), limit_s=1),
        Job(function=os._exit, arguments=(3,), limit_s=60),
        Job(function=operator.add, arguments=(3, 4), limit_s=60),
    ]
    found = {id(o.job): o for o in run_jobs(jobs, 1)}
    first, second, third, fourth, last = (found[id(job)] for job in jobs)
    assert (first.status, first.value) == ("done", 3)
    assert second.status == "failed"
    assert "ZeroDivisionError" in second.reason
    assert (third.status, third.reason) == ("time limit", "ended after 1 s")
    assert fourth.status == "failed"
    assert "process ended" in fourth.reason
    assert last.value == 7


def test_workers_have_one_thread_and_leave_ctrl_c_to_their_parent(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    jobs = [
        Job(function=os.getenv, arguments=("OMP_NUM_THREADS",), limit_s=60),
        Job(function=signal.getsignal, arguments=(signal.SIGINT,), limit_s=60),
    ]
    before = signal.getsignal(signal.SIGINT)
    assert [o.value for o in run_jobs(jobs, 1)] == ["1", signal.SIG_IGN]
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert signal.getsignal(signal.SIGINT) == before
