"""Which options of an inference go together, asked in one place before any work is done."""

from __future__ import annotations

from typing import Any

from grn_l0._checks import check_count
from grn_l0._errors import OptionError, warn
from grn_l0.posterior import check_workers

#: What only a posterior start can use, and why.
_OF_POSTERIOR = {
    "posterior": "settings of the posterior start, such as its chains (--chains), have nothing to set",
    "prior": "a prior enters through the posterior start",
    "decide": "decide needs probabilities from the posterior start",
    "resamples": "resamples are of the posterior start",
    "jobs": "processes share the targets of the posterior start",
    "dask": "a Dask cluster works on the posterior start",
    "checkpoint": "a checkpoint keeps the posterior start",
}


def check_combination(
    *,
    start: str,
    posterior: Any = None,
    prior: Any = None,
    decide: Any = None,
    resamples: int | None = None,
    jobs: int = 1,
    dask: str | None = None,
    checkpoint: Any = None,
    resume: bool = False,
) -> None:
    """Refuse options of `infer` that exclude each other, or that would do nothing.

    Parameters
    ----------
    start, posterior, prior, decide, resamples, jobs, dask, checkpoint, resume
        As of `infer`; of most only counts whether they are given.

    Raises
    ------
    OptionError
        With what to leave out, or to give.
    MissingDependencyError
        If there is no dask.distributed for `dask`.

    Warns
    -----
    GrnWarning
        If there is a cluster, and resamples will go through this process alone.
    """
    if start not in ("posterior", "none"):
        raise OptionError(f"start must be 'posterior' or 'none', not {start!r}")
    check_count("jobs", jobs)
    # Beside a cluster, which has the targets, processes have the resamples.
    beside = dask is not None and resamples is not None
    check_workers(1 if beside else jobs, dask)
    given = {"posterior": posterior, "prior": prior, "decide": decide, "resamples": resamples, "dask": dask}
    given |= {"checkpoint": checkpoint, "jobs": jobs if jobs > 1 else None}
    for name, why in _OF_POSTERIOR.items():
        if start == "none" and given[name] is not None:
            raise OptionError(f"{why}; use start='posterior' (--start posterior), or leave {name} out")
    if resume and checkpoint is None:
        raise OptionError("resume needs the folder to go on from; give checkpoint (--checkpoint DIR), too")
    if beside and jobs == 1:
        warn(
            f"the workers of dask share the targets; the {resamples} resamples are worked on in this process, one "
            "after the other. jobs=4 (--jobs 4) gives them to four processes of this machine"
        )
