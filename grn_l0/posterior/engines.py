"""Workers by the options of a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from grn_l0._checks import check_count
from grn_l0._errors import OptionError
from grn_l0.posterior.cluster import Cluster, import_distributed
from grn_l0.posterior.processes import Processes
from grn_l0.posterior.workers import InProcess, Workers


def check_workers(jobs: int = 1, dask: str | None = None) -> None:
    """Refuse what cannot be had, before any work is done.

    Raises
    ------
    OptionError
        If `jobs` is no integer of 1 or more, or both are given.
    MissingDependencyError
        If there is no dask.distributed for `dask`.
    """
    check_count("jobs", jobs)
    if dask is None:
        return
    if jobs > 1:
        raise OptionError(
            f"jobs ({jobs}) are processes of this machine, dask ({dask!r}) is a cluster; leave one of them out"
        )
    import_distributed()


@contextmanager
def open_workers(jobs: int = 1, dask: str | None = None) -> Iterator[Workers]:
    """Where blocks of targets are worked on.

    Parameters
    ----------
    jobs
        Processes; 1 for this one.
    dask
        Address of a Dask scheduler.

    Raises
    ------
    OptionError
        See `check_workers` and `Cluster`.
    """
    check_workers(jobs, dask)
    if dask is None:
        yield InProcess() if jobs == 1 else Processes(int(jobs))
        return
    cluster = Cluster(dask)
    try:
        yield cluster
    finally:
        cluster.close()
