"""Solvers: initial states and times in, trajectories out."""

from grn_l0.solve.abstract import AbstractSolver
from grn_l0.solve.exponential import AbstractExponential, ExponentialEuler, ExponentialHeun
from grn_l0.solve.torchdiffeq import TorchDiffEq

#: By the name under which a saved model remembers its solver.
SOLVERS: dict[str, type[AbstractSolver]] = {s.__name__: s for s in (ExponentialEuler, ExponentialHeun, TorchDiffEq)}

__all__ = ["SOLVERS", "AbstractExponential", "AbstractSolver", "ExponentialEuler", "ExponentialHeun", "TorchDiffEq"]
