"""What is asked of the posterior beside the data."""

from __future__ import annotations

from dataclasses import dataclass, field

from grn_l0._journal import Journal
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.prior_classes import Prior
from grn_l0.posterior.workers import InProcess, Workers


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """What every run of the chain is asked for; the same seed gives the same bits.

    Attributes
    ----------
    priors
        Edges with an inclusion rate of their own.
    config
        Settings.
    seed
        Of the chain.
    workers
        Where blocks of targets are worked on; no result depends on it.
    journal
        Keeps where the work stands.
    """

    priors: tuple[Prior, ...] = ()
    config: PosteriorConfig = field(default_factory=PosteriorConfig)
    seed: int = 0
    workers: Workers = field(default_factory=InProcess)
    journal: Journal = field(default_factory=Journal)
