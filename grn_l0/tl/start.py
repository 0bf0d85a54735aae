"""The posterior start, from positions and prior edges; kept as a file where that is asked for."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grn_l0 import posterior
from grn_l0._atomic import check_output
from grn_l0._errors import FileFormatError, OutputError, warn
from grn_l0._typing import Float, Int, PathLikeStr, Progress, ndarray
from grn_l0.fit.start_file import canonical, data_checksum, load_start, read_about, save_start
from grn_l0.fit.trajectories import ode_trajectories
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries
from grn_l0.tl.threads import limited

#: Name of the checkpoint in its folder.
CHECKPOINT = "start.safetensors"

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
        written otherwise.

    Warns
    -----
    GrnWarning
        If there is a checkpoint that does not belong here: it is computed anew and written over.
    """
    about = {} if checkpoint is None else _about(series, regulators, priors, config, seed)
    if checkpoint is not None:
        found = _take(checkpoint, about)
        if found is not None:
            if progress is not None:
                progress("posterior", 1, 1, {})
            return found

    def follow(begin: Start, designs: list[posterior.Design]) -> list[Float[ndarray, "series grid genes"]]:
        # Sums of torch depend on its threads, which are no part of what a start, or its checkpoint, depends on.
        with limited(1):
            return ode_trajectories(series, regulators, begin, designs, seed=seed)

    start = posterior.infer_start(
        series, regulators, prior=priors, config=config, seed=seed, progress=progress, follow=follow
    )
    start = canonical(start)
    if checkpoint is not None:
        save_start(checkpoint, start, about)
    return start


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


def _about(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    priors: tuple[posterior.Prior, ...],
    config: posterior.PosteriorConfig,
    seed: int,
) -> dict[str, Any]:
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
        other = [word for name, word in _WORDS.items() if there.get(name) != about[name]]
        if not other:
            return load_start(path)
        why = f"it belongs to {' and '.join(other)}"
    except FileFormatError as error:
        why = str(error)
    warn(f"the checkpoint {os.fspath(path)!r} is not used, and will be written over: {why}")
    return None
