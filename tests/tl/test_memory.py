"""What a run is said to need before it begins, against what runs have taken."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import GrnWarning
from grn_l0.timeseries import TimeSeries
from grn_l0.tl.memory import estimated_memory, warn_of_memory

GIB = 2.0**30


def measured(n_genes: int, n_series: int = 100, n_times: int = 5) -> TimeSeries:
    return TimeSeries(
        genes=tuple(f"g{k}" for k in range(n_genes)),
        trajectories=tuple(f"t{k}" for k in range(n_series)),
        values=np.zeros((n_series, n_times, n_genes)),
        times=np.tile(np.arange(float(n_times)), (n_series, 1)),
    )


@pytest.mark.parametrize(
    ("genes", "regulators", "gib"),
    [(350, 350, 0.7), (690, 690, 0.8), (1400, 1400, 1.2), (11165, 986, 4.2), (11165, 11165, 10.5)],
)
def test_it_is_neither_much_more_nor_less_than_what_was_measured(genes, regulators, gib):
    said = estimated_memory(measured(genes), regulators) / GIB
    assert 0.97 * gib < said < 1.3 * gib


def test_few_series_have_fewer_kinds_of_noise_and_more_data_take_more():
    base = estimated_memory(measured(2000), 100)
    assert estimated_memory(measured(2000, n_series=20), 100) < base
    assert estimated_memory(measured(2000, n_series=400), 100) > base
    assert estimated_memory(measured(2000, n_times=60), 100) > base


def test_only_what_may_not_fit_is_warned_of(monkeypatch, recwarn):
    monkeypatch.setattr("grn_l0.tl.memory.machine_memory", lambda: 64e9)
    warn_of_memory(measured(1400), 1400)
    assert not recwarn.list
    series = measured(11165)
    with pytest.warns(GrnWarning, match=r"11165 candidate regulators.*about 12 GB of memory.*64 GB.*--regulators"):
        warn_of_memory(series, 11165)
    monkeypatch.setattr("grn_l0.tl.memory.machine_memory", lambda: 5e8)
    with pytest.warns(GrnWarning, match="this machine has 0"):
        warn_of_memory(measured(10), 10)
