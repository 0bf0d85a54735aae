"""What resamples add up to."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.network import Network


@dataclass(kw_only=True, eq=False)
class Tally:
    """Sums over the networks that were added, in their order; 24 bytes per candidate edge.

    Attributes
    ----------
    regulators, targets
        Names.
    candidates
        Shape (R, N), True for pairs that could be edges.
    done
        Number of networks.
    selected, positive
        Shape (R, N): how many have the edge, and how many with a positive weight.
    strength
        Shape (R, N): sum of the absolute weights.
    score
        Shape (R, N): sum of the scores.
    """

    regulators: tuple[str, ...]
    targets: tuple[str, ...]
    candidates: Bool[ndarray, "regulators targets"]
    done: int
    selected: Int[ndarray, "regulators targets"]
    positive: Int[ndarray, "regulators targets"]
    strength: Float[ndarray, "regulators targets"]
    score: Float[ndarray, "regulators targets"]

    @classmethod
    def like(cls, network: Network) -> Tally:
        """An empty one for networks with these candidates."""
        shape = network.candidates.shape
        return cls(
            regulators=network.regulators,
            targets=network.targets,
            candidates=network.candidates,
            done=0,
            selected=np.zeros(shape, dtype=np.int32),
            positive=np.zeros(shape, dtype=np.int32),
            strength=np.zeros(shape),
            score=np.zeros(shape),
        )

    def add(self, network: Network) -> None:
        """Count one more network.

        Raises
        ------
        OptionError
            If it has other regulators, targets or candidates than those before.
        """
        for name in ("regulators", "targets"):
            own, other = getattr(self, name), getattr(network, name)
            if own != other:
                raise OptionError(
                    f"the method's networks of two resamples have other {name}: {len(own)} and then {len(other)}; they "
                    "must be the same, in the same order, whatever the data"
                )
        if not np.array_equal(self.candidates, network.candidates):
            raise OptionError(
                "the method's networks of two resamples have other candidate edges; they must be the same"
            )
        self.done += 1
        self.selected += network.selected
        self.positive += network.weights > 0
        self.strength += np.abs(network.weights)
        self.score += network.scores

    def arrays(self) -> dict[str, ndarray]:
        """The matrices by name."""
        return {f.name: value for f in fields(self) if isinstance(value := getattr(self, f.name), np.ndarray)}
