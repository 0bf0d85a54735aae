"""Which edges are reported, by name or by an expected share of false ones."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData

from grn_l0 import simulate, tl
from grn_l0._errors import OptionError
from grn_l0.fit import FitConfig
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.tl.decide import settings

SYSTEM = simulate.random_system(30, 3)
SERIES = simulate.short_trajectories(SYSTEM, 12, (0, 1, 2, 4, 8), noise=0.1, seed=3)
PLAIN = PosteriorConfig()


def test_names_and_shares_become_settings() -> None:
    def choose(decide: object) -> tuple[PosteriorConfig, FitConfig]:
        return settings(decide, PLAIN, None, SERIES, with_prior=False)  # type: ignore[arg-type]

    assert choose(None) == (PLAIN, FitConfig())
    precise, balanced, share = choose("precision"), choose("balanced"), choose(0.05)
    assert precise[1].survival == 0.5 and precise[1].odds < balanced[1].odds
    assert precise[0].false_share is not None and balanced[0].false_share is not None
    assert precise[0].false_share < balanced[0].false_share
    assert (share[0].false_share, share[0].decoys) == (0.05, "always")


@pytest.mark.parametrize("decide", ["recall", 0, 1.5, -1])
def test_anything_else_is_refused(decide: object) -> None:
    with pytest.raises(OptionError, match="decide must be"):
        settings(decide, PLAIN, None, SERIES, with_prior=False)  # type: ignore[arg-type]


def test_contradictions_are_refused() -> None:
    with pytest.raises(OptionError, match="leave out config"):
        settings("precision", PLAIN, FitConfig(), SERIES, with_prior=False)
    wide = simulate.long_series(simulate.random_system(80, 0), 1, list(range(14)), seed=0)
    with pytest.raises(OptionError, match="no null data"):
        settings(0.1, PLAIN, None, wide, with_prior=False)


def test_a_smaller_share_reports_no_more_edges_and_no_more_false_ones() -> None:
    n, t, genes = SERIES.values.shape
    adata = AnnData(SERIES.values.reshape(n * t, genes))
    adata.var_names = list(SERIES.genes)
    adata.obs["time"], adata.obs["trajectory"] = SERIES.times.ravel(), np.repeat(SERIES.trajectories, t)
    found = []
    for decide in ("balanced", 0.25, 0.05):
        network = tl.infer(adata.copy(), trajectory_key="trajectory", decide=decide).network  # type: ignore[arg-type]
        is_edge = network.weights != 0
        found.append((network.n_edges, int((is_edge & (SYSTEM.truth == 0)).sum())))
    assert found[0][0] >= found[1][0] >= found[2][0]
    assert found[0][1] >= found[2][1]
    assert found[0][0] > 0
