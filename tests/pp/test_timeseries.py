from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from pp_samples import cells, series
from scipy import sparse

from grn_l0 import _errors as e
from grn_l0 import pp, tl

KEYS = {"time_key": "time", "trajectory_key": "trajectory"}


def test_values_times_and_names() -> None:
    a = series()
    ts = pp.to_timeseries(a, trajectory_key="trajectory")
    assert ts.trajectories == ("s0", "s1", "s2", "s3") and ts.genes == tuple(a.var_names)
    np.testing.assert_array_equal(ts.values, a.X.reshape(4, 5, 6))
    np.testing.assert_array_equal(ts.times, np.tile(np.arange(5.0), (4, 1)))


@pytest.mark.parametrize("kind", ["text", "category", "integer", "float"])
def test_order_of_rows_does_not_matter(kind: str) -> None:
    a = series(s=11)
    number = a.obs["trajectory"].str[1:].astype(int)
    a.obs["trajectory"] = {
        "text": a.obs["trajectory"],
        "category": a.obs["trajectory"].astype("category"),
        "integer": number,
        "float": number.astype(float),
    }[kind]
    b = a[np.random.default_rng(1).permutation(a.n_obs)].copy()
    one, two = (pp.to_timeseries(x, **KEYS) for x in (a, b))
    assert one.trajectories == two.trajectories
    np.testing.assert_array_equal(one.values, two.values)
    if kind in {"integer", "float"}:
        assert one.trajectories == tuple(str(k) for k in range(11))
    if kind == "text":
        assert one.trajectories[-1] == "s10"


def test_lengths_differ() -> None:
    a = series()[:-2].copy()
    ts = pp.to_timeseries(a, **KEYS)
    assert ts.lengths.tolist() == [5, 5, 5, 3] and np.isnan(ts.values[3, 3:]).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "uint8", "bool", "csr", "csc", "csr_array", "coo"])
@pytest.mark.parametrize("layer", [None, "other"])
def test_storage(dtype: str, layer: str | None) -> None:
    a = series()
    x = np.floor(a.X * 4)
    if dtype == "bool":
        x = x > 1
    if dtype in {"csr", "csc", "coo", "csr_array"}:
        make = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "csr_array": sparse.csr_array}
        stored = make.get(dtype, sparse.csr_matrix)(x)
    else:
        stored = x.astype(dtype)
    if layer:
        a.layers[layer] = stored
        a.X = None
    else:
        a.X = stored
    ts = pp.to_timeseries(a, layer=layer, **KEYS)
    np.testing.assert_array_equal(ts.values.reshape(20, 6), x)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_backed(make, tmp_path) -> None:
    a = series()
    a.layers["other"] = make(a.X)
    a.X = make(a.X)
    a.write_h5ad(tmp_path / "a.h5ad")
    b = pp.read(tmp_path / "a.h5ad", backed=True)
    assert b.isbacked
    expected = pp.to_timeseries(a, **KEYS).values
    for layer in (None, "other"):
        np.testing.assert_array_equal(pp.to_timeseries(b, layer=layer, **KEYS).values, expected)
    view = b[b.obs["trajectory"] != "s0"]
    np.testing.assert_array_equal(pp.to_timeseries(view, **KEYS).values, expected[1:])
    b.file.close()


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
def test_nan_is_missing(storage) -> None:
    a = series()
    a.X[3, 2] = np.nan
    a.X = storage(a.X)
    ts = pp.to_timeseries(a, **KEYS)
    assert not ts.mask[0, 3, 2] and ts.mask.sum() == 119


@pytest.mark.parametrize("times", [["0.0", "2.5", "3", "4e0", " 5 "], pd.Categorical([0, 2.5, 3, 4, 5])])
def test_numeric_text_and_categories(times) -> None:
    a = series(s=1)
    a.obs["time"] = times
    assert pp.to_timeseries(a).times[0].tolist() == [0, 2.5, 3, 4, 5]
    a.obs["time"] = pd.Categorical([str(t) for t in times])
    assert pp.to_timeseries(a).times[0].tolist() == [0, 2.5, 3, 4, 5]


def test_negative_values_are_normal() -> None:
    a = series()
    a.X -= 0.5
    assert pp.to_timeseries(a, **KEYS).values.min() < 0


# --- what bad input gets: a change, the type, words of the message -------------------------------------------------


def edit(column: str, values):
    def change(a):
        a.obs[column] = values(a) if callable(values) else values

    return change


def put(value: float, row: int = 3, col: int = 2):
    def change(a):
        a.X[row, col] = value

    return change


def names(a) -> None:
    a.var_names = ["g0", "g0", *a.var_names[2:]]


def swap(f):
    def change(a):
        a.X = f(a.X)

    return change


def first(value, column="time", at=2):
    def change(a):
        a.obs[column] = a.obs[column].astype(object if isinstance(value, str) else a.obs[column].dtype)
        a.obs.loc[a.obs.index[at], column] = value

    return change


