"""Information criteria as a cost per edge, in nats."""

from __future__ import annotations

import math

from grn_l0._errors import OptionError


def aic() -> float:
    """Akaike's criterion: 1 nat per edge.

    References
    ----------
    Akaike, "A new look at the statistical model identification", IEEE Transactions on Automatic Control 1974.
    """
    return 1.0


def bic(n: int) -> float:
    """Schwarz's criterion: ``0.5 log n`` nats per edge for `n` observations of the target.

    References
    ----------
    Schwarz, "Estimating the dimension of a model", Annals of Statistics 1978.
    """
    if n < 1:
        raise OptionError(f"the number of observations must be at least 1, not {n}")
    return 0.5 * math.log(n)


def extended_bic(n: int, p: int, gamma: float = 1.0) -> float:
    """Extended BIC: ``0.5 log n + gamma log p`` nats per edge for `p` candidate regulators of a target.

    The criterion itself costs gamma log C(p, k) for k edges together, which is at most gamma k log p: a price per edge
    that does not depend on the others is the upper bound.

    References
    ----------
    Chen & Chen, "Extended Bayesian information criteria", Biometrika 2008.
    """
    if p < 1:
        raise OptionError(f"the number of candidate regulators must be at least 1, not {p}")
    return bic(n) + gamma * math.log(p)
