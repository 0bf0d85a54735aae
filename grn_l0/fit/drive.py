"""What acts on genes from outside: trained as effects times levels, and known again when other series are forecast."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from grn_l0._errors import GrnWarning
from grn_l0._typing import Array, Bool, Float
from grn_l0.posterior.start import Inputs
from grn_l0.timeseries import TimeSeries


class Drive(nn.Module):
    r"""Production from outside, level times effect, with a Gaussian prior on the effects.

    .. math:: u_i(t) = \sum_k s_k(t) e_{ki}, \quad e_{ki} = \hat e_{ki} + \tau_{ki} \theta_{ki}

    Where :math:`\hat e` is the posterior's mean, from which training starts, and :math:`\tau` the prior width. What is
    trained is theta: an effect that hardly any gene has (small tau) moves little, and none where tau is 0.

    Parameters
    ----------
    inputs
        In expression units.
    sd
        Unit of each gene's expression, shape (N,).
    """

    mean: Tensor
    width: Tensor

    def __init__(self, inputs: Inputs, sd: Float[Array, " genes"], dtype: torch.dtype) -> None:
        super().__init__()
        for name, array in (("mean", inputs.effect / sd), ("width", inputs.width / sd)):
            self.register_buffer(name, torch.from_numpy(np.array(array, dtype=np.float64)).to(dtype))
        self.moved = nn.Parameter(torch.zeros_like(self.mean))

    @property
    def effect(self) -> Float[Tensor, "inputs genes"]:
        """Production per unit of level."""
        return self.mean + self.width * self.moved

    def forward(self, level: Float[Tensor, "pieces intervals inputs"]) -> Float[Tensor, "pieces intervals genes"]:
        """What is added to production."""
        return level @ self.effect

    def penalty(self) -> Float[Tensor, ""]:
        r"""Negative log prior, :math:`\tfrac12 \sum e^2 / \tau^2`, without its constant."""
        acts = self.width > 0
        standard = torch.where(acts, self.mean / torch.where(acts, self.width, 1.0), 0.0) + self.moved
        return 0.5 * standard.square().sum()

    def learned(self, inputs: Inputs, sd: Float[Array, " genes"]) -> Inputs:
        """The same inputs with the effects as they are now, in expression units."""
        return replace(inputs, effect=self.effect.detach().double().cpu().numpy() * sd)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outside:
    """What acts on series from outside.

    Attributes
    ----------
    drive
        Added to production from each time until the next, shape (S, T, N), expression units; None for nothing.
    held
        Genes that are knocked out, shape (S, N); None for none.
    """

    drive: Float[Array, "series times genes"] | None = None
    held: Bool[Array, "series genes"] | None = None

    def after(self, k: int) -> tuple[Float[Array, "series genes"] | None, Bool[Array, "series genes"] | None]:
        """What acts from time k to the next."""
        return None if self.drive is None else self.drive[:, k], self.held

    def of(
        self, s: int, n: int | None = None
    ) -> tuple[Float[Array, "times genes"] | None, Bool[Array, "#times genes"] | None]:
        """What acts on one series, from each of its first n times until the next."""
        held = None if self.held is None else self.held[s : s + 1]
        return None if self.drive is None else self.drive[s, :n], held

    def rate(self, rate: Float[Array, " genes"]) -> Float[Array, "#series genes"]:
        """Rates of the genes, 0 where one is held."""
        return rate if self.held is None else rate * ~self.held


def in_training(series: TimeSeries, inputs: Inputs | None) -> Outside:
    """What acted on the training series: all inputs, those that were found too."""
    if inputs is None:
        return Outside(held=series.knockouts)
    drive = np.zeros(series.values.shape)
    drive[:, :-1] = inputs.level @ inputs.effect
    return Outside(drive=drive, held=series.knockouts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stimuli:
    """Effects of the stimuli that have a name.

    Attributes
    ----------
    names
        Names of the K stimuli.
    effect
        Production added per unit of level, shape (K, N), expression units; beside the network's edges.
    expected
        The same beside all candidate edges by their probability: the posterior mean.
    """

    names: tuple[str, ...]
    effect: Float[Array, "stimuli genes"]
    expected: Float[Array, "stimuli genes"]

    @classmethod
    def of(cls, learned: Inputs | None, posterior: Inputs | None) -> Stimuli | None:
        """The named ones among all inputs; None if there are none."""
        if learned is None or posterior is None or not learned.names:
            return None
        n = len(learned.names)
        return cls(names=learned.names, effect=learned.effect[:n], expected=posterior.effect[:n])

    def drive(self, series: TimeSeries) -> Float[Array, "series times genes"]:
        """What is added to production after each time of `series`.

        Warns
        -----
        GrnWarning
            If the series lack a stimulus; it is then off (level 0).
        """
        missing = [name for name in self.names if name not in series.stimulus_names]
        if missing:
            warnings.warn(
                f"the series to forecast have no stimulus {missing[0]!r}, of which the fit knows the effect: it is "
                "taken as off (level 0); give its levels as in training",
                GrnWarning,
                stacklevel=5,
            )
        level = np.zeros((*series.times.shape, len(self.names)))
        for k, name in enumerate(self.names):
            if series.stimuli is not None and name in series.stimulus_names:
                level[:, :, k] = series.stimuli[:, :, series.stimulus_names.index(name)]
        drive: Float[Array, "series times genes"] = level @ self.effect
        return drive
