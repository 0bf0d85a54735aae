"""Lists of edges against matrices with zeros elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.dynamics import AbstractDynamics, Linear, Logistic, to_edges, to_matrix
from grn_l0.timeseries import TimeSeries

N, R = 6, 4
REGULATORS = torch.tensor([0, 2, 3, 5])
EDGES = torch.tensor([[1, 3, 0, 3, 2, 0], [0, 0, 1, 2, 4, 4]])
KINDS: list[type[Linear] | type[Logistic]] = [Linear, Logistic]


def both(family: Any) -> tuple[AbstractDynamics, AbstractDynamics]:
    """The same model with a list and with matrices."""
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 0.5, EDGES.shape[1])
    common = {
        "center": np.full(R, 0.5),
        "offset": rng.uniform(0.3, 0.7, N),
        "rate": np.array([1.0, 0.5, 0.0, 2.0, 1.0, 0.3]),
    }
    series = TimeSeries(
        genes=tuple(f"g{k}" for k in range(N)),
        trajectories=("a",),
        values=rng.random((1, 5, N)),
        times=np.arange(5.0)[None],
    )
    matrix = to_matrix(torch.from_numpy(weight), EDGES, (R, N)).numpy()
    listed = family.from_start(SimpleNamespace(weight=weight, **common), series, regulators=REGULATORS, edges=EDGES)
    return listed, family.from_start(SimpleNamespace(weight=matrix, **common), series, regulators=REGULATORS)


def states() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).uniform(0.1, 0.9, (3, N)))


@pytest.mark.parametrize("family", KINDS)
def test_a_list_is_the_matrix_with_zeros_elsewhere(family: Any) -> None:
    listed, whole = both(family)
    z = torch.rand(EDGES.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gates, x = to_matrix(z, EDGES, (R, N)), states()
    torch.testing.assert_close(listed(0.0, x, z), whole(0.0, x, gates))
    torch.testing.assert_close(listed.level(), whole.level())
    torch.testing.assert_close(listed.slope(), to_edges(whole.slope(), EDGES))
    torch.testing.assert_close(listed.masked(z).production(x), whole.masked(gates).production(x))
    torch.testing.assert_close(listed.with_matrices().slope(), whole.slope())
    assert whole.with_matrices() is whole and listed.terms(z) is not None and whole.terms(gates) is None
    factor = torch.tensor([2.0, 0.1, 5.0, 30.0, 1.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(listed.scaled(factor).production(x * factor), whole.production(x) * factor)


@pytest.mark.parametrize("family", KINDS)
def test_what_is_left_out_and_stored(family: Any) -> None:
    listed, _ = both(family)
    x, mask = states(), torch.tensor([1.0, 0, 1, 0, 0, 1], dtype=torch.float64)
    small = listed.compact(mask)
    assert small.regulators.tolist() == [0, 2] and small.edges is not None and small.edges.shape == (2, 3)
    torch.testing.assert_close(small.production(x), listed.production(x, mask))
    again = family(**listed.arguments())
    again.load_state_dict(listed.state_dict())
    assert torch.equal(again(0.0, x), listed(0.0, x))


def test_refusals() -> None:
    arguments = both(Linear)[0].arguments()
    for wrong, said in (
        ({"edges": EDGES[:, :3]}, "do not belong together"),
        ({"edges": EDGES + 3}, "must lie between 4 regulators and 6 genes"),
        ({"edges": EDGES.flip(1)}, "sorted by their target"),
        ({"edges": None}, "for one weight per edge name the edges"),
    ):
        with pytest.raises(OptionError, match=said):
            Linear(**{**arguments, **wrong})
