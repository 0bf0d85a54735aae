"""What a benchmark is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from grn_l0._checks import check_count
from grn_l0._errors import OptionError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a benchmark; one that does not apply to a data set is left unused.

    Parameters
    ----------
    noise
        Standard deviation of the simulated measurement (SIM350).
    prior
        Level of the published prior file, such as ``"0.05"`` (SIM350), or None.
    seeds
        Number of seeds: 0, 1, …; the table gives their median.
    threads
        Threads of torch.

    Raises
    ------
    OptionError
        For a value out of its range.
    """

    noise: float = 0.05
    prior: str | None = None
    seeds: int = 3
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.noise < float("inf"):
            raise OptionError(f"noise must be 0 or more, not {self.noise}")
        check_count("seeds", self.seeds)
        check_count("threads", self.threads)
