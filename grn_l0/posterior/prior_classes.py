"""Prior networks as classes of edges, each with an inclusion rate that is learned, or held where it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int, ndarray

#: Observations per target below which learned rates are off by .3 and more (own simulations: 10 fail, 22 do not).
ENOUGH = 20.0

#: Share of listed edges believed where nobody says otherwise, and how many pseudo-edges that belief is worth.
BELIEVED, PSEUDO_EDGES = 0.8, 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Prior:
    """Edges believed beforehand.

    Parameters
    ----------
    listed
        Shape (R, N).
    name
        By which it is spoken of.
    trust
        Share of the listed edges believed, in (0, 1): held, whatever the data say. None: learned from the data where
        they can judge it, and held at the default elsewhere.
    """

    listed: Bool[ndarray, "regulators genes"]
    name: str = "prior"
    trust: float | None = None

    def __post_init__(self) -> None:
        if self.trust is not None and not 0 < self.trust < 1:
            raise OptionError(f"the trust in prior {self.name!r} must lie between 0 and 1, not {self.trust!r}")


def as_priors(given: Prior | Sequence[Prior] | None) -> tuple[Prior, ...]:
    """None, one prior or several, as a tuple."""
    return () if given is None else (given,) if isinstance(given, Prior) else tuple(given)


class Verdict(NamedTuple):
    """What became of a prior.

    Attributes
    ----------
    name
        Of the prior.
    edges
        Candidate edges that it lists.
    share
        Share of them that was confirmed (mean inclusion probability) where `judged`; else the share believed.
    judged
        Whether the rate was learned from the data.
    asked
        Whether the user asked for the trust to be held.
    """

    name: str
    edges: int
    share: float
    judged: bool
    asked: bool

    def sentence(self) -> str:
        """One line for a person."""
        if self.judged:
            return f"prior {self.name}: {self.share:.0%} of its {self.edges:,} edges confirmed"
        if self.asked:
            return f"prior {self.name}: trust in its {self.edges:,} edges held at {self.share:g}, as asked"
        return f"prior {self.name}: the data cannot judge its {self.edges:,} edges; trust stays at {self.share:g}"


@dataclass(eq=False)
class PriorClasses:
    r"""Classes of listed edges and their inclusion rates.

    Every combination of priors that lists an edge is a class c of its own: an edge in two independent sources is
    likelier than in either, and how much likelier the data say. With one prior there is one class. A class starts, and
    is drawn by one pseudo-edge, at the noisy-or of its priors' rates,

    .. math:: \pi_c = 1 - \prod_{k \in c} (1 - \pi_k)

    which is also its rate for good where one of its priors is held.

    Attributes
    ----------
    priors
        K sources.
    group
        Shape (N, R): 0 where no prior lists the edge, otherwise 1 + the position of its class.
    members
        Shape (C, K): which priors make up a class.
    rates
        Shape (C,): inclusion rates.
    believed
        Trust where the user gave none.
    uninformative
        Shape (K,): priors that list more than half of all candidates say nothing, so nothing is held.
    judge
        Whether the data can judge a prior: not from one series, in which what regulates cannot be told from what only
        follows the same course, nor from fewer than `ENOUGH` observations per target.
    """

    priors: tuple[Prior, ...]
    group: Int[ndarray, "genes regulators"]
    members: Bool[ndarray, "classes priors"]
    rates: Float[ndarray, " classes"]
    judge: bool
    believed: float
    uninformative: Bool[ndarray, " priors"]

    @classmethod
    def of(
        cls,
        priors: Prior | Sequence[Prior] | None,
        candidates: Bool[ndarray, "genes regulators"],
        *,
        believed: float = BELIEVED,
        judge: bool = True,
    ) -> PriorClasses:
        """Sort the candidate edges into classes.

        Raises
        ------
        OptionError
            If two priors have one name, or a prior is of another shape than the candidates.
        """
        given = as_priors(priors)
        names = [p.name for p in given]
        if len(set(names)) < len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise OptionError(f"two priors are called {twice!r}; give each a name of its own")
        if not given:
            # One zero that looks like all of them.
            nothing = np.broadcast_to(np.zeros((1, 1), dtype=np.int64), candidates.shape)
            none = np.zeros((0, 0), dtype=bool)
            return cls(given, nothing, none, np.zeros(0), judge, believed, np.zeros(0, dtype=bool))
        code = np.zeros(candidates.shape, dtype=np.int64)
        for k, prior in enumerate(given):
            if prior.listed.T.shape != candidates.shape:
                raise OptionError(
                    f"prior {prior.name!r} has shape {prior.listed.shape}; regulators x genes are "
                    f"{candidates.shape[::-1]}"
                )
            code += (prior.listed.T & candidates).astype(np.int64) << k
        codes = np.unique(code[code > 0])
        members = (codes[:, None] >> np.arange(len(given)) & 1).astype(bool)
        group = np.where(code > 0, np.searchsorted(codes, code) + 1, 0)
        share = [(prior.listed.T & candidates).sum() / max(candidates.sum(), 1) for prior in given]
        uninformative = np.array(share, dtype=np.float64) > 0.5
        out = cls(given, group, members, np.full(len(codes), believed), judge, believed, uninformative)
        out.rates = out._noisy_or(out._single())
        return out

    @property
    def listed(self) -> Bool[ndarray, "genes regulators"]:
        """Edges that any prior lists."""
        out: Bool[ndarray, "genes regulators"] = self.group > 0
        return out

    @property
    def held(self) -> Bool[ndarray, " classes"]:
        """Classes whose rate is not learned."""
        out: Bool[ndarray, " classes"] = (self.members & self._kept()).any(axis=1)
        return out

    @property
    def fixed(self) -> Bool[ndarray, "genes regulators"]:
        """Edges whose rate is not learned."""
        out: Bool[ndarray, "genes regulators"] = np.concatenate([[False], self.held])[self.group]
        return out

    def among(self, genes: Int[ndarray, " some"]) -> PriorClasses:
        """Those of some targets, with the same rates."""
        if not len(self.rates):
            return replace(self, group=self.group[:0])
        return replace(self, group=self.group[genes])

    def _kept(self) -> Bool[ndarray, " priors"]:
        asked = np.array([p.trust is not None for p in self.priors], dtype=bool)
        return asked | (~self.uninformative & (not self.judge))

    def log_odds(
        self, others: Float[ndarray, "genes regulators"], *, unaided: bool = False
    ) -> Float[ndarray, "genes regulators"]:
        """Log odds with those of listed edges put in the place of `others`.

        `unaided`: only where the rate is held. A rate that is learned is first judged without its own help.
        """
        if not len(self.rates):
            return others
        own = np.concatenate([[0.0], np.log(self.rates / (1.0 - self.rates))])
        speaks = np.concatenate([[False], self.held if unaided else np.ones(len(self.rates), dtype=bool)])
        return np.where(speaks[self.group], own[self.group], others).astype(others.dtype)

    def limit(self, allowed: Bool[ndarray, "genes regulators"], freedom: Float[ndarray, " genes"]) -> None:
        """What these observations can carry: whether they can judge at all, and rates that do not fit the noise.

        Those leave at least four observations of a target to each open edge.
        """
        regulated = allowed.any(axis=1)
        if self.judge and len(self.rates) and freedom[regulated].sum() < ENOUGH * max(regulated.sum(), 1):
            self.judge = False
            self.rates = self._noisy_or(self._single())
        listed = self.listed & allowed
        some = listed.any(axis=1)
        if not some.any():
            return
        size = np.array([(allowed & (self.group == c + 1)).sum() for c in range(len(self.rates))])
        wanted = (self.rates * size).sum() / some.sum()
        factor = min(0.25 * freedom[some].mean() / max(wanted, 1e-12), 1.0)
        self.rates = np.where(self.held, self.rates, np.clip(self.rates * factor, min(0.01, *self.rates), 0.999))

    def learn(
        self,
        inclusion: Float[ndarray, "genes regulators"],
        log_odds: Float[ndarray, "genes regulators"],
        allowed: Bool[ndarray, "genes regulators"],
    ) -> None:
        """Rates of all classes that are not held, those of single priors first."""
        held = self.held
        order = np.argsort(self.members.sum(axis=1), kind="stable")
        for c in order[~held[order]]:
            mine = allowed & (self.group == c + 1)
            if mine.any():
                rate = float(self._noisy_or(self._single())[c]) if self.members[c].sum() > 1 else self.believed
                self.rates[c] = learn_rate(
                    inclusion[mine].astype(np.float64), log_odds[mine].astype(np.float64), float(self.rates[c]), rate
                )
        self.rates = np.where(held, self._noisy_or(self._single()), self.rates)

    def verdicts(self, inclusion: Float[ndarray, "genes regulators"]) -> tuple[Verdict, ...]:
        """What became of each prior, given the inclusion probabilities in the end."""
        out = []
        for k, prior in enumerate(self.priors):
            mine = np.concatenate([[False], self.members[:, k]])[self.group]
            judged = not self._kept()[k]
            held = self.believed if prior.trust is None else prior.trust
            share = float(inclusion[mine].mean()) if judged and mine.any() else held
            out.append(Verdict(prior.name, int(mine.sum()), share, judged, prior.trust is not None))
        return tuple(out)

    def _single(self) -> Float[ndarray, " priors"]:
        """Rate of each prior alone: held, or that of the edges which only it lists."""
        out = np.array([self.believed if p.trust is None else p.trust for p in self.priors])
        alone = self.members.sum(axis=1) == 1
        for k in np.flatnonzero(~self._kept()):
            own = np.flatnonzero(alone & self.members[:, k])
            if len(own):
                out[k] = self.rates[own[0]]
        return out

    def _noisy_or(self, single: Float[ndarray, " priors"]) -> Float[ndarray, " classes"]:
        none = np.where(self.members, 1.0 - single, 1.0).prod(axis=1)
        out: Float[ndarray, " classes"] = np.clip(1.0 - none, 1e-4, 1.0 - 1e-4)
        return out


def learn_rate(
    inclusion: Float[ndarray, " edges"],
    log_odds: Float[ndarray, " edges"],
    start: float,
    believed: float = BELIEVED,
) -> float:
    r"""Inclusion rate of a class of edges, by marginal likelihood of their Bayes factors.

    :math:`\sum_e \log(1 - \pi + \pi B_e)`, with B from the posterior odds over the prior odds, and one pseudo-edge at
    the rate `believed`. Averaging the probabilities instead would hardly move from where it starts: edges of which the
    data say little keep B near 1, and so a probability near the old rate.
    """
    # In single precision the upper bound would be 1.
    p = np.clip(inclusion.astype(np.float64), 1e-12, 1.0 - 1e-12)
    factor = np.exp(np.clip(np.log(p / (1.0 - p)) - log_odds, -50.0, 50.0))
    rate = start
    for _ in range(200):
        posterior = rate * factor / (1.0 - rate + rate * factor)
        rate = float((posterior.sum() + believed * PSEUDO_EDGES) / (len(p) + PSEUDO_EDGES))
    return min(max(rate, 1e-4), 1.0 - 1e-4)
