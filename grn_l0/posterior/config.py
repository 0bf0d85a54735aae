"""How the posterior start is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grn_l0._errors import OptionError


@dataclass(frozen=True, kw_only=True)
class PosteriorConfig:
    """Settings of the posterior start.

    Parameters
    ----------
    rounds
        Sweeps of the gates' chain in each round of smoothing, noise kinds and gates. A third of each is burn-in.
    more
        The last round is repeated up to this many times until the model of the residuals settles.
    settled
        It has settled when its log-likelihood rises by less than this many nats per measurement in a round. With
        little noise what the first rounds leave unexplained is large, and every round explains more of it.
    averaged
        The inclusion probabilities of this many last rounds are averaged: each round sees other states, so this
        averages over their uncertainty.
    chains
        Runs from rounds to second look, each with random numbers of its own, whose probabilities are averaged: every
        run settles in one of several states of the network that explain the data about as well. None: 4 up to 16,384
        candidate edges, 2 up to 65,536 and 1 beyond, of 30 or more series; 1 elsewhere. Of one or two long series
        three are taken whatever stands here.
    second_look
        Sweeps of one more look at the edges, along the trajectories of the gated ODE, where `infer_start` is given
        them (`grn_l0.tl.infer` does: trained with the defaults of `FitConfig`, so that a start does not depend on the
        fit's settings); 0 leaves it out.
    zoom
        From this round on rates are spaced more finely over those in use before each round; larger than the last for
        never.
    uniform_price
        Whether every edge costs log R nats beyond what its weight costs, as in the extended BIC with gamma = 1 (Chen
        and Chen 2008), in place of a rate per regulator that is learned. Decoys count among the R.
    slabs, slabs_listed
        Prior standard deviations of an open edge's weight (in units of the scaled expression), mixed with learned
        shares; the second for edges listed in a prior network, which may be weak.
    most_kinds
        Largest number of noise models in use at once; each costs a Gram matrix of R x R.
    inner
        Alternations between smoothing and the joint step within a round.
    parent
        A regulator takes part in the joint step through targets that it regulates with more than this probability; 1
        leaves the step out.
    generations
        How far an error of a regulator's state is followed down the network; 0 takes errors as independent.
    curvature
        Whether squares and products of a target's likely regulators are integrated out where the data speak for them.
    search
        Whether a stimulus that nobody named and a lag of the regulators are looked for.
    lag
        Mean delay 1 / d_p of the proteins between regulators and targets, in units of time, where it is known; 0 for
        none. None: looked for in 3 to 29 series of more than twelve times (`search`). One or two of these cannot tell:
        there one of the three runs has a lag of one step, unless the data contradict it. None elsewhere; long series
        that are taken step by step know no lag.
    blocks
        Whether with fewer than 30 series an edge must keep its evidence when any one block of the data is left out.
    draws
        Posterior draws of the weights over which residuals are averaged when noise models are chosen.
    listed_rate
        Share of a prior's edges that is believed before the data have spoken, or where they cannot judge it.
    false_share
        Largest share of false edges among those reported, as estimated from decoys: regulators torn apart from the
        rest, which compete with the others. None to do without.
    decoys
        "few": unless 30 series or more share each schedule, outnumber the regulators and have 100 genes. "always":
        whatever the data.
    threads
        Threads of Gram matrices and chain, and in `grn_l0.tl.infer` of the solver; the result does not depend on it.
    """

    rounds: tuple[int, ...] = (40, 80, 80, 80, 120)
    more: int = 6
    settled: float = 0.003
    averaged: int = 3
    chains: int | None = None
    second_look: int = 90
    zoom: int = 2
    uniform_price: bool = False
    slabs: tuple[float, ...] = (0.3, 0.9)
    slabs_listed: tuple[float, ...] = (0.03, 0.1, 0.3, 0.9)
    most_kinds: int = 40
    inner: int = 2
    parent: float = 0.1
    generations: int = 2
    curvature: bool = True
    search: bool = True
    lag: float | None = None
    blocks: bool = True
    draws: int = 4
    listed_rate: float = 0.8
    false_share: float | None = 0.25
    decoys: Literal["few", "always"] = "few"
    threads: int = 1

    def __post_init__(self) -> None:
        if not self.rounds or min(self.rounds) < 3:
            raise OptionError(f"rounds must be numbers of sweeps, each 3 or more, not {self.rounds!r}")
        if not 1 <= self.averaged <= len(self.rounds):
            raise OptionError(f"averaged must lie between 1 and the {len(self.rounds)} rounds, not {self.averaged!r}")
        if self.second_look != 0 and self.second_look < 3:
            raise OptionError(f"second_look must be 0, or 3 sweeps or more, not {self.second_look!r}")
        if not self.slabs or not self.slabs_listed or min(*self.slabs, *self.slabs_listed, 1.0) <= 0:
            raise OptionError(
                "slabs and slabs_listed must be positive standard deviations, at least one each, not "
                f"{self.slabs!r} and {self.slabs_listed!r}"
            )
        if self.false_share is not None and not 0 < self.false_share < 1:
            raise OptionError(f"false_share must lie between 0 and 1, or be None, not {self.false_share!r}")
        if self.decoys not in ("few", "always"):
            raise OptionError(f"decoys must be 'few' or 'always', not {self.decoys!r}")
        for least, names in ((0, ("more", "zoom", "generations")), (1, ("most_kinds", "inner", "draws", "threads"))):
            for name in names:
                if getattr(self, name) < least:
                    raise OptionError(f"{name} must be {least} or more, not {getattr(self, name)!r}")
        if self.chains is not None and self.chains < 1:
            raise OptionError(f"chains must be 1 or more, or None, not {self.chains!r}")
        if self.lag is not None and not 0 <= self.lag < float("inf"):
            raise OptionError(f"lag must be a time of 0 or more, or None, not {self.lag!r}")
        if not 0 < self.listed_rate < 1:
            raise OptionError(f"listed_rate must lie between 0 and 1, not {self.listed_rate!r}")
        if not 0 < self.parent <= 1:
            raise OptionError(f"parent must lie above 0 and be at most 1, not {self.parent!r}")
