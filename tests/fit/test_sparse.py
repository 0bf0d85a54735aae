"""Gates and sparsity by name: what is refused, what edges cost, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from fit_systems import TRUTH, N, known, simulate
from scipy.special import expit, logit

from grn_l0._errors import OptionError
from grn_l0.fit import FitConfig, SparseConfig, fit
from grn_l0.fit.pricing import Pricing, make_gate, measurements, occam_price, open_edges
from grn_l0.gates import DiffPrune, Grouped, HardConcrete
from grn_l0.sparsity import L0Constraint, Penalty

ALL, ALLOWED = np.arange(N), ~np.eye(N, dtype=bool)
MEASURED = np.full(N, 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gate": "soft"}, "gate must be 'hard-concrete' or 'diffprune'"),
        ({"sparsity": "l1"}, "sparsity must be"),
        ({"criterion": "dic"}, "criterion must be 'aic' or 'bic' or 'ebic'"),
        ({"group": "pathway"}, "group must be"),
        ({"penalty": float("nan")}, "number of nats"),
        ({"penalty": -3.0}, "0 or more"),
        ({"penalty": "3"}, "penalty must be a number"),
        ({"sparsity": "constraint", "density": "1%"}, "density must be a number"),
        ({"sparsity": "constraint", "density": 0.0}, "above 0 and up to 1"),
        ({"sparsity": "constraint", "density": 1.5}, "above 0 and up to 1"),
        ({"sparsity": "constraint"}, "say which density"),
        ({"density": 0.1}, "kept by sparsity constraint"),
        ({"criterion": "bic", "penalty": 2.0}, "give one of them"),
        ({"sparsity": "constraint", "density": 0.1, "criterion": "bic"}, "finds its own price"),
        ({"sparsity": "none", "penalty": 1.0}, "open gates cost nothing"),
        ({"stochastic": True}, "it is for diffprune"),
        ({"dual_rate": 0.0}, "dual_rate"),
    ],
)
def test_contradictions_are_refused_with_the_reason(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SparseConfig(**arguments)


def test_without_a_choice_prices_are_those_of_the_posterior() -> None:
    start = known().start
    pricing = Pricing.of(start, ALLOWED, SparseConfig(), MEASURED)
    assert pricing.opening is start.opening and pricing.occam
    np.testing.assert_array_equal(pricing.price[ALLOWED], start.penalty[ALLOWED])


@pytest.mark.parametrize(("criterion", "price"), [("aic", 1.0), ("bic", 0.5), ("ebic", 0.5)])
def test_another_price_changes_the_odds_by_the_difference(criterion: Any, price: float) -> None:
    start = known().start
    expected = {"aic": 1.0, "bic": 0.5 * np.log(100), "ebic": 0.5 * np.log(100) + np.log(N - 1)}[criterion]
    pricing = Pricing.of(start, ALLOWED, SparseConfig(criterion=criterion), MEASURED)
    assert not pricing.occam
    np.testing.assert_allclose(pricing.price[ALLOWED], expected)
    before = logit(np.clip(start.inclusion, 1e-9, 1 - 1e-9)) + start.penalty + occam_price(start)
    np.testing.assert_allclose(pricing.opening[ALLOWED], expit(before - expected)[ALLOWED])
    assert (pricing.opening[~ALLOWED] == 0).all()


def test_under_a_constraint_the_gates_start_at_the_density() -> None:
    start = known().start
    for density in (0.02, 0.1, 0.5):
        pricing = Pricing.of(start, ALLOWED, SparseConfig(sparsity="constraint", density=density), MEASURED)
        assert pricing.opening.sum() == pytest.approx(density * ALLOWED.sum(), rel=1e-6)
        one, two = pricing.opening[ALLOWED], start.inclusion[ALLOWED]
        assert (np.argsort(one, kind="stable") == np.argsort(two, kind="stable")).all()
        assert pricing.start >= 0
    everything = Pricing.of(start, ALLOWED, SparseConfig(sparsity="constraint", density=1.0), MEASURED)
    assert everything.opening[ALLOWED].min() > 0.99


@pytest.mark.parametrize("density", [0.05, 0.1, 0.4])
@pytest.mark.parametrize("gate", ["hard-concrete", "diffprune"])
def test_so_many_edges_as_were_asked_for(density: float, gate: Any) -> None:
    k = known(40)
    sparse = SparseConfig(gate=gate, sparsity="constraint", density=density)
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(steps=20, refit_steps=5, sparse=sparse))
    assert result.network.n_edges == round(density * N * (N - 1))
    assert {"multiplier", "violation"} <= set(result.history.columns)
    gated = result.history[result.history["stage"] == "gated ODE"]
    assert gated["multiplier"].min() >= 0 and gated["violation"].max() < 0.25 * density
    assert f"A density of {density:g} was asked for, so {result.network.n_edges} edges" in result.status
    supported = int((result.network.selected & (result.network.scores > 0.5)).sum())
    assert f"{supported} of them have a score above .5" in result.status
    best = (TRUTH != 0) & result.network.selected
    assert best.sum() >= min(result.network.n_edges, (TRUTH != 0).sum()) - 1


def test_the_dearer_edges_are_the_fewer_stay() -> None:
    k = known(20)
    prices = (
        SparseConfig(sparsity="none"),
        SparseConfig(criterion="aic"),
        SparseConfig(criterion="ebic"),
        SparseConfig(penalty=1e5),
    )
    openings = [Pricing.of(k.start, ALLOWED, sparse, MEASURED).opening.sum() for sparse in prices]
    assert openings[0] > openings[1] > openings[2] > openings[3]
    sizes = [
        fit(k.series, k.start, regulators=ALL, config=FitConfig(steps=5, refit_steps=2, sparse=sparse)).network.n_edges
        for sparse in prices
    ]
    assert sizes[0] >= sizes[1] >= sizes[2] > sizes[3] == 0


def test_groups_start_at_their_likeliest_edge() -> None:
    start, genes = known().start, [f"g{k}" for k in range(N)]
    for group, axis in (("regulator", 1), ("target", 0)):
        sparse = SparseConfig(group=group)  # type: ignore[arg-type]
        opening = np.clip(start.inclusion, 0, 0.95) * ALLOWED
        gate = make_gate(opening, ALLOWED, sparse, regulators=genes, genes=tuple(genes), odds=1.0, dtype=torch.float64)
        assert isinstance(gate, Grouped)
        of_group = gate.groups.probability().detach().numpy()
        np.testing.assert_allclose(of_group, np.clip(opening.max(axis), expit(-4), expit(4)), rtol=1e-6)


@pytest.mark.parametrize(
    ("sparse", "kind"),
    [
        (SparseConfig(), HardConcrete),
        (SparseConfig(gate="diffprune"), DiffPrune),
        (SparseConfig(gate="diffprune", stochastic=True), DiffPrune),
    ],
)
def test_every_kind_of_gate_finds_the_network(sparse: SparseConfig, kind: type) -> None:
    k = known(40)
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(refit_steps=5, sparse=sparse))
    assert (result.network.selected == (TRUTH != 0)).mean() > 0.97
    gate = make_gate(
        k.start.inclusion, ALLOWED, sparse, regulators=list("abcdefghij"), genes=tuple("abcdefghij"), odds=1.0,
        dtype=torch.float32,
    )  # fmt: skip
    assert isinstance(gate, kind) and gate.probability().dtype == torch.float32


@pytest.mark.parametrize("opening", ["mean-field", "pursuit"])
@pytest.mark.parametrize(
    "sparse",
    [
        SparseConfig(),
        SparseConfig(gate="diffprune"),
        SparseConfig(criterion="ebic"),
        SparseConfig(sparsity="constraint", density=0.1),
    ],
)
def test_from_scratch(opening: Any, sparse: SparseConfig) -> None:
    series, _ = simulate(60, 0.02, 0)
    config = FitConfig(scratch_steps=30, refit_steps=5, sparse=sparse, opening=opening)
    network = fit(series, None, regulators=ALL, config=config).network
    assert network.scores[TRUTH != 0].mean() > 0.8 > 0.3 > network.scores[ALLOWED & (TRUTH == 0)].mean()
    if sparse.density is not None:
        assert network.n_edges == round(0.1 * N * (N - 1))
        # scores say what the data support, whatever is asked for
        freely = fit(series, None, regulators=ALL, config=replace(config, sparse=SparseConfig()))
        assert np.array_equal(network.scores, freely.network.scores)


def test_log_ratios_have_no_product() -> None:
    k = known(10)
    shifted = replace(k.series, values=k.series.values - 0.5)
    start = replace(k.start, states=k.start.states - 0.5, initial=k.start.initial - 0.5, center=k.start.center - 0.5)
    with pytest.raises(OptionError, match="never negative"):
        fit(shifted, start, regulators=ALL, config=FitConfig(steps=1, refit_steps=1, families="sum-product"))


def test_the_likeliest_edges_are_open() -> None:
    p = np.array([[0.9, 0.1, 0.5], [0.3, 0.8, 0.2]])
    allowed = np.array([[True, True, True], [True, False, True]])
    assert open_edges(p, p, allowed, 0.4).tolist() == [[True, False, True], [False, False, False]]
    assert open_edges(p, p, allowed, 1.0).tolist() == allowed.tolist()
    # of edges that were not trained the likelier come first, and those that cannot open are left out
    untrained = np.array([[0.9, 0.0, 0.0], [0.0, 0.0, 0.0]])
    opening = np.array([[0.9, 2e-4, 1e-4], [3e-4, 0.9, 0.0]])
    assert open_edges(untrained, opening, allowed, 0.6).tolist() == [[True, True, False], [True, False, False]]
    assert open_edges(untrained, opening, allowed, 1.0).sum() == 4


@pytest.mark.parametrize("group", ["regulator", "target"])
def test_groups_without_any_evidence_leave_an_empty_network(group: Any) -> None:
    k = known(10)
    sparse = SparseConfig(penalty=1e5, group=group)
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(steps=2, refit_steps=2, sparse=sparse))
    assert result.network.n_edges == 0
    assert "no edge is worth it" in result.status and "told from noise" not in result.status


def test_edges_that_decoys_have_closed_stay_closed_at_any_price() -> None:
    start = known(10).start
    gated = replace(start, gate=np.where(TRUTH != 0, start.inclusion, 0.0))
    for criterion in ("aic", "ebic"):
        opening = Pricing.of(gated, ALLOWED, SparseConfig(criterion=criterion), MEASURED).opening  # type: ignore[arg-type]
        assert (opening[TRUTH == 0] == 0).all() and (opening[TRUTH != 0] > 0).all()


def test_measurements_are_those_that_count() -> None:
    series = known(4).series
    values = series.values.copy()
    values[0, :3, 2] = np.nan
    n = measurements(replace(series, values=values), 1.0)
    assert n[0] == series.values[:, :, 0].size and n[2] == n[0] - 3
    assert (measurements(series, 2.0) == n[0] // 2).all()


def test_objects_are_used_as_they_are_and_not_changed() -> None:
    k = known(20)
    allowed = torch.from_numpy(ALLOWED)
    gate = DiffPrune.from_probability(torch.from_numpy(k.start.inclusion), allowed)
    constraint = L0Constraint(0.05, allowed=allowed, rate=50.0)
    before = gate.theta.detach().clone()
    config = FitConfig(steps=20, refit_steps=2)
    one = fit(k.series, k.start, regulators=ALL, config=config, gate=gate, sparsity=constraint)
    assert torch.equal(gate.theta, before) and float(constraint.lambdas) == 0
    assert one.options["sparse"]["gate"] == "DiffPrune" and one.options["sparse"]["sparsity"] == "L0Constraint"
    two = fit(k.series, k.start, regulators=ALL, config=config, gate=gate, sparsity=constraint)
    assert np.array_equal(one.network.weights, two.network.weights)
    with pytest.raises(OptionError, match="give one of them"):
        fit(k.series, k.start, regulators=ALL, config=FitConfig(sparse=SparseConfig(criterion="bic")), gate=gate)
    with pytest.raises(OptionError, match="prices of shape"):
        fit(k.series, k.start, regulators=ALL, config=config, sparsity=Penalty(torch.ones(3, 4)))


def test_an_infinite_price_closes_an_edge() -> None:
    k, lam = known(10), np.where(TRUTH > 0, np.inf, 0.0)
    config = FitConfig(steps=2, refit_steps=2)
    network = fit(k.series, k.start, regulators=ALL, config=config, sparsity=Penalty(torch.tensor(lam))).network
    assert not network.selected[TRUTH > 0].any() and network.selected[TRUTH < 0].all()
    gate = HardConcrete(torch.zeros(N, N), torch.from_numpy(ALLOWED))
    with pytest.raises(OptionError, match="open at an infinite price"):
        fit(k.series, k.start, regulators=ALL, config=config, gate=gate, sparsity=Penalty(torch.tensor(lam)))
    with pytest.raises(OptionError, match="not NaN or -inf"):
        Penalty(-np.inf)


def test_odds_of_ones_own_prices_are_refused() -> None:
    with pytest.raises(OptionError, match="leave one out"):
        FitConfig(odds=4.0, sparse=SparseConfig(criterion="ebic"))


def test_a_constraint_that_is_not_kept_says_so() -> None:
    k = known(20)
    slow = L0Constraint(0.01, allowed=torch.from_numpy(ALLOWED), rate=1e-6)
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(steps=3, refit_steps=2), sparsity=slow)
    assert "above what was asked for" in result.status


def test_densities_of_less_than_one_edge_are_refused() -> None:
    k = known(10)
    sparse = SparseConfig(sparsity="constraint", density=0.001)
    with pytest.raises(OptionError, match=r"less than one edge; the least is 0\.011"):
        fit(k.series, k.start, regulators=ALL, config=FitConfig(sparse=sparse))
    with pytest.raises(OptionError, match="both say which edges"):
        FitConfig(survival=0.5, sparse=sparse)
