"""Samples without a time course: states that have settled, such as those of knock-out strains."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grn_l0._errors import ExpressionError, OptionError, TrajectoryError
from grn_l0._typing import Bool, Float, ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class SteadyStates:
    """M samples in which every gene that is not held equals its production.

    Parameters
    ----------
    names
        Names of the M samples, unique.
    values
        Expression, shape (M, N), NaN where nothing was measured.
    knockouts
        Shape (M, N), optional: True where a gene was knocked out. None: nowhere.
    stimuli
        Shape (M, K), optional: the level of each stimulus under which the sample settled.
    weights
        Shape (M,), optional: how many replicates were averaged into each sample; ones by default.

    Raises
    ------
    ExpressionError, OptionError, TrajectoryError
        For the first thing that is wrong, by name.
    """

    names: tuple[str, ...]
    values: Float[ndarray, "samples genes"]
    knockouts: Bool[ndarray, "samples genes"] | None = None
    stimuli: Float[ndarray, "samples stimuli"] | None = None
    weights: Float[ndarray, " samples"] | None = None

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        m = len(self.names)
        if len(set(self.names)) < m:
            raise TrajectoryError("names of steady-state samples must be unique")
        if values.ndim != 2 or len(values) != m or m == 0:
            raise OptionError(f"steady states have shape {values.shape}; {m} samples need (samples, genes), 1 or more")
        if np.isinf(values).any():
            k = int(np.argmax(np.isinf(values).any(axis=1)))
            raise ExpressionError(f"steady-state sample {self.names[k]!r} holds an infinite value; use NaN for missing")
        knockouts = np.zeros(values.shape, bool) if self.knockouts is None else np.array(self.knockouts, dtype=bool)
        stimuli = np.zeros((m, 0)) if self.stimuli is None else np.array(self.stimuli, dtype=np.float64)
        weights = np.ones(m) if self.weights is None else np.array(self.weights, dtype=np.float64)
        if knockouts.shape != values.shape or stimuli.ndim != 2 or len(stimuli) != m or weights.shape != (m,):
            raise OptionError(
                f"knockouts, stimuli and weights of steady states have shapes {knockouts.shape}, {stimuli.shape} and "
                f"{weights.shape}; they must be {values.shape}, ({m}, stimuli) and ({m},)"
            )
        if not (np.isfinite(stimuli) & (stimuli >= 0)).all() or not (np.isfinite(weights) & (weights > 0)).all():
            raise OptionError("stimuli of steady states must be finite and not negative, weights finite and positive")
        for name, array in (("values", values), ("knockouts", knockouts), ("stimuli", stimuli), ("weights", weights)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def mask(self) -> Bool[ndarray, "samples genes"]:
        """True where a value was measured."""
        return np.asarray(np.isfinite(self.values))

    @property
    def own_equation(self) -> Bool[ndarray, "samples genes"]:
        """False where a gene is knocked out: its own equation does not hold there, its value is still a regressor."""
        return np.asarray(~np.asarray(self.knockouts, dtype=bool))

    def genes_at(self, positions: ndarray) -> SteadyStates:
        """The same samples with these genes."""
        knockouts = np.asarray(self.knockouts)[:, positions]
        return replace(self, values=self.values[:, positions], knockouts=knockouts)
