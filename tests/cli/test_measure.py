"""``grn-l0 benchmark speed`` and ``scale``: options become a plan, files are named, failures are told."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from grn_l0.benchmark.measure import AbstractPlan


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Plans that were run; nothing is measured."""
    seen: list[Any] = []

    def run(plan: Any, cells: Any, say: Any) -> int:
        seen.append(plan)
        say("a cell")
        return 0

    monkeypatch.setattr(AbstractPlan, "run", run)
    return seen


def test_options_reach_the_plan_and_files_are_written(grn, plans, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: begin --><!-- measured: end -->")
    out = tmp_path / "results"
    words = ("--most", 350, "--limit", 60, "--memory", 2, "--repeats", 5, "--threads", 2, "--again", "--page", page)
    done = grn("benchmark", "scale", "--out", out, *words, "--json")
    assert done.status == 0 and "a cell" in done.err and '"failed": 0' in done.out
    plan = plans[0]
    assert (plan.most, plan.repeats, plan.threads, plan.again) == (350, 5, 2, True)
    assert (plan.limits.seconds, plan.limits.bytes) == (60, 2 * 2**30)
    assert "--most 350 --limit 60 --memory 2 --again" in (out / "scale.md").read_text()
    assert "not measured" in page.read_text()


def test_without_limits_most_of_the_machine_may_be_taken(grn, plans, tmp_path):
    assert grn("benchmark", "speed", "--out", tmp_path, "--processes", 3, "--quiet").status == 0
    assert plans[0].jobs == 3 and plans[0].limits.seconds == 3600
    assert 2**20 < plans[0].limits.bytes < float("inf")
    assert "--threads 1 --processes 3 --limit 3600 --memory" in (tmp_path / "speed.md").read_text()


def test_pieces_are_listed(grn, plans):
    assert "PHOENIX-like" in grn("benchmark", "speed", "--list").out.splitlines()
    assert grn("benchmark", "scale", "--list", "--most", 350).out.splitlines() == ["100 genes", "350 genes"]
    assert not plans


def test_a_folder_is_needed_and_failures_are_told(grn, monkeypatch, tmp_path):
    assert "name a folder" in grn("benchmark", "speed").err
    monkeypatch.setattr(AbstractPlan, "run", lambda plan, cells, say: 2)
    done = grn("benchmark", "speed", "--out", tmp_path)
    assert done.status == 2 and "2 cells failed" in done.err


def test_a_stopped_suite_has_its_report(grn, monkeypatch, tmp_path):
    def stop(plan: Any, cells: Any, say: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(AbstractPlan, "run", stop)
    with contextlib.suppress(KeyboardInterrupt):
        grn("benchmark", "scale", "--out", tmp_path)
    assert (tmp_path / "scale.md").is_file()
