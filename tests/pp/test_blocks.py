"""Files that stay on disk, and blocks: the same series as from memory, and nothing large in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pytest
from pp_samples import cells, series
from scipy import sparse

from grn_l0 import _errors as e
from grn_l0 import pp
from grn_l0.pp import _expression, _read
from grn_l0.timeseries import TimeSeries

STORAGES = [np.asarray, sparse.csr_matrix, sparse.csc_matrix]
KEYS: dict[str, dict[str, Any]] = {
    "cells": {"pseudotime_key": "dpt", "trajectory_key": "donor"},
    "branches": {"pseudotime_key": "dpt", "trajectory_key": "donor", "branch_key": "well_id"},
    "samples": {"trajectory_key": "donor", "replicates": "separate"},
    "means": {"trajectory_key": "donor", "replicates": "mean"},
}
ROWS = 7


def data(storage: Callable[[Any], Any] = np.asarray) -> ad.AnnData:
    """210 cells of 3 donors with zeros and missing values, in X and, doubled, in a layer."""
    a = cells({"d1": 90, "d2": 70, "d3": 50}, g=9)
    rng = np.random.default_rng(5)
    x = (a.X * (rng.random(a.shape) < 0.5)).astype(np.float32)
    x[rng.random(a.shape) < 0.02] = np.nan
    a.obs["well_id"] = rng.choice(["trunk", "left", "right"], a.n_obs)
    a.obs["time"] = np.arange(a.n_obs) % 10.0
    a.X, a.layers["double"] = storage(x), storage(2 * x)
    return a


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Blocks of `ROWS` rows; the shapes of those that are made."""
    shapes: list[tuple[int, int]] = []
    made = _expression._in_memory

    def spy(stored: Any) -> Any:
        matrix = made(stored)
        shapes.append(matrix.shape)
        return matrix

    monkeypatch.setattr(_expression, "BLOCK_BYTES", ROWS * 9 * 8)
    monkeypatch.setattr(_expression, "_in_memory", spy)
    return shapes


def same(one: TimeSeries, two: TimeSeries, rtol: float = 0.0) -> None:
    assert (one.genes, one.trajectories) == (two.genes, two.trajectories)
    for name in ("values", "times", "weights"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("design", KEYS)
@pytest.mark.parametrize("layer", [None, "double"])
@pytest.mark.parametrize("storage", STORAGES)
def test_on_disk_and_in_memory_are_the_same(storage, layer: str | None, design: str, tmp_path: Path) -> None:
    a = data(storage)
    a.write_h5ad(tmp_path / "a.h5ad")
    b = pp.read(tmp_path / "a.h5ad", backed=True)
    assert b.isbacked and not isinstance(b.layers["double"], np.ndarray) and not sparse.issparse(b.layers["double"])
    rng = np.random.default_rng(1)
    some = np.sort(rng.choice(a.n_obs, 180, replace=False))
    for rows, columns in (
        (slice(None), slice(None)),
        (some, slice(None)),
        (rng.permutation(some), [3, 1, 8]),
        (slice(None, None, -1), ["g2", "g0"]),
    ):
        expected = pp.to_timeseries(a[rows, columns].copy(), layer=layer, **KEYS[design])
        same(pp.to_timeseries(a[rows, columns], layer=layer, **KEYS[design]), expected)
        same(pp.to_timeseries(b[rows, columns], layer=layer, **KEYS[design]), expected)
    b.file.close()


@pytest.mark.parametrize("design", KEYS)
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("backed", [False, True])
def test_blocks_change_nothing(storage, design: str, backed: bool, tmp_path: Path, monkeypatch) -> None:
    a = data(storage)
    a.write_h5ad(tmp_path / "a.h5ad")
    whole = pp.to_timeseries(a, **KEYS[design])
    monkeypatch.setattr(_expression, "BLOCK_BYTES", 1)
    b = pp.read(tmp_path / "a.h5ad", backed=backed)
    same(pp.to_timeseries(b, **KEYS[design]), whole, 1e-12)
    b.file.close()


@pytest.mark.parametrize("backed", [False, True])
@pytest.mark.parametrize("view", [False, True])
def test_no_more_than_a_block_is_made_at_once(backed: bool, view: bool, small_blocks, tmp_path: Path) -> None:
    data().write_h5ad(tmp_path / "a.h5ad")
    a = pp.read(tmp_path / "a.h5ad", backed=backed)
    pp.to_timeseries(a[np.arange(a.n_obs) != 17] if view else a, **KEYS["cells"])
    assert len(small_blocks) == 30 and max(rows for rows, _ in small_blocks) == ROWS
    a.file.close()


def test_columns_are_read_by_column(small_blocks) -> None:
    a = data(sparse.csc_matrix)
    pp.to_timeseries(a, **KEYS["cells"])
    assert {rows for rows, _ in small_blocks} == {a.n_obs} and len(small_blocks) == a.n_vars


def test_every_block_is_checked(small_blocks) -> None:
    a = data()
    a.X[150, 4] = a.X[160, 3] = np.inf
    with pytest.raises(e.ExpressionError, match="infinite in 2 places, first gene 'g4' in observation 'c150'"):
        pp.to_timeseries(a, **KEYS["cells"])
    counts = series()
    counts.X = np.floor(counts.X * 30)
    with pytest.warns(e.GrnWarning, match="looks like raw counts"):
        pp.to_timeseries(counts, trajectory_key="trajectory")
    counts.X[-1, -1] = 0.5
    pp.to_timeseries(counts, trajectory_key="trajectory")


def test_large_files_stay_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data(sparse.csr_matrix).write_h5ad(tmp_path / "a.h5ad")
    assert not pp.read(tmp_path / "a.h5ad", backed="auto").isbacked
    monkeypatch.setattr(_read, "BACKED_FROM", 1000)
    a = pp.read(tmp_path / "a.h5ad", backed="auto")
    assert a.isbacked
    a.file.close()


def test_what_is_on_disk_is_written_whole(tmp_path: Path) -> None:
    from grn_l0 import tl

    a = data(sparse.csr_matrix)
    a.raw = a
    a.write_h5ad(tmp_path / "a.h5ad")
    b = pp.read(tmp_path / "a.h5ad", backed=True)
    b.uns["more"] = 1
    tl.write_annotated(b, tmp_path / "b.h5ad")
    pp.to_timeseries(b, **KEYS["cells"])  # it is still what it was
    b.file.close()
    c = ad.read_h5ad(tmp_path / "b.h5ad")
    assert c.uns["more"] == 1 and c.raw.shape == a.shape
    for mine, theirs in ((a.X, c.X), (a.layers["double"], c.layers["double"])):
        np.testing.assert_array_equal(mine.toarray(), theirs.toarray())
