"""Which edges are reported: named choices, or an expected share of false edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from grn_l0._errors import OptionError
from grn_l0.fit import FamilyName, FitConfig, SparseConfig
from grn_l0.gates import AbstractGate
from grn_l0.posterior import PosteriorConfig, by_transitions
from grn_l0.sparsity import AbstractSparsity
from grn_l0.timeseries import TimeSeries

Decision = Literal["precision", "balanced"] | float

#: A listed edge that the data hardly speak of keeps about the rate of its class; at odds 1 half of those would be lost.
_ODDS_WITH_PRIOR = 2.0

#: For balanced accuracy a missed edge weighs as much as the hundreds of absent ones for every present one. Chosen on
#: our own simulations, see `settings`.
_ODDS_BALANCED = 10.0


def settings(
    decide: Decision | None,
    posterior: PosteriorConfig,
    config: FitConfig | None,
    series: TimeSeries,
    *,
    with_prior: bool,
) -> tuple[PosteriorConfig, FitConfig]:
    """Settings of the posterior and of the fit for a decision.

    The odds of "balanced" were chosen on our own simulations: `simulate.random_system` of 100 genes (1.6 to 1.7 % of
    the pairs are edges), `simulate.short_trajectories` of 60 series at 0, 1, 2, 4 and 8, seeds 0 to 2. Balanced
    accuracy and precision of the fitted network, medians, at odds 1, 4, 10 and 20: with noise .05 .930 (.93), .945
    (.70), .952 (.58), .958 (.44); with noise .1 .813 (.85), .869 (.65), .902 (.49), .918 (.34). Beyond 10 balanced
    accuracy still gains .006 to .016, and two thirds of the edges are false where there is much noise.

    Parameters
    ----------
    decide
        "precision": edges more likely than not, and with few series at most a tenth of them false by decoys.
        "balanced": ten times the odds, for balanced accuracy. A number: the expected share of false edges, for
        which decoys are always computed. None: the test-time gate decides, at twice the odds with a prior.
    posterior, config
        What the user gave.
    series
        The data.
    with_prior
        Whether there is a prior.

    Raises
    ------
    OptionError
        If `decide` is none of these, contradicts `config`, or asks for a share that no null data can confirm.
    """
    if decide is None:
        return posterior, config or FitConfig(odds=_ODDS_WITH_PRIOR if with_prior else 1.0)
    if config is not None:
        raise OptionError(f"decide={decide!r} chooses settings of the fit; leave out config, or decide")
    if decide == "precision":
        return replace(posterior, false_share=0.1), FitConfig(survival=0.5)
    if decide == "balanced":
        return replace(posterior, false_share=0.5), FitConfig(odds=_ODDS_BALANCED)
    if isinstance(decide, str) or not 0 < decide < 1:
        raise OptionError(
            f"decide must be 'precision', 'balanced' or a share of false edges between 0 and 1, not {decide!r}"
        )
    if by_transitions(series):
        raise OptionError(
            f"decide={decide:g} cannot be kept here: in one or few long series that share their courses no null data "
            "confirm a share of false edges; use decide='precision' or 'balanced'"
        )
    return replace(posterior, false_share=float(decide), decoys="always"), FitConfig(survival=0.5)


def chosen(
    options: FitConfig,
    config: FitConfig | None,
    decide: Decision | None,
    sparse: SparseConfig | None,
    family: FamilyName | None,
    device: str | None = None,
) -> FitConfig:
    """The settings of the fit with the gates, the production and the device that were asked for by themselves.

    Raises
    ------
    OptionError
        If one thing is said in two places, or a family is unknown.
    """
    if config is not None and (sparse is not None or family is not None):
        raise OptionError("config has fields for gates and production, too (sparse, families); give them in one place")
    if config is not None and device is not None:
        raise OptionError(f"config says where to train, too (device={config.device!r}); leave out device={device!r}")
    if decide is not None and sparse is not None and sparse.decides:
        raise OptionError(
            f"decide ({decide!r}) and a density or price of your own (density, criterion, penalty, sparsity none) both "
            "say which edges are reported; leave one of them out"
        )
    if family is not None and family not in get_args(FamilyName):
        raise OptionError(f"dynamics must be {', '.join(get_args(FamilyName))} or an object, not {family!r}")
    if sparse is not None and not isinstance(sparse, SparseConfig):
        raise OptionError(f"sparse must be a grn_l0.fit.SparseConfig, not {sparse!r}")
    if sparse is not None:
        options = replace(options, sparse=sparse, odds=1.0 if sparse.decides else options.odds)
    options = options if device is None else replace(options, device=device)
    return options if family is None else replace(options, families=family)


def check_objects(gate: object, sparsity: object) -> None:
    """Refuse words where objects are expected.

    Raises
    ------
    OptionError
        With where words go.
    """
    for name, given, kind in (("gate", gate, AbstractGate), ("sparsity", sparsity, AbstractSparsity)):
        if given is not None and not isinstance(given, kind):
            raise OptionError(
                f"{name} must be an object of grn_l0, not {given!r}; words go into sparse=SparseConfig({name}=...)"
            )
