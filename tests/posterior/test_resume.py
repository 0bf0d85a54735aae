"""Rounds that were stopped go on from what a journal has kept, and end with the same bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0 import GrnWarning, _journal, simulate
from grn_l0._journal import Journal
from grn_l0.posterior import PosteriorConfig, Prior, Start, infer_start
from grn_l0.posterior.resume import CLASSES
from grn_l0.timeseries import TimeSeries

SHORT = PosteriorConfig(rounds=(6, 6, 9), averaged=2, more=2, zoom=1, second_look=9)


class Stopped(Exception):
    """In place of a signal."""


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_journal, "EVERY", 0.0)
    monkeypatch.setattr(_journal, "PATIENCE", 0.0)


def journal(folder: Path, seed: int = 0) -> Journal:
    return Journal(folder, {"seed": seed}, words={"seed": "another seed"}, classes=CLASSES)


def same(a: object, b: object) -> bool:
    """To the last bit, and in memory."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.strides == b.strides and a.tobytes() == b.tobytes()
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def many() -> TimeSeries:
    return systems.trajectories(40, seed=3, noise=0.1)


def gaps() -> TimeSeries:
    series = systems.trajectories(8, seed=4, noise=0.05)
    values = series.values.copy()
    values[1, 2, 3], values[4, :, 5], values[6, 0, :2] = np.nan, np.nan, np.nan
    return replace(series, values=values)


def knocked_out() -> TimeSeries:
    series = systems.trajectories(12, seed=5)
    held = np.zeros((12, systems.N), dtype=bool)
    held[3, 0] = held[7, 4] = True
    return replace(series, knockouts=held)


def stimulated() -> TimeSeries:
    return simulate.stimulated(simulate.insilico_system(8, 1), n=5, times=21, until=0.5, noise=0.05, seed=1)


def two_long() -> TimeSeries:
    times = np.linspace(0.0, 12.0, 25)
    return systems.trajectories(2, seed=6, noise=0.05, times=[times, times])


def smooth() -> TimeSeries:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 200)) + 0.2 * rng.normal(size=(30, 200))
    return systems.pack([values], [np.arange(30.0)])


def listed(series: TimeSeries) -> Prior:
    return Prior(listed=systems.TRUTH, name="known")


def along(start: Start, designs: list) -> list[np.ndarray]:
    """Courses that lean on the start, in another layout."""
    return [np.asfortranarray(np.tile(start.initial[d.series][:, None], (1, len(d.grid), 1))) for d in designs]


CASES: dict[str, tuple[Callable[[], TimeSeries], PosteriorConfig, Callable[[TimeSeries], Prior] | None]] = {
    "many short series": (many, replace(SHORT, decoys="few", false_share=None), None),
    "a prior": (many, SHORT, listed),
    "gaps and decoys": (gaps, SHORT, None),
    "knock-outs": (knocked_out, SHORT, None),
    "a stimulus, and a choice of variants": (stimulated, replace(SHORT, false_share=None), None),
    "three runs": (two_long, replace(SHORT, false_share=None), None),
    "step by step": (smooth, SHORT, None),
}


@pytest.mark.parametrize("case", CASES)
def test_stopped_again_and_again(case: str, tmp_path: Path) -> None:
    make, config, prior = CASES[case]
    series = make()
    rows, given = np.arange(series.n_genes), None if prior is None else prior(series)

    def infer(kept: Journal | None, progress: object = None) -> Start:
        return infer_start(
            series, rows, prior=given, config=config, seed=2, progress=progress, follow=along, journal=kept
        )

    whole = infer(None)
    stopped: set[tuple[int, int]] = set()
    resumed: list[int] = []
    found = None
    while found is None:
        seen: list[int] = []

        def stop(stage: str, done: int, total: int, figures: dict[str, float], seen: list[int] = seen) -> None:
            seen.append(done)
            if "resumed" in figures:
                resumed.append(done)
                return
            # Which of several runs, and how far it is: everywhere once.
            step = (sum(b <= a for a, b in pairwise(seen)), done)
            if step not in stopped:
                stopped.add(step)
                raise Stopped

        try:
            found = infer(journal(tmp_path), stop)
        except Stopped:
            assert len(stopped) < 50
    assert len(stopped) >= 3 and max(resumed) >= 3
    assert same(found, whole)


def test_other_and_damaged_states_are_not_used(tmp_path: Path) -> None:
    series, rows = many(), np.arange(systems.N)
    config = replace(SHORT, false_share=None)
    whole = infer_start(series, rows, config=config)
    infer_start(series, rows, config=config, journal=journal(tmp_path, seed=1))
    (path,) = tmp_path.iterdir()
    with pytest.warns(GrnWarning, match="is not used.*another seed"):
        assert same(infer_start(series, rows, config=config, journal=journal(tmp_path)), whole)
    content = bytearray(path.read_bytes())
    for damaged in (
        b"",
        b"\x00" * 64,
        content[: len(content) // 2],
        content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    ):
        path.write_bytes(damaged)
        with pytest.warns(GrnWarning, match="checkpoint"):
            assert same(infer_start(series, rows, config=config, journal=journal(tmp_path)), whole)


def test_a_state_of_other_genes_is_not_used(tmp_path: Path) -> None:
    config = replace(SHORT, false_share=None)
    infer_start(many(), np.arange(systems.N), config=config, journal=journal(tmp_path))
    small = systems.pack(list(many().values[:, :, 3:9]), list(many().times))
    with pytest.warns(GrnWarning, match="damaged"):
        found = infer_start(small, np.arange(6), config=config, journal=journal(tmp_path))
    assert same(found, infer_start(small, np.arange(6), config=config))
