"""SIM350 against the published trajectories, priors and the reference of its rebuilding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grn_l0._errors import DatasetError, OptionError
from grn_l0.datasets import fetch, read_trajectories, sim350, sim350_prior, sim350_published, sim350_system, sim350_test
from grn_l0.simulate.logic import LogicProduction, parse


def test_published_trajectories_are_reproduced(data_dir: Path) -> None:
    published, times = read_trajectories(fetch("simu_350genes_10samples_for_testing.csv"))
    assert published.shape == (10, 5, 350)
    assert np.abs(sim350_system().solve(published[:, 0], times[0]) - published).max() <= 1e-5


def test_edges_and_production_equal_the_reference(data_dir: Path) -> None:
    system = sim350_system()
    edges = pd.read_csv(data_dir / "reference/sim350_edges.csv")
    order = ["source", "target"]
    ours = system.edges.sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(ours, edges.sort_values(order, ignore_index=True), check_dtype=False, rtol=1e-12)
    assert edges["source"].nunique() == 97
    production = pd.read_csv(data_dir / "reference/sim350_production.csv").set_index("gene")["production"]
    constant = {gene for gene, is_input in zip(system.genes, system.inputs, strict=True) if is_input}
    assert {*production[production == "input"].index} == constant
    texts = {str(gene): str(text) for gene, text in production.items() if text != "input"}
    for source, target, _, ec50, n in edges.itertuples(index=False):
        texts[target] = texts[target].replace(f"hill({source})", f"hill({source}, {ec50}, {n})")
    formulas = {gene: parse(text) for gene, text in texts.items()}
    x = np.random.default_rng(0).random((7, 350))
    np.testing.assert_allclose(system.production(x), LogicProduction(system.genes, formulas)(x), rtol=1e-12)


@pytest.mark.parametrize(("level", "moved"), [("0.0", 0), ("0.025", 27), ("0.05", 55), (0.1, 110)])
def test_priors_relocate_edges_of_the_truth(data_dir: Path, level: str | float, moved: int) -> None:
    prior, edges = sim350_prior(level), sim350_system().edges
    both = prior.merge(edges, on=["source", "target"])
    assert len(prior) == 550
    assert len(both) == 550 - moved
    assert (both["weight"] == both["sign"]).all()


def test_form_of_the_training_data(data_dir: Path) -> None:
    adata, test = sim350(noise=0.05, seed=0), sim350_test()
    assert adata.shape == (750, 350)
    assert test.shape == (50, 350)
    assert adata.var_names.equals(test.var_names)
    assert list(adata.obs["time"][:5]) == [0, 2, 3, 7, 9]
    assert adata.obs["trajectory"].dtype == "category"
    assert adata.obs["trajectory"].nunique() == 150
    truth = adata.varp["truth"]
    assert truth.nnz == 550
    at = adata.var_names.get_indexer(["GAL11", "ALPHA1", "TUP1"])
    assert truth[at[0], at[1]] == 1
    assert truth[at[2], at[1]] == -1


def test_noise_is_what_it_says_and_the_seed_decides(data_dir: Path) -> None:
    clean, noisy = sim350(0.0, 3, 40).X, sim350(0.05, 3, 40).X
    assert (noisy - clean).std() == pytest.approx(0.05, rel=0.02)
    np.testing.assert_array_equal(noisy, sim350(0.05, 3, 40).X)
    assert np.abs(clean - sim350(0.0, 4, 40).X).max() > 0.1
    assert clean.min() >= 0
    assert clean.max() <= 1


def test_options_and_absent_files(data_dir: Path) -> None:
    with pytest.raises(OptionError, match="noise"):
        sim350(-0.1)
    with pytest.raises(OptionError, match="samples"):
        sim350(samples=0)
    with pytest.raises(OptionError, match=r"0\.025"):
        sim350_prior("0.2")


def test_published_training_data_are_on_the_network_only(no_network: Path) -> None:
    with pytest.raises(DatasetError, match="noise=0"):
        sim350_published()
