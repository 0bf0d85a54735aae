from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import _errors as e
from grn_l0.fit.start_file import data_checksum
from grn_l0.timeseries import SteadyStates, TimeSeries

NAN = np.nan


def make(**changes) -> TimeSeries:
    values = np.arange(12.0).reshape(2, 3, 2)
    values[1, 2] = NAN
    given = {
        "genes": ("a", "b"),
        "trajectories": ("s", "t"),
        "values": values,
        "times": np.array([[0.0, 1, 2], [0, 3, NAN]]),
    }
    return TimeSeries(**{**given, **changes})


def test_shapes_mask_and_weights() -> None:
    ts = make()
    assert (ts.n_series, ts.n_genes, ts.lengths.tolist()) == (2, 2, [3, 2])
    assert ts.mask.sum() == 10
    assert ts.weights.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert make(weights=np.full((2, 3), 7.0)).weights.tolist() == [[7, 7, 7], [7, 7, 0]]


def test_arrays_are_copied_and_cannot_be_changed() -> None:
    times = np.array([[0.0, 1, 2], [0, 3, NAN]])
    ts = make(times=times)
    times[0, 0] = -9
    assert ts.times[0, 0] == 0
    for array in (ts.values, ts.times, ts.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_lists_and_integers_are_taken() -> None:
    ts = TimeSeries(genes=("a",), trajectories=("s",), values=[[[1], [2]]], times=[[0, 1]])
    assert ts.values.dtype == ts.times.dtype == np.float64


@pytest.mark.parametrize("series", [[1], np.array([1]), np.array([False, True])])
def test_select(series) -> None:
    part = make().select(series)
    assert part.trajectories == ("t",) and part.values.shape == (1, 2, 2) and part.weights.tolist() == [[1, 1]]


def test_select_nothing() -> None:
    with pytest.raises(e.OptionError, match="no trajectory"):
        make().select([])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"values": np.zeros((2, 3))}, e.OptionError, "must be .series, times, genes."),
        ({"values": np.zeros((2, 2, 2))}, e.OptionError, "shape"),
        ({"genes": ("a",)}, e.OptionError, "1 genes"),
        ({"genes": ("a", "a")}, e.GeneNameError, "'a'"),
        ({"trajectories": ("s", "s")}, e.TrajectoryError, "unique"),
        ({"times": np.array([[0, NAN, 2], [0, 3, NAN]])}, e.TimeError, "'s'"),
        ({"times": np.array([[0, 1, np.inf], [0, 3, NAN]])}, e.TimeError, "'s'"),
        ({"times": np.array([[0.0, 1, 2], [0, NAN, NAN]])}, e.TrajectoryError, "'t' has 1 time point"),
        ({"times": np.array([[0.0, 1, 1], [0, 3, NAN]])}, e.TrajectoryError, "'s': time 1 follows 1.*Replicates"),
        ({"times": np.array([[0.0, 2, 1], [0, 3, NAN]])}, e.TrajectoryError, "time 1 follows 2"),
        ({"values": np.full((2, 3, 2), NAN)}, e.ExpressionError, "no expression value"),
        ({"values": np.full((2, 3, 2), np.inf)}, e.ExpressionError, "'a' is infinite in trajectory 's' at time 0"),
        ({"values": np.zeros((2, 3, 2))}, e.TimeError, "padding"),
        ({"weights": np.zeros((2, 3))}, e.OptionError, "positive"),
        ({"weights": np.full((2, 3), np.inf)}, e.OptionError, "finite"),
        ({"weights": np.ones((2, 2))}, e.OptionError, "shape"),
    ],
)
def test_what_is_refused(changes, error, words: str) -> None:
    with pytest.raises(error, match=words):
        make(**changes)


# --- conditions: stimuli, knock-outs, steady states ---------------------------------------------------------------


def settled(**changes) -> SteadyStates:
    return SteadyStates(**{"names": ("x", "y"), "values": np.array([[1.0, NAN], [2, 3]]), **changes})


def test_conditions_are_kept_and_selected() -> None:
    levels = np.array([[[0.0], [1], [2]], [[3], [0], [NAN]]])
    held = np.array([[False, True], [False, False]])
    ts = make(stimuli=levels, stimulus_names=("drug",), knockouts=held, steady=settled(stimuli=np.array([[0.0], [1]])))
    assert ts.stimuli[1, 2, 0] == 0  # in the padding
    assert ts.own_equation.tolist() == [[True, False], [True, True]]
    part = ts.select([1])
    assert part.stimuli[0, :, 0].tolist() == [3, 0] and part.knockouts is None and len(part.steady) == 2
    assert part.n_stimuli == 1 and make().n_stimuli == 0
    with pytest.raises(ValueError, match="read-only"):
        ts.stimuli[0, 0] = 1


def test_steady_states() -> None:
    steady = settled(knockouts=np.array([[True, False], [False, False]]))
    assert steady.mask.tolist() == [[True, False], [True, True]]
    assert steady.own_equation.tolist() == [[False, True], [True, True]]
    assert steady.weights.tolist() == [1, 1] and steady.stimuli.shape == (2, 0)
    turned = steady.genes_at(np.array([1, 0]))
    assert turned.values[1].tolist() == [3, 2] and turned.own_equation[0].tolist() == [True, False]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"stimuli": np.ones((2, 3, 1))}, e.OptionError, "0 names"),
        ({"stimuli": np.ones((2, 2, 1)), "stimulus_names": ("x",)}, e.OptionError, r"shape \(2, 3, 1\)"),
        ({"stimuli": -np.ones((2, 3, 1)), "stimulus_names": ("x",)}, e.StimulusError, "'x' is -1 in 5 of 5"),
        ({"stimuli": np.full((2, 3, 1), NAN), "stimulus_names": ("x",)}, e.StimulusError, "'x' is missing"),
        ({"stimuli": np.ones((2, 3, 2)), "stimulus_names": ("x", "x")}, e.OptionError, "one name"),
        ({"knockouts": np.ones((2, 3), bool)}, e.OptionError, r"shape \(2, 2\)"),
        (
            {"steady": settled(stimuli=np.ones((2, 1)))},
            e.OptionError,
            "2 genes and 1 stimuli, the trajectories 2 and 0",
        ),
    ],
)
def test_bad_conditions(changes, error, words) -> None:
    with pytest.raises(error, match=words):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"names": ("x", "x")}, e.TrajectoryError, "unique"),
        ({"values": np.ones(2)}, e.OptionError, "samples, genes"),
        ({"values": np.array([[1.0, np.inf], [2, 3]])}, e.ExpressionError, "'x'"),
        ({"knockouts": np.ones((2, 3), bool)}, e.OptionError, r"\(2, 2\)"),
        ({"stimuli": -np.ones((2, 1))}, e.OptionError, "negative"),
        ({"weights": np.zeros(2)}, e.OptionError, "positive"),
    ],
)
def test_bad_steady_states(changes, error, words) -> None:
    with pytest.raises(error, match=words):
        settled(**changes)


def test_a_checksum_covers_every_condition() -> None:
    held, levels = np.eye(2, dtype=bool), np.ones((2, 3, 1))
    variants = [
        make(),
        make(knockouts=held),
        make(stimuli=levels, stimulus_names=("x",)),
        make(stimuli=levels, stimulus_names=("y",)),
        make(steady=settled()),
        make(steady=settled(knockouts=held)),
    ]
    assert len({data_checksum(ts, np.arange(2)) for ts in variants}) == len(variants)
