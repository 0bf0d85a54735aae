"""Random generators from one integer seed, one independent stream per purpose; nothing global is seeded.

A stream is named, not counted: adding a new stream, or drawing more from one of them, leaves all others as they
were. The names enter the spawn key of numpy's ``SeedSequence`` through a cryptographic hash, because Python's own
``hash`` differs between processes.
"""

from __future__ import annotations

import hashlib
import operator
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np

from grn_l0._errors import OptionError

if TYPE_CHECKING:
    import torch


def check_seed(seed: SupportsIndex) -> int:
    """The seed as a plain integer.

    Raises
    ------
    OptionError
        If it is not an integer, or negative.
    """
    try:
        value = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        value = -1
    if not 0 <= value < 2**63:
        raise OptionError(f"seed is {seed!r}; it must be an integer of at least 0 and below 2^63, such as 0")
    return value


def sequence(seed: SupportsIndex, stream: str, *index: int) -> np.random.SeedSequence:
    """Seed sequence of the stream of this name; `index` tells apart repeats of it (target, sweep, round …)."""
    digest = hashlib.sha256(stream.encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4")
    return np.random.SeedSequence(check_seed(seed), spawn_key=(*words.tolist(), *(check_seed(i) for i in index)))


def generator(seed: SupportsIndex, stream: str, *index: int) -> np.random.Generator:
    """Numpy generator of the stream of this name.

    Parameters
    ----------
    seed
        The user's seed.
    stream
        What the numbers are for, such as ``"posterior/sweeps"``.
    *index
        Non-negative integers that tell apart repeats of the stream.

    Raises
    ------
    OptionError
        If the seed or an index is not an integer of at least 0.
    """
    return np.random.Generator(np.random.PCG64(sequence(seed, stream, *index)))


def torch_generator(
    seed: SupportsIndex, stream: str, *index: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Torch generator of the stream of this name, on `device`. Parameters and errors as for `generator`."""
    import torch

    state = sequence(seed, stream, *index).generate_state(1, np.uint64)[0]
    # torch accepts seeds up to 2**64 - 1, but reads those from 2**63 on as negative ones.
    return torch.Generator(device=device).manual_seed(int(state) >> 1)
