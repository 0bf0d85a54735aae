"""The benchmark of sparsity: its parts on small sizes, and its report."""

from __future__ import annotations

import json
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from grn_l0 import benchmark, datasets, tl
from grn_l0._errors import OptionError
from grn_l0.benchmark.sparsity import classifiers, criteria, images, networks, speed
from grn_l0.benchmark.sparsity import run as runs
from grn_l0.sparsity import Penalty


def test_the_search_finds_the_best_small_support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criteria, "P", 8)
    monkeypatch.setattr(criteria, "TRUE", 3)
    x, ys, truth = criteria.problem(80, 5)
    price = criteria.bic(80)

    def value(support: tuple[int, ...], y: np.ndarray) -> float:
        inside = x[:, list(support)]
        left = y - inside @ np.linalg.lstsq(inside, y, rcond=None)[0] if support else y
        return 40 * float(np.log(left @ left)) + price * len(support)

    every = [s for size in range(9) for s in combinations(range(8), size)]
    for y in ys.T:
        assert tuple(np.flatnonzero(criteria.by_search(x, y, price))) == min(every, key=partial(value, y=y))
    assert (truth.sum(0) == 3).all()


def test_sweeping_back_undoes_a_sweep() -> None:
    root = np.random.default_rng(0).normal(size=(9, 5))
    products = root.T @ root
    swept = criteria._sweep(products, 2, back=False)
    rest = np.delete(np.arange(5), 2)
    left = products[np.ix_(rest, rest)] - np.outer(products[rest, 2], products[2, rest]) / products[2, 2]
    np.testing.assert_allclose(swept[np.ix_(rest, rest)], left, atol=1e-12)
    np.testing.assert_allclose(criteria._sweep(swept, 2, back=True), products, atol=1e-12)


@pytest.mark.parametrize("name", ["BIC", "extended BIC"])
def test_gates_find_what_the_search_finds(name: str) -> None:
    x, y, truth = criteria.problem(800, 3)
    price = criteria.prices(800)[name]
    gates = criteria.by_gates(x, y, price)
    search = np.column_stack([criteria.by_search(x, one, price) for one in y.T])
    assert (gates != search).sum() <= 5  # of 600, all of them among chance's
    assert (gates & truth).sum() == 3 * criteria.TRUE


def test_gates_keep_what_many_observations_know_well() -> None:
    # a step of one size for all weights closed gates that paid, ever more of them with more observations
    x, y, _ = criteria.problem(12800, 4)
    price = criteria.prices(12800)["AIC"]
    search = np.column_stack([criteria.by_search(x, one, price) for one in y.T])
    assert abs(criteria.by_gates(x, y, price).sum() / search.sum() - 1) < 0.1


def test_what_chance_adds_at_a_price() -> None:
    # half the squared standard score of a regressor without an effect, against its price
    x, y, truth = criteria.problem(3200, 20)
    for price in criteria.prices(3200).values():
        false = [(criteria.by_search(x, one, price) & ~t).sum() for one, t in zip(y.T, truth.T, strict=True)]
        expected = criteria.by_chance(price, 3200)
        assert abs(np.mean(false) - expected) < 4 * np.sqrt(expected / 20) + 1e-3


@pytest.mark.parametrize(("name", "size", "pixels"), [("digits", 1797, 64), ("MNIST-5000", 5000, 784)])
def test_images_are_whole_and_split(name: str, size: int, pixels: int) -> None:
    one, two = images.load(name, 0), images.load(name, 1)
    assert len(one.y) + len(one.y_test) == size
    assert one.x.shape[1] == pixels
    assert float(one.x.min()) == 0 and float(one.x.max()) == 1
    assert set(one.y_test.tolist()) == set(range(10))
    assert not torch.equal(one.y_test, two.y_test)


def test_a_classifier_learns_and_its_density_falls() -> None:
    data = images.load("digits", 0)
    dense = images.train(data, make=None, epochs=5, seed=0)
    gated = images.train(data, make=classifiers.hard_concrete, sparsity=Penalty(0.05), epochs=5, seed=0)
    assert dense.error < 15 and dense.density == 1
    assert gated.error < 40
    assert gated.course["density"][-1] < gated.course["density"][0] < 0.91
    assert gated.course["flops"][-1] < gated.course["flops"][0]
    figures = speed.compacted_classifier(gated, data.x_test[:50])
    assert figures["largest relative difference"] < 1e-6 and figures["weights, compact"] <= figures["weights"]


def test_combinations_have_names_of_their_own_and_all_are_allowed() -> None:
    rows = list(networks.combinations())
    assert len({row.name for row in rows}) == len(rows) > 40
    assert {row.sparse.gate for row in rows} == {"hard-concrete", "diffprune"}


@pytest.mark.parametrize("family", networks.DYNAMICS)
def test_the_same_model_over_all_candidates(family: str) -> None:
    adata = datasets.simulated(genes=12, trajectories=40, seed=0)
    model = tl.infer(adata, trajectory_key="trajectory", start="none", dynamics=family).fit.model  # type: ignore[arg-type]
    whole, x = speed.over_all_regulators(model), torch.rand(5, 12)
    assert whole.n_regulators == 12 > model.n_regulators
    torch.testing.assert_close(whole(0.0, x), model(0.0, x))
    assert whole.compact().regulators.tolist() == model.compact().regulators.tolist()


def test_parts_are_kept_merged_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "EPOCHS", {"digits": 2, "MNIST-5000": 1})
    monkeypatch.setattr(classifiers, "DENSITIES", (0.6,))
    monkeypatch.setattr(classifiers, "PENALTIES", {("digits", "hard concrete"): (0.003,)})
    jobs = [runs.Job(part="classifiers", name="digits", seed=seed) for seed in runs._SPLITS[:2]]
    results = {job: runs._run(job) for job in jobs}
    merged = runs._merged("classifiers", results)
    label = "digits, hard concrete, 0.6, constraint"
    errors = [result["rows"][label]["error_percent"] for result in results.values()]
    assert merged["rows"][label]["error_percent"] == pytest.approx(np.median(errors))
    assert merged["seeds"] == 2 and set(merged["courses"][label]) >= {"epoch", "density", "multiplier"}
    runs._keep(tmp_path / "sparsity-classifiers.json", merged | {"command": "grn-l0 benchmark sparsity"})
    written = benchmark.sparsity.report(tmp_path)
    text = (tmp_path / "sparsity.md").read_text()
    assert "grn-l0 benchmark sparsity" in text and label in text
    assert all(path.is_file() for path in written) and len(written) == 2
    assert json.loads((tmp_path / "sparsity-classifiers.json").read_text())["seeds"] == 2


def test_unknown_parts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="not a part of this benchmark"):
        benchmark.sparsity.sparsity(tmp_path, parts=("gates",))
