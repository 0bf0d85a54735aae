"""Sentences of the status that need more than the fit knows: which edges were given, and what the time is."""

from __future__ import annotations

import numpy as np

from grn_l0.network import Network
from grn_l0.posterior import Prior


def notes(network: Network, priors: tuple[Prior, ...], *, pseudotime: bool) -> list[str]:
    """What to know of a network beside its status.

    Parameters
    ----------
    network
        Regulators x genes.
    priors
        Those it was inferred with.
    pseudotime
        Whether cells were ordered by pseudotime.
    """
    said = []
    if priors and network.n_edges:
        listed = int((network.selected & np.any([p.listed for p in priors], axis=0)).sum())
        own = network.n_edges - listed
        if own == 0:
            said.append(f"All {listed:,} edges are listed in a prior: the data add none of their own.")
        else:
            said.append(f"Of these edges {listed:,} are listed in a prior, {own:,} are from the data alone.")
    if pseudotime:
        said.append("Donors and branches share a trend along pseudotime, which looks like regulation.")
    return said
