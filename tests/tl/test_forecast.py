"""Forecasts through the façade."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import GrnWarning, tl
from grn_l0._errors import FileFormatError, NameMatchError


def test_saved_model_forecasts_the_same_with_the_keys_of_the_fit(inference, adata, tmp_path):
    inference.save(tmp_path / "model.safetensors")
    back = tl.load(tmp_path / "model.safetensors")
    assert back.keys == inference.keys
    ours, theirs = inference.forecast(adata), back.forecast(adata)
    np.testing.assert_array_equal(ours.full, theirs.full)
    assert ours.mse_one_step == theirs.mse_one_step


def test_gene_order_does_not_matter_and_missing_genes_are_named(inference, adata):
    turned = adata[:, ::-1].copy()
    assert inference.forecast(turned).mse_full == pytest.approx(inference.forecast(adata).mse_full)
    with pytest.raises(NameMatchError, match=str(adata.var_names[0])):
        inference.forecast(adata[:, 1:].copy())


def test_data_with_other_identifiers_are_told_the_column_that_matches(inference, adata):
    other = adata.copy()
    other.var["symbol"] = adata.var_names
    other.var_names = [f"ENSG{k:011d}" for k in range(other.n_vars)]
    with pytest.raises(NameMatchError, match=r"10 of the model's 10 genes .*column 'symbol' of adata.var matches 10"):
        inference.forecast(other)
    other.var_names = other.var["symbol"].astype(str)  # the fix that it names
    assert inference.forecast(other).mse_full == inference.forecast(adata).mse_full
    few = adata.copy()
    few.var_names = [few.var_names[0] + "x", *few.var_names[1:]]
    with pytest.raises(NameMatchError, match=f"1 of the model's .*mean '{few.var_names[0]}'"):
        inference.forecast(few)


def test_annotated_forecast_has_the_layers_and_the_errors_of_its_own_layers(inference, adata):
    out = tl.forecast(inference, adata)
    assert out.shape == adata.shape
    later = out.obs["time"].to_numpy() > 0
    errors = out.uns[tl.FORECAST_KEY]
    for layer in ("one_step", "full"):
        mse = np.mean((out.layers[layer][later] - out.X[later]) ** 2)
        assert errors[f"mse_{layer}"] == pytest.approx(mse)
    assert set(errors) == {"mse_one_step", "mse_full", "mse_persistence", "mse_gene_mean", "n"}
    assert errors["n"] == later.sum() * adata.n_vars


def test_other_keys_can_be_named(inference, adata):
    other = adata.copy()
    other.obs = other.obs.rename(columns={"time": "hours"})
    assert inference.forecast(other, time_key="hours").mse_full == inference.forecast(adata).mse_full
    assert "hours" in tl.forecast(inference, other, time_key="hours").obs


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_text("no")
    with pytest.raises(FileFormatError, match="model"):
        tl.load(tmp_path / "model.safetensors")


def test_observations_keep_their_names_and_columns(inference, adata):
    other = adata[::-1].copy()
    other.obs["batch"] = [f"b{k}" for k in range(other.n_obs)]
    out = tl.forecast(inference, other)
    assert set(out.obs_names) == set(other.obs_names)
    assert (out.obs["batch"] == other.obs["batch"].loc[out.obs_names]).all()
    np.testing.assert_allclose(out.X, other[out.obs_names].X)


def test_bins_of_cells_have_their_pseudotime_and_number_of_cells(inference, adata):
    cells = adata.copy()
    cells.obs = cells.obs.rename(columns={"time": "dpt"})
    out = tl.forecast(inference, cells, pseudotime_key="dpt", n_bins=3)
    assert {"dpt", "n_cells"} <= set(out.obs) and "time" not in out.obs
    assert out.obs["n_cells"].sum() == cells.n_obs


def test_the_kind_of_measurement_is_passed_on(inference, adata):
    exact, noisy = inference.forecast(adata), inference.forecast(adata, measurement="noisy")
    assert exact.mse_one_step != noisy.mse_one_step
    out = tl.forecast(inference, adata, measurement="noisy")
    assert out.uns[tl.FORECAST_KEY]["mse_one_step"] == noisy.mse_one_step


def test_a_gene_is_held_through_the_facade(inference, adata):
    gene = str(adata.var_names[2])
    out = tl.forecast(inference, adata, hold={gene: 0.0})
    there = inference.forecast(adata, hold={gene: 0.0})
    assert (out[:, gene].layers["full"] == 0).all() and (out[:, gene].layers["one_step"] == 0).all()
    assert out.uns[tl.FORECAST_KEY]["mse_full"] == there.mse_full
    later, free = out.obs["time"].to_numpy() > 0, np.delete(np.arange(adata.n_vars), 2)
    assert out.uns[tl.FORECAST_KEY]["n"] == later.sum() * len(free)
    wrong = (out.layers["full"] - out.X)[later][:, free]
    assert there.mse_full == pytest.approx(np.mean(wrong**2))
    with pytest.raises(NameMatchError, match="did you mean"):
        tl.forecast(inference, adata, hold={gene + "x": 0.0})


def test_what_is_printed_is_short(inference, adata):
    assert repr(inference) == inference.summary()
    for shown in (repr(inference.fit), repr(inference.forecast(adata))):
        assert len(shown) < 250 and "genes" in shown


def test_the_level_of_a_stimulus_is_read_from_its_column_and_off_without(adata, tmp_path):
    given = adata.copy()
    given.obs["drug"] = np.random.default_rng(0).integers(0, 2, given.n_obs)
    # What the drug does to one gene, so that there is an effect to learn.
    given.X[:, 2] += 0.5 * given.obs["drug"].to_numpy()
    result = tl.infer(given, trajectory_key="trajectory", stimulus_key="drug", start="none", seed=0)
    result.save(tmp_path / "model.safetensors")
    result = tl.load(tmp_path / "model.safetensors")
    off = given.copy()
    off.obs["drug"] = 0
    assert not np.allclose(result.forecast(given).full, result.forecast(off).full, atol=0.01)
    del off.obs["drug"]
    with pytest.warns(GrnWarning, match="no stimulus 'drug'"):
        bare = tl.forecast(result, off)
    off.obs["drug"] = 0
    np.testing.assert_array_equal(bare.layers["full"], tl.forecast(result, off).layers["full"])
