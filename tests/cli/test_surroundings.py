"""Progress, interruption, warnings and cells: what surrounds the commands."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pandas as pd
import pytest

from grn_l0 import GrnWarning, pp, tl
from grn_l0.cli import main
from grn_l0.cli.outputs import print_json, print_table
from grn_l0.cli.progress import Overall, PlainProgress, _clock, progress


def test_ctrl_c_leaves_with_130_and_a_sentence(grn, h5ad, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(tl, "infer", stopped)
    done = grn("infer", h5ad, "--out", tmp_path / "n.tsv")
    assert done.status == 130
    assert "stopped" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "n.tsv").exists()


def test_our_warnings_are_one_line_and_those_of_others_are_not_shown(grn, h5ad, tmp_path, monkeypatch):
    original = pp.read

    def warned(path, **options):
        warnings.warn("two\nlines", GrnWarning, stacklevel=1)
        warnings.warn("of no use to a biologist", FutureWarning, stacklevel=1)
        return original(path, **options)

    monkeypatch.setattr(pp, "read", warned)
    done = grn("infer", h5ad, "--time-key", "none", "--out", tmp_path / "n.tsv")
    assert "grn-l0: warning: two lines\n" in done.err
    assert "biologist" not in done.err


def test_a_mistake_of_ours_is_not_hidden(grn, h5ad, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(tl, "infer", broken)
    with pytest.raises(ZeroDivisionError):
        grn("infer", h5ad, "--out", tmp_path / "n.tsv")


def test_plain_progress_speaks_at_intervals_and_at_the_end(capsys):
    now = [0.0]
    report = PlainProgress(interval=5.0, clock=lambda: now[0], plan={"fit": 1.0, "refit": 1.0})
    for step in range(1, 11):
        now[0] = 2.0 * step
        report("fit", step, 10, {"loss": 1.5, "density": 0.01})
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0] == "fit: 3/10, loss 1.5, density 0.01, 15% of all, about 34 s left"
    assert lines[-1] == "fit: 10/10, loss 1.5, density 0.01, 20.0 s"
    now[0] = 21.0
    report("refit", 4, 10, {"loss": 1.5, "resumed": 1.0})
    report("refit", 10, 10, {})
    assert capsys.readouterr().err == "refit: resumed after 4 of 10\nrefit: 10/10, 0.0 s\n"


def test_one_bar_covers_all_stages():
    now = [0.0]
    plan = {"a": 6.0, "b": 2.0, "c": 2.0}

    def see(overall, stage, done, total, at, resumed=False):
        now[0] = at
        overall.step(stage, done, total, resumed=resumed)
        return round(overall.done, 9), overall.left

    whole = Overall(plan, lambda: now[0])
    assert see(whole, "a", 1, 6, 10.0) == (0.1, pytest.approx(90.0))
    assert see(whole, "c", 1, 2, 18.0) == (0.9, pytest.approx(2.0))  # b was passed over
    assert see(whole, "c", 2, 2, 19.0) == (1.0, 0.0)
    assert see(whole, "a", 1, 6, 29.0) == (0.1, pytest.approx(90.0))  # another fit begins
    assert see(whole, "a", 2, 6, 39.0) == (0.2, pytest.approx(80.0))
    assert see(whole, "surprise", 1, 2, 40.0)[0] < 1.0

    now[0] = 0.0
    resumed = Overall(plan, lambda: now[0])
    assert see(resumed, "a", 1, 1, 0.5) == (0.6, None)  # from a checkpoint: its share took no time
    assert see(resumed, "b", 2, 2, 2.0) == (0.8, pytest.approx(2.0))

    now[0] = 0.0
    resumed = Overall(plan, lambda: now[0])
    assert see(resumed, "a", 4, 6, 1.0, resumed=True) == (0.4, None)  # nor did these steps
    assert see(resumed, "a", 5, 6, 3.0) == (0.5, pytest.approx(15.0))
    assert see(resumed, "a", 6, 6, 5.0) == (0.6, pytest.approx(10.0))
    assert see(resumed, "b", 1, 2, 5.0, resumed=True) == (0.7, pytest.approx(7.5))


def test_progress_is_silent_when_quiet_and_a_bar_on_a_terminal(capsys, monkeypatch):
    with progress(quiet=True) as report:
        assert report is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    with progress(quiet=False) as report:
        report("posterior", 3, 6, {"density": 0.01})
        report("gated ODE", 40, 40, {"loss": 1.25, "density": 0.02})
    shown = capsys.readouterr().err
    for word in ("posterior", "loss –", "done", "loss 1.25", "density 0.02", "100%"):
        assert word in shown
    assert shown.count("\n") == 1


def test_the_time_left_reads_like_a_clock():
    assert [_clock(s) for s in (4.4, 61, 3725)] == ["0:04", "1:01", "1:02:05"]


def test_json_has_no_nan_and_cells_have_few_digits(capsys):
    print_json({"a": float("nan"), "b": [1, 2.5], "c": {"d": "x"}})
    assert '"a": null' in capsys.readouterr().out
    print_table(pd.DataFrame({"x": [0.123456, 1e-5, 12.0, float("nan"), 1234.56], "y": ["t"] * 5}))
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["0.123", "1e-05", "12", "–", "1234.6"]


def test_main_leaves_with_the_status(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["grn-l0", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0


def test_start_up_imports_nothing_heavy():
    code = "import sys, grn_l0, grn_l0.cli.app; print([m for m in ('torch', 'scanpy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
