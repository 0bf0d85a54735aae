"""What an edge costs before the data have spoken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems

from grn_l0.posterior import PosteriorConfig, infer_start

EVERY = np.arange(systems.N)


def test_a_uniform_price_is_the_log_of_the_number_of_regulators() -> None:
    """A learned price differs between regulators with many and with few targets; a uniform one does not."""
    series = systems.trajectories(60, seed=1)
    config = PosteriorConfig(rounds=(20, 20, 40), averaged=1, more=0, false_share=None)
    learned = infer_start(series, EVERY, config=config)
    uniform = infer_start(series, EVERY, config=replace(config, uniform_price=True))
    pairs = ~np.eye(systems.N, dtype=bool) & (uniform.rate > 0)
    np.testing.assert_allclose(uniform.penalty[pairs], np.log(systems.N))
    assert np.ptp(learned.penalty[pairs]) > 0.1
    assert (uniform.inclusion > 0.5)[systems.TRUTH].mean() > 0.8
