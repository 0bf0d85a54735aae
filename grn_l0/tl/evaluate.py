"""A network against a reference, beside what chance gives."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from grn_l0 import metrics
from grn_l0._typing import PathLikeStr
from grn_l0.metrics.universe import Universe, align
from grn_l0.network import Network, read_edges
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of

#: Permutations of target names over which the shuffled network is averaged.
SHUFFLES = 5


def evaluate(
    result: Inference | Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | PathLikeStr | None = None,
    genes: Iterable[str] | PathLikeStr | None = None,
) -> pd.DataFrame:
    """Metrics of a network beside those of chance.

    Parameters
    ----------
    result
        What `infer` returned, a network, or a table source, target[, score, weight, sign].
    truth
        Matrix genes × genes (rows regulators; entries other than 0 are edges, negative ones repress), or a table
        source, target[, sign], or the path of one: .csv, .tsv, .parquet or .graphml. Columns go by any of the names
        that `grn_l0.network.read_edges` knows.
    regulators, genes
        The universe, regulators × genes without self-pairs, as names or paths of lists; that of the result by default.

    Returns
    -------
    DataFrame
        One column per metric and the rows

        - ``result``;
        - ``random``: the expectation for scores, and a selection of the same size, that know nothing;
        - ``shuffled``: the same network with the names of its targets permuted (mean of five), which keeps how many
          targets each regulator has, and so shows what its hubs alone are worth.

    Raises
    ------
    OptionError, TableError, NameMatchError
        If the reference cannot be laid on the network.
    """
    network = result.network if isinstance(result, Inference) else result
    reference = read_edges(truth) if isinstance(truth, str | os.PathLike) else truth
    rows = None if regulators is None else names_of(regulators, "regulators")
    universe = align(network, reference, rows, None if genes is None else names_of(genes, "genes"))
    own = _row(universe, universe.scores, universe.selected, universe.sign)
    rows = {"result": own, "random": _random(own), "shuffled": _shuffled(universe)}
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(universe: Universe, scores: np.ndarray, selected: np.ndarray, sign: np.ndarray) -> dict[str, float]:
    ranked = metrics.ranking(scores, universe.truth, universe.candidates)
    signs = {} if universe.true_sign is None else {"sign": sign, "true_sign": universe.true_sign}
    chosen = metrics.selection(selected, universe.truth, universe.candidates, **signs)
    row = {name: float(value) for name, value in (ranked | chosen).items()}
    front = ["candidates", "true_edges", "density", "edges"]
    return {name: row[name] for name in front} | {k: v for k, v in row.items() if k not in front}


def _random(own: dict[str, float]) -> dict[str, float]:
    density, share = own["density"], 1.0 - own["sparsity"]
    f1 = 2 * density * share / (density + share) if share > 0 else 0.0
    known = {
        "auroc": 0.5, "auprc": density, "auprc_trapezoid": density, "auprc_ratio": 1.0, "epr": 1.0,
        "balanced_accuracy": 0.5, "precision": density, "recall": share, "f1": f1, "sign_accuracy": 0.5,
    }  # fmt: skip
    return {name: known.get(name, value) for name, value in own.items()}


def _shuffled(universe: Universe) -> dict[str, float]:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(SHUFFLES):
        order = rng.permutation(len(universe.genes))
        selected = universe.selected[:, order] & universe.candidates
        rows.append(_row(universe, universe.scores[:, order], selected, universe.sign[:, order]))
    return {str(name): float(value) for name, value in pd.DataFrame(rows).mean().items()}
