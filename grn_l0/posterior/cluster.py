"""Blocks of targets on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any, final

from grn_l0._errors import OptionError
from grn_l0._optional import import_optional
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.sample import Sampled
from grn_l0.posterior.workers import LostWorkerError, RemoteStatistics, SharedStatistics, TargetBlock, Workers

#: Seconds within which a scheduler must answer, and have a worker.
_PATIENCE = 10


@final
class Cluster(Workers):
    """Workers of a scheduler that runs already.

    Parameters
    ----------
    address
        Of the scheduler, such as ``"tcp://10.0.0.1:8786"``.

    Raises
    ------
    MissingDependencyError
        Without dask.distributed.
    OptionError
        If nothing answers there, no worker is there, or workers have another version of this package.
    """

    def __init__(self, address: str) -> None:
        distributed = import_distributed()
        try:
            self.client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise OptionError(
                f"no Dask scheduler answers at {address!r} within {_PATIENCE} seconds ({type(error).__name__}); give "
                "the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786"
            ) from error
        try:
            self._check_workers(address)
        except BaseException:
            self.close()
            raise

    def _check_workers(self, address: str) -> None:
        from grn_l0 import __version__

        try:
            self.client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise OptionError(
                f"the Dask scheduler at {address!r} has no worker after {_PATIENCE} seconds; start some: "
                f"dask worker {address}"
            ) from error
        for where, found in self.client.run(_version, on_error="return").items():
            if found != __version__:
                raise OptionError(
                    f"the Dask worker {where} has not grn_l0 {__version__} but {found}; install one version everywhere"
                )

    def share(self, grams: Grams) -> SharedStatistics:
        """Send them to every worker."""
        return _Scattered(grams, self.client)

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self.client.close()


@final
class _Scattered(RemoteStatistics):
    """Statistics on every worker; sent once more if all of those that had them are gone."""

    def __init__(self, grams: Grams, client: Any) -> None:
        super().__init__(grams)
        self.grams, self.client = grams, client
        self.there: Any = None

    def run(self, todo: list[TargetBlock]) -> Iterator[tuple[int, list[Sampled]]]:
        """As they are done."""
        from dask import config
        from distributed import KilledWorker, as_completed

        finished: Any = as_completed
        try:
            if self.there is None:
                self.there = self.client.scatter(self.grams, broadcast=True, hash=False)
            # A block has the prior odds of its targets with it, so that it can be given to another worker.
            with config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
                futures = [self.client.submit(TargetBlock.run, block, self.there, pure=False) for block in todo]
            for future in finished(futures, loop=self.client.loop):
                yield future.result()
        except (KilledWorker, CancelledError, OSError, TimeoutError) as error:
            self.there = None
            raise LostWorkerError from error

    def close(self) -> None:
        """Forget them."""
        self.there = None


def import_distributed() -> Any:
    """dask.distributed, or a message that says how to install it."""
    return import_optional("distributed", extra="dask", purpose="a Dask cluster")


def _version() -> str:
    from grn_l0 import __version__

    return __version__
