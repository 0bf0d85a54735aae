"""The posterior start, from positions and prior edges; kept as a file where that is asked for."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grn_l0 import posterior
from grn_l0._atomic import check_output
from grn_l0._errors import FileFormatError, OptionError, OutputError, warn
from grn_l0._journal import Journal, checksum, difference, files
from grn_l0._typing import Float, Int, PathLikeStr, Progress, ndarray
from grn_l0.fit.start_file import canonical, data_checksum, load_start, read_about, save_start
from grn_l0.fit.trajectories import ode_trajectories
from grn_l0.posterior.resume import CLASSES, KEYS
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries
from grn_l0.tl.threads import limited

#: Names of files in the folder of a checkpoint: the start, and sums over resamples.
CHECKPOINT, RESAMPLES = "start.safetensors", "resamples.safetensors"

#: What a run that was killed while it wrote a start has left of it.
_TEMPORARY = ".start.*.safetensors"

#: What each entry of a checkpoint's `about` is called in a sentence.
_WORDS = {
    "data": "other data or regulators",
    "priors": "other prior edges or trust in them",
    "options": "other options of the posterior",
    "seed": "another seed",
    "version": "another version of grn_l0",
}


def make_start(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    priors: tuple[posterior.Prior, ...],
    config: posterior.PosteriorConfig,
    seed: int,
    progress: Progress | None,
    checkpoint: Path | None = None,
    jobs: int = 1,
    dask: str | None = None,
    *,
    resume: bool = False,
) -> Start:
    """Gates, weights and nuisance parameters from which the gated ODE starts.

    Parameters
    ----------
    series
        The data.
    regulators
        Positions of the R candidate regulators.
    priors
        Edges believed beforehand.
    config
        Settings of the chain.
    seed
        Of every random draw.
    progress
        Called as rounds go by.
    checkpoint
        The file from which the start is taken where it belongs to these data, options and seed, and to which it is
        written otherwise. Rounds of the posterior are kept beside it until then.
    jobs, dask
        Where it is computed, see `posterior.open_workers`; needed only where there is no checkpoint to take it from.
    resume
        Refuse to begin anew.

    Raises
    ------
    OptionError
        If there is nothing to `resume`.

    Warns
    -----
    GrnWarning
        If there is a checkpoint that does not belong here: it is computed anew and written over.
    """
    about = {} if checkpoint is None else about_start(series, regulators, priors, config, seed)
    journal = Journal()
    if checkpoint is not None:
        if resume:
            _check_resumable(checkpoint, about)
        journal = Journal(checkpoint.parent, about, words=_WORDS, classes=CLASSES)
        journal.clean(_TEMPORARY)
        found = _take(checkpoint, about)
        if found is not None:
            if progress is not None:
                progress("posterior", 1, 1, {})
            return found

    def follow(begin: Start, designs: list[posterior.Design]) -> list[Float[ndarray, "series grid genes"]]:
        # Sums of torch depend on its threads, which are no part of what a start, or its checkpoint, depends on.
        with limited(1):
            return ode_trajectories(series, regulators, begin, designs, seed=seed)

    with posterior.open_workers(jobs, dask) as workers:
        start = posterior.infer_start(
            series,
            regulators,
            prior=priors,
            config=config,
            seed=seed,
            progress=progress,
            follow=follow,
            workers=workers,
            journal=journal,
        )
    start = canonical(start)
    if checkpoint is not None:
        save_start(checkpoint, start, about)
        # Rounds are of no use once there is a start.
        for key in KEYS:
            journal.forget(key)
    return start


def checkpoints(folder: Path) -> list[Path]:
    """Everything in the folder that a run can go on from."""
    there = [folder / CHECKPOINT, folder / RESAMPLES, *(path for path, _ in files(folder))]
    return [path for path in there if path.is_file()]


def _check_resumable(checkpoint: Path, about: dict[str, Any]) -> None:
    """Refuse a folder without a start, or rounds, of this run."""
    there: list[tuple[Path, dict[str, Any] | None]] = [f for key in KEYS for f in files(checkpoint.parent, key)]
    if checkpoint.exists():
        try:
            there.append((checkpoint, read_about(checkpoint)))
        except FileFormatError:
            there.append((checkpoint, None))
    here = json.loads(json.dumps(about))
    reasons = [
        f"{path.name} cannot be read" if found is None else f"{path.name} belongs to {difference(found, here, _WORDS)}"
        for path, found in there
        if found != here
    ]
    if len(reasons) == len(there):
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise OptionError(
            f"there is nothing to resume in {os.fspath(checkpoint.parent)!r}{why}; leave out resume to begin anew"
        )


def training_journal(
    checkpoint: Path | None,
    begin: Start | None,
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    objects: tuple[object, ...],
    settings: dict[str, Any],
) -> Journal:
    """Keeps the training that follows the start `begin`, and depends on `settings` besides.

    Where the caller has given `objects` it keeps nothing: their settings are not known here.
    """
    if checkpoint is None or begin is None or not all(isinstance(given, str | None) for given in objects):
        return Journal()
    import torch

    from grn_l0 import __version__

    # Sums of torch depend on its threads, which are more than one in large systems only.
    settings = {**settings, "threads": torch.get_num_threads()}
    made = {"data": data_checksum(series, regulators), "start": checksum(begin), "version": __version__}
    return Journal(checkpoint.parent, {**settings, **made})


def checkpoint_file(folder: PathLikeStr | None) -> Path | None:
    """The checkpoint in `folder`, which is made where its parent exists.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or is a file.
    """
    if folder is None:
        return None
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise OutputError(f"checkpoint {os.fspath(place)!r} is a file; name a folder")
    try:
        place.mkdir(exist_ok=True)
    except FileNotFoundError:
        raise OutputError(
            f"checkpoint {os.fspath(place)!r}: the folder {os.fspath(place.parent)!r} does not exist; make it first"
        ) from None
    except OSError as error:
        raise OutputError(f"the folder {os.fspath(place)!r} cannot be made: {error.strerror}") from None
    check_output(place / CHECKPOINT)
    return place / CHECKPOINT


def about_start(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    priors: tuple[posterior.Prior, ...],
    config: posterior.PosteriorConfig,
    seed: int,
) -> dict[str, Any]:
    """What a start depends on, in a form that JSON holds."""
    from grn_l0 import __version__

    # The result does not depend on the number of threads. Lists, as JSON gives them back.
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items() if k != "threads"}
    return {
        "data": data_checksum(series, regulators),
        "priors": [[p.name, p.trust, data_checksum(series, regulators, p.listed)] for p in priors],
        "options": options,
        "seed": seed,
        "version": __version__,
    }


def _take(path: Path, about: dict[str, Any]) -> Start | None:
    """The start in this file if it was computed from the same things; None, with a reason, otherwise."""
    if not path.exists():
        return None
    try:
        there = read_about(path)
        other = difference(there, about, _WORDS)
        if not other:
            return load_start(path)
        why = f"it belongs to {other}"
    except FileFormatError as error:
        why = str(error)
    warn(f"the checkpoint {os.fspath(path)!r} is not used, and will be written over: {why}")
    return None
