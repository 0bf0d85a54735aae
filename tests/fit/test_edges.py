"""The list of edges that is trained: its order, what is taken from it, and its loss against that of matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from fit_systems import N, known

from grn_l0.dynamics import to_edges
from grn_l0.fit import FitConfig, SparseConfig, fit
from grn_l0.fit.edges import EdgeList
from grn_l0.fit.gated import Task, objective_of
from grn_l0.fit.loss import Objective
from grn_l0.fit.pricing import make_gate
from grn_l0.fit.residuals import squares
from grn_l0.gates import edge_keys

CONFIG = FitConfig(dtype="float64")


def test_a_list_is_sorted_and_takes_and_puts() -> None:
    rng = np.random.default_rng(0)
    mask, values = rng.random((5, 7)) < 0.4, rng.random((5, 7))
    edges = EdgeList.of(mask)
    assert (np.diff(edges.targets * 5 + edges.regulators) > 0).all()
    np.testing.assert_array_equal(edges.put(edges.take(values)), np.where(mask, values, 0))
    assert (edges.rows[edges.index[0].numpy()] == edges.regulators).all()
    other = EdgeList.of(rng.random((5, 7)) < 0.5)
    replaced = edges.put(edges.replaced(edges.take(values), other, -other.take(values)))
    np.testing.assert_array_equal(
        replaced, np.where(mask, np.where(other.put(np.ones(len(other))) > 0, -1, 1), 0) * values
    )
    none = EdgeList.of(np.zeros((5, 7), dtype=bool))
    assert len(none) == 0 and (edges.replaced(edges.take(values), none, np.empty(0)) == edges.take(values)).all()


def listed_and_whole(sparse: SparseConfig) -> tuple[Objective, Objective]:
    """The objective over the edges that are trained, and the one over matrices with all others closed."""
    k = known(12)
    task = Task.of(k.series, k.start, np.arange(N), replace(CONFIG, sparse=sparse))
    listed, edges, opening = objective_of(task)
    active = edges.put(np.ones(len(edges))) > 0
    gate = make_gate(
        opening,
        active,
        sparse,
        regulators=list(k.series.genes),
        genes=k.series.genes,
        odds=1.0,
        dtype=torch.float64,
    )
    return listed, objective_of(task, gate=gate)[0]


@pytest.mark.parametrize(
    "sparse",
    [
        SparseConfig(),
        SparseConfig(gate="diffprune"),
        SparseConfig(criterion="ebic"),
        SparseConfig(group="regulator"),
        SparseConfig(group="target"),
        SparseConfig(sparsity="constraint", density=0.1),
    ],
)
def test_the_loss_of_a_list_is_that_of_matrices(sparse: SparseConfig) -> None:
    listed, whole = listed_and_whole(sparse)
    assert listed.dynamics.edges is not None and whole.dynamics.edges is None
    losses = [o(o.gate.sample(torch.Generator().manual_seed(3))) for o in (listed, whole)]
    torch.testing.assert_close(*losses, rtol=1e-10, atol=0)
    for loss in losses:
        loss.backward()
    for name, parameter in listed.named_parameters():
        same = dict(whole.named_parameters())[name]
        assert parameter.grad is not None and same.grad is not None, name
        wanted = same.grad
        if parameter.ndim < wanted.ndim:  # every gene is a candidate regulator, in the genes' order
            edges = listed.dynamics.edges
            wanted = to_edges(wanted, torch.stack([listed.dynamics.regulators[edges[0]], edges[1]]))
        torch.testing.assert_close(parameter.grad, wanted, rtol=1e-9, atol=1e-9, msg=name)


def test_keys_of_a_list_are_those_of_the_matrix() -> None:
    names, edges = [f"g{k}" for k in range(5)], torch.tensor([[3, 0, 1], [0, 2, 4]])
    assert torch.equal(edge_keys(names, names, edges), to_edges(edge_keys(names, names), edges))


def test_whitened_squares_by_torch() -> None:
    """Two schedules whose series alternate, lengths that differ, missing values; values and gradient."""
    k = known(9)
    rng = np.random.default_rng(1)
    groups = (np.arange(0, 9, 2), np.arange(1, 9, 2))
    lower = np.tril(rng.normal(size=(2, N, 6, 6)))
    whiteners = (
        (torch.from_numpy(groups[0]), torch.from_numpy(lower[0])),
        (torch.from_numpy(groups[1]), torch.from_numpy(lower[1][:, :4, :4].copy())),
    )
    task = Task.of(k.series, k.start, np.arange(N), CONFIG)
    problem = replace(objective_of(task)[0].problem, whiteners=whiteners, share=0.5)
    problem.weight[2, 3, 4] = 0.0
    x = torch.from_numpy(rng.normal(size=(9, 6, N))).requires_grad_()
    residual = (problem.target - x) * problem.weight
    expected = sum(
        torch.einsum("nab,sbn->san", w, residual[s, : w.shape[1]]).square().sum((0, 1)) for s, w in whiteners
    )
    by = torch.from_numpy(rng.normal(size=N))
    found = squares(x, problem)
    torch.testing.assert_close(found, 0.5 * expected, rtol=1e-12, atol=0)
    ours, theirs = (torch.autograd.grad((v * by).sum(), x)[0] for v in (found, 0.5 * expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


def test_the_number_of_threads_does_not_change_a_fit() -> None:
    k, threads = known(10), torch.get_num_threads()
    config = FitConfig(steps=10, refit_steps=10)
    results = []
    for n in (1, 2):
        torch.set_num_threads(n)
        results.append(fit(k.series, k.start, regulators=np.arange(N), config=config))
    torch.set_num_threads(threads)
    assert (results[0].network.weights == results[1].network.weights).all()
    assert results[0].history.equals(results[1].history)


def test_families_without_lists_have_matrices() -> None:
    k = known(12)
    config = FitConfig(steps=5, refit_steps=5)
    names = {"linear": True, "logistic": True, "sum-product": False, "mlp": False}
    for name, listed in names.items():
        result = fit(k.series, k.start, regulators=np.arange(N), config=replace(config, families=name))  # type: ignore[arg-type]
        assert (result.model.edges is not None) is listed is type(result.model).lists_edges
        assert result.network.n_edges > 0 and result.network.weights.shape == (N, N)