BAD = {
    "inf": (put(np.inf), e.ExpressionError, "infinite.*'g2'.*'c3'"),
    "minus inf": (put(-np.inf), e.ExpressionError, "log1p"),
    "sparse inf": (lambda a: (put(np.inf)(a), swap(sparse.csr_matrix)(a)), e.ExpressionError, "infinite.*'g2'.*'c3'"),
    "complex": (swap(lambda x: x.astype(complex)), e.ExpressionError, "real numbers"),
    "gene missing": (lambda a: a.X.__setitem__((slice(None), 1), np.nan), e.ExpressionError, "'g1'; drop them"),
    "series missing": (lambda a: a.X.__setitem__(slice(5, 10), np.nan), e.TrajectoryError, "'s1'"),
    "nan time": (first(np.nan), e.TimeError, "missing.*1 of 20.*'c2'"),
    "inf time": (first(np.inf), e.TimeError, "infinite"),
    "text time": (edit("time", "day one"), e.TimeError, "not a number in 20 .*'day one'"),
    "day 2": (edit("time", lambda a: [f"day {t:g}" for t in a.obs["time"]]), e.TimeError, "str.extract"),
    "empty text time": (first(""), e.TimeError, "missing"),
    "date": (edit("time", pd.Timestamp("2024-01-01")), e.TimeError, "dates.*total_seconds"),
    "duration": (edit("time", pd.Timedelta(1, "h")), e.TimeError, "durations"),
    "bool time": (edit("time", True), e.TimeError, "bool"),
    "no time": (lambda a: a.obs.drop(columns="time", inplace=True), e.MissingKeyError, "there are: 'trajectory'"),
    "near time": (lambda a: a.obs.rename(columns={"time": "Time"}, inplace=True), e.MissingKeyError, "mean 'Time'"),
    "time in uns": (
        lambda a: (a.obs.drop(columns="time", inplace=True), a.uns.update(time=1)),
        e.MissingKeyError,
        "adata.uns has",
    ),
    "time in var": (
        lambda a: (a.obs.drop(columns="time", inplace=True), a.var.insert(0, "time", 1)),
        e.MissingKeyError,
        "transpose",
    ),
    "no trajectory": (
        lambda a: a.obs.drop(columns="trajectory", inplace=True),
        e.MissingKeyError,
        "trajectory key 'trajectory'.*there are: 'time'",
    ),
    "no label": (first(np.nan, "trajectory"), e.TrajectoryError, "missing in 1 of 20"),
    "one point each": (edit("time", 0.0), e.TrajectoryError, "4 of 4 trajectories have one time point.*'s0'"),
    "one point": (lambda a: a._inplace_subset_obs(slice(0, 16)), e.TrajectoryError, "1 of 4 .*'s3'"),
    "same time twice": (
        first(1.0),
        e.TrajectoryError,
        "'s0' has time 1 2 times .'c1', 'c2'.*replicates='mean'.*'separate'",
    ),
    "twin genes": (names, e.GeneNameError, "'g0'.*var_names_make_unique"),
    "no cells": (lambda a: a._inplace_subset_obs(slice(0, 0)), e.ExpressionError, "no observations"),
    "no genes": (lambda a: a._inplace_subset_var(slice(0, 0)), e.ExpressionError, "0 gene"),
    "one gene": (lambda a: a._inplace_subset_var(slice(0, 1)), e.ExpressionError, "at least 2"),
    "no X": (lambda a: (a.layers.update(counts=a.X), setattr(a, "X", None)), e.MissingKeyError, "there are: 'counts'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    a = series()
    spoil, error, words = BAD[name]
    spoil(a)
    with pytest.raises(error, match=words) as caught:
        pp.to_timeseries(a, **KEYS)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


def test_missing_layer() -> None:
    a = series()
    a.layers["counts"] = a.X
    with pytest.raises(e.MissingKeyError, match=r"there are: 'counts'; did you mean 'counts'"):
        pp.to_timeseries(a, layer="count", **KEYS)


def test_without_trajectory_key_a_fitting_column_is_named() -> None:
    with pytest.raises(e.TrajectoryError, match="trajectory_key='trajectory'"):
        pp.to_timeseries(series())


def test_snapshots() -> None:
    a = series(s=8)
    del a.obs["trajectory"]
    with pytest.raises(e.TrajectoryError, match=r"40 observations lie at 5 times.*pseudotime_key.*replicates='mean'"):
        pp.to_timeseries(a)
    a.obs["time"] = 1.0
    with pytest.raises(e.TrajectoryError, match="same time"):
        pp.to_timeseries(a)


def test_options() -> None:
    a = cells({"d": 30})
    a.obs["hour"] = 1.0
    with pytest.raises(e.OptionError, match="exclude each other"):
        pp.to_timeseries(a, time_key="hour", pseudotime_key="dpt")
    with pytest.raises(e.OptionError, match="n_bins"):
        pp.to_timeseries(series(), n_bins=5, **KEYS)
    with pytest.raises(e.OptionError, match="time_key is None"):
        pp.to_timeseries(series(), time_key=None)


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
def test_constant_genes_are_kept(storage) -> None:
    a = series()
    a.X[:, 1] = 0.0
    a.X[:, 4] = 0.5
    a.X[0, 4] = np.nan
    a.X = storage(a.X)
    with pytest.warns(e.GrnWarning, match="2 of 6 genes are constant in adata.X .'g1', 'g4'.") as seen:
        ts = pp.to_timeseries(a, **KEYS)
    assert ts.n_genes == 6 and len(seen) == 1 and seen[0].filename == __file__
    # Through more layers of the package the same line is named: this one.
    with pytest.warns(e.GrnWarning, match="2 of 6 genes are constant") as seen:
        tl.Keys(trajectory_key="trajectory").series(a)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
def test_raw_counts_work(storage) -> None:
    a = series()
    a.X = storage(np.floor(a.X * 100))
    with pytest.warns(e.GrnWarning, match=re.escape("scanpy.pp.normalize_total(adata) and scanpy.pp.log1p(adata)")):
        pp.to_timeseries(a, **KEYS)
