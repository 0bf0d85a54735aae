"""Tables of figures, and the settings that make them."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from grn_l0 import benchmark
from grn_l0._errors import FileFormatError, OptionError
from grn_l0.benchmark.machine import machine, peak_rss
from grn_l0.benchmark.table import median_row

ROWS = {
    "ours": {"auprc": 0.81234, "edges": 400, "mse_one_step": 4.2e-5, "time_s": 12.34, "sparsity": 0.99671},
    "persistence": {"mse_one_step": 1.5e-2},
}


@pytest.fixture
def table():
    return benchmark.BenchmarkTable(title="SIM350", rows=ROWS, notes=("A note.",), about={"noise": 0.05})


def test_markdown_has_a_row_per_method_and_few_digits(table):
    lines = table.to_markdown().splitlines()
    assert "| ours | 0.812 | 400 | 4.200e-05 | 12.3 | 0.9967 |" in lines
    assert "| persistence | – | – | 1.500e-02 | – | – |" in lines
    assert "A note." in lines


@pytest.mark.parametrize("suffix", [".md", ".csv", ".json"])
def test_files_hold_the_figures(table, tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    table.write(path)
    if suffix == ".csv":
        assert pd.read_csv(path, index_col="row").loc["ours", "auprc"] == 0.81234
    elif suffix == ".json":
        assert json.loads(path.read_text())["rows"] == ROWS
    else:
        assert "SIM350" in path.read_text()


def test_unknown_suffix_is_refused(table, tmp_path):
    with pytest.raises(FileFormatError, match="txt"):
        table.write(tmp_path / "t.txt")


def test_median_leaves_out_what_a_row_lacks():
    assert median_row([{"a": 1.0, "b": 5.0}, {"a": 3.0}, {"a": 10.0}]) == {"a": 3.0, "b": 5.0}


@pytest.mark.parametrize("wrong", [{"noise": -1.0}, {"noise": math.inf}, {"seeds": 0}, {"threads": 0}])
def test_settings_out_of_range(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        benchmark.Settings(**wrong)


def test_unknown_benchmark_names_the_known():
    with pytest.raises(OptionError, match="did you mean 'sim350'"):
        benchmark.run("sim530")


def test_machine_in_words():
    assert "CPUs" in machine()
    assert peak_rss() > 10 * 2**20
