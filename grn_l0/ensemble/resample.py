"""Networks of many resamples of the data, by any method."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from grn_l0._atomic import check_output
from grn_l0._checks import check_count
from grn_l0._errors import OptionError, WorkerError
from grn_l0._parallel import on_processes
from grn_l0._random import check_seed, sequence
from grn_l0._typing import PathLikeStr, Progress
from grn_l0.ensemble.result import Ensemble
from grn_l0.ensemble.store import save_tally, take_tally
from grn_l0.ensemble.subsets import Scheme, Subsets
from grn_l0.ensemble.tally import Tally
from grn_l0.network import Network
from grn_l0.timeseries import TimeSeries

#: Seconds between two writings of a checkpoint.
EVERY = 10.0


def resample(
    method: Callable[..., Network],
    series: TimeSeries,
    *,
    resamples: int = 50,
    seed: int = 0,
    scheme: Scheme = "auto",
    groups: Sequence[str] | None = None,
    seeded: bool = False,
    jobs: int = 1,
    checkpoint: PathLikeStr | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """How often a method selects each edge when the data are resampled.

    Parameters
    ----------
    method
        Called with the time series of each resample; returns a network, always over the same candidates. What has a
        weight counts as selected. For methods that only rank, see `Top`.
    series
        S trajectories of N genes, and perhaps steady-state samples, which are resampled alike.
    resamples
        Number of resamples; even where they are complementary halves.
    seed
        Of all draws. The same seed gives the same resamples, and so the same result, whatever `jobs`.
    scheme, groups
        What a resample is: see `Subsets`. By default complementary halves of ten or more trajectories (or groups of
        them, such as donors; six, if they are long), and of blocks of consecutive times where there are fewer.
    seeded
        Whether `method` takes a second argument, an integer seed, which differs between resamples.
    jobs
        Processes. 1: this one. In further processes numerical libraries have one thread each; where a method's sums
        depend on the number of threads, give this process one as well, for the same bits.
    checkpoint
        File (``.safetensors``) that keeps the sums, every few seconds: a later call goes on from it with the same
        result, bit for bit, or with more resamples.
    about
        What else the method depends on, as JSON holds it: a checkpoint of other things is not used.
    progress
        Called as ``progress("resamples", done, resamples, {})``.

    Raises
    ------
    OptionError
        For options out of range, data that cannot be resampled so, or a method whose candidates change.
    OutputError
        If the checkpoint cannot be written to.
    WorkerError
        If one of several processes died.

    Warns
    -----
    GrnWarning
        If the checkpoint is of no use here.

    Examples
    --------
    >>> from grn_l0 import baselines, ensemble
    >>> found = ensemble.resample(ensemble.Top(score=baselines.lasso, edges=100), series)  # doctest: +SKIP
    >>> found.stable(false_edges=2).edges()  # doctest: +SKIP
    """
    seed = check_seed(seed)
    subsets = Subsets(series=series, scheme=scheme, seed=seed, groups=groups)
    check_resamples(resamples, jobs)
    if subsets.paired and resamples % 2:
        raise OptionError(f"resamples come in pairs of complementary halves: an even number, not {resamples}")
    whole = {"seed": seed, "scheme": subsets.scheme, "groups": None if groups is None else list(groups)}
    path = None if checkpoint is None else check_output(Path(checkpoint))
    about = {**whole, **(about or {})}
    tally = None if path is None else take_tally(path, about, resamples)
    kept = done = 0 if tally is None else tally.done
    if progress is not None and done:
        progress("resamples", done, resamples, {})
    last = time.monotonic()
    try:
        for network in _networks(method, subsets, range(done, resamples), seeded, jobs):
            tally = Tally.like(network) if tally is None else tally
            tally.add(network)
            if path is not None and time.monotonic() - last >= EVERY:
                save_tally(path, tally, about)
                kept, last = tally.done, time.monotonic()
            if progress is not None:
                progress("resamples", tally.done, resamples, {"density": network.density})
    finally:
        # Also after Ctrl-C.
        if path is not None and tally is not None and tally.done > kept:
            save_tally(path, tally, about)
    if tally is None:
        raise OptionError(f"resamples must be 2 or more, not {resamples!r}")
    return Ensemble.of(tally, subsets.scheme)


def check_resamples(resamples: int, jobs: int) -> None:
    """Refuse numbers of resamples and processes that are none.

    Raises
    ------
    OptionError
        If `resamples` is no integer of 2 or more, or `jobs` none of 1 or more.
    """
    check_count("resamples", resamples, 2)
    check_count("jobs", jobs)


def _networks(
    method: Callable[..., Network], subsets: Subsets, numbers: range, seeded: bool, jobs: int
) -> Iterator[Network]:
    """The network of each resample, in the order of their numbers."""
    if jobs == 1:
        for number in numbers:
            yield _one(method, subsets, number, seeded)
        return
    try:
        yield from on_processes(_one, ((method, subsets, number, seeded) for number in numbers), jobs, order=True)
    except BrokenProcessPool as error:
        raise WorkerError(
            f"a process died during the resamples ({error}); most often memory is short: take fewer than {jobs} jobs"
        ) from error


def _one(method: Callable[..., Network], subsets: Subsets, number: int, seeded: bool) -> Network:
    try:
        part = subsets.take(number)
        if not seeded:
            return method(part)
        return method(part, int(sequence(subsets.seed, "ensemble/method", number).generate_state(1)[0]))
    except Exception as error:
        error.add_note(f"in resample {number} (by {subsets.scheme})")
        raise
