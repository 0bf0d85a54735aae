"""A network against a reference, beside what chance gives."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from grn_l0 import metrics
from grn_l0._errors import OptionError
from grn_l0._typing import PathLikeStr
from grn_l0.metrics.universe import Universe, align
from grn_l0.network import Network, read_edges
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of

#: Permutations of target names over which the shuffled network is averaged.
SHUFFLES = 5
#: Columns of calibration: over all candidates, over those that are likely, and the Brier score over all.
CALIBRATION = ("ece", f"ece_above_{metrics.LIKELY:g}", "brier")


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
        One column per metric (calibration, ``ece``, ``ece_above_0.1`` and ``brier``, only where every candidate has a
        score between 0 and 1; see `reliability`) and the rows

        - ``result``;
        - ``random``: the expectation for scores, and a selection of the same size, that know nothing;
        - ``shuffled``: the same network with the names of its targets permuted (mean of five), which keeps how many
          targets each regulator has, and so shows what its hubs alone are worth.

    Raises
    ------
    OptionError, TableError, NameMatchError
        If the reference cannot be laid on the network.
    """
    universe = _universe(result, truth, regulators, genes)
    own = _row(universe, universe.scores, universe.selected, universe.sign)
    rows = {"result": own, "random": _random(own), "shuffled": _shuffled(universe)}
    return pd.DataFrame.from_dict(rows, orient="index")


def reliability(
    result: Inference | Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | PathLikeStr | None = None,
    genes: Iterable[str] | PathLikeStr | None = None,
    *,
    bins: int = 10,
) -> metrics.Reliability:
    """Whether scores of .7 are right seven times in ten.

    Parameters
    ----------
    result, truth, regulators, genes
        As in `evaluate`.
    bins
        Number of bins of equal width over [0, 1].

    Returns
    -------
    Counts by score: ``.table()`` is the reliability table, ``.error()`` the expected calibration error over all
    candidates, ``.error(above=0.1)`` that of the bins from .1 on, in which the likely edges are. Counts of several
    systems add up with ``+``; `grn_l0.pl.reliability` draws them.

    Raises
    ------
    OptionError
        If not every candidate has a score between 0 and 1: survivors alone cannot be judged.
    TableError, NameMatchError
        As `evaluate`.
    """
    universe = _universe(result, truth, regulators, genes)
    if not universe.probabilities:
        raise OptionError(
            "calibration needs a score between 0 and 1 of every candidate edge; give a table of all scores "
            "(infer --scores, Network.write_scores), and scores that are meant as probabilities"
        )
    return metrics.reliability(universe.scores.clip(0, 1), universe.truth, universe.candidates, bins=bins)


def _universe(
    result: Inference | Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | PathLikeStr | None,
    genes: Iterable[str] | PathLikeStr | None,
) -> Universe:
    network = result.network if isinstance(result, Inference) else result
    reference = read_edges(truth) if isinstance(truth, str | os.PathLike) else truth
    rows = None if regulators is None else names_of(regulators, "regulators")
    return align(network, reference, rows, None if genes is None else names_of(genes, "genes"))


def _row(universe: Universe, scores: np.ndarray, selected: np.ndarray, sign: np.ndarray) -> dict[str, float]:
    ranked = metrics.ranking(scores, universe.truth, universe.candidates)
    signs = {} if universe.true_sign is None else {"sign": sign, "true_sign": universe.true_sign}
    chosen = metrics.selection(selected, universe.truth, universe.candidates, **signs)
    row = {name: float(value) for name, value in (ranked | chosen | _calibration(universe, scores)).items()}
    front = ["candidates", "true_edges", "density", "edges"]
    return {name: row[name] for name in front} | {k: v for k, v in row.items() if k not in front}


def _calibration(universe: Universe, scores: np.ndarray) -> dict[str, float]:
    if not universe.probabilities:
        return dict.fromkeys(CALIBRATION, np.nan)
    # Self-pairs have no score; where names are permuted, they stand among the candidates.
    chances = scores.clip(0, 1), universe.truth, universe.candidates
    counts = metrics.reliability(*chances)
    figures = (counts.error(), counts.error(metrics.LIKELY), metrics.brier(*chances))
    return dict(zip(CALIBRATION, figures, strict=True))


def _random(own: dict[str, float]) -> dict[str, float]:
    density, share = own["density"], 1.0 - own["sparsity"]
    f1 = 2 * density * share / (density + share) if share > 0 else 0.0
    stated = np.isfinite(own["brier"])
    known = {
        "auroc": 0.5, "auprc": density, "auprc_trapezoid": density, "auprc_ratio": 1.0, "epr": 1.0,
        "balanced_accuracy": 0.5, "precision": density, "recall": share, "f1": f1, "sign_accuracy": 0.5,
        # Stating the density of every candidate is calibrated, and costs this much.
        "ece": np.nan, CALIBRATION[1]: np.nan, "brier": density * (1 - density) if stated else np.nan,
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
