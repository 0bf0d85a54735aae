"""GENIE3 and GRNBoost2: trees that explain each gene by all regulators, time ignored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from grn_l0._random import sequence
from grn_l0._typing import Float, ndarray
from grn_l0.baselines._data import observations, standardised
from grn_l0.benchmark.methods.method import Answer, Method, Task

#: Trees per target; both methods are published with up to 1000 and 5000.
TREES = 50
#: A booster stops when the mean improvement over this many held-out estimates is not positive, as GRNBoost2 does.
PATIENCE = 25


def importances(task: Task, *, make: Callable[[int], Any], options: Callable[[], dict[str, Any]] = dict) -> Answer:
    """Importance of each regulator in a forest that predicts the target from all of them at the same time.

    The target is scaled to unit variance, as GENIE3 does, so that importances compare between targets.
    """
    values, weights = observations(task.series)
    scaled, spread = standardised(values, weights)
    features = np.nan_to_num(scaled).astype(np.float32)
    scores = np.zeros((task.regulators.size, task.series.n_genes))
    reached = 0
    for i in range(task.series.n_genes):
        if task.late:
            break
        reached = i + 1
        rows = np.isfinite(values[:, i])
        columns = np.flatnonzero((task.regulators != i) & (spread[task.regulators] > 0))
        if spread[i] == 0 or not columns.size or rows.sum() < 5:
            continue
        model = make(int(sequence(task.seed, "benchmark/forests", i).generate_state(1)[0]))
        model.fit(features[np.ix_(rows, task.regulators[columns])], scaled[rows, i], **options())
        scores[columns, i] = model.feature_importances_
    whole = reached == task.series.n_genes
    return Answer(scores=scores, note="" if whole else f"stopped at its time limit after {reached} targets")


def _genie3(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(n_estimators=TREES, max_features="sqrt", random_state=seed, n_jobs=1)


class _Patience:
    """Stop when out-of-bag estimates no longer improve on average."""

    def __call__(self, stage: int, model: Any, _: dict[str, Any]) -> bool:
        recent: Float[ndarray, " some"] = model.oob_improvement_[max(0, stage - PATIENCE + 1) : stage + 1]
        return len(recent) == PATIENCE and float(np.mean(recent)) < 0


def _grnboost2(seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    # arboreto's SGBM settings, with fewer trees at most.
    return GradientBoostingRegressor(
        learning_rate=0.01, n_estimators=500, max_features=0.1, subsample=0.9, random_state=seed
    )


METHODS = (
    Method(name="GENIE3", run=partial(importances, make=_genie3), role="slow",
           about=f"Extra trees that predict the target from all regulators at the same time (Huynh-Thu et al. 2010), "
                 f"{TREES} trees where it grows 1000; time is ignored."),
    Method(name="GRNBoost2", run=partial(importances, make=_grnboost2, options=lambda: {"monitor": _Patience()}),
           role="slow",
           about="Gradient boosting of the same (Moerman et al. 2019) with its own settings and early stopping, at "
                 "most 500 trees where it allows 5000."),
)  # fmt: skip
