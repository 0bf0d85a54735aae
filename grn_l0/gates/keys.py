"""Uniform numbers keyed by the names of an edge, so that the order of the genes does not change a fit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from grn_l0._typing import Float, Int


def _name_keys(names: Sequence[str], salt: bytes) -> Int[np.ndarray, " names"]:
    digests = (hashlib.blake2b(name.encode(), digest_size=8, key=salt).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype=np.int64)


def edge_keys(
    regulators: Sequence[str], targets: Sequence[str], edges: Int[Tensor, "2 edges"] | None = None
) -> Int[Tensor, "*edges"]:
    """A 64-bit key per edge that depends on the two names only.

    Parameters
    ----------
    regulators, targets
        Names, R and N of them.
    edges
        Shape (2, E): positions of each edge's regulator and target among the names. None for all pairs.

    Returns
    -------
    Integer tensor of shape (E,), or (R, N) for all pairs.
    """
    rows, columns = _name_keys(regulators, b"regulator"), _name_keys(targets, b"target")
    if edges is None:
        return torch.from_numpy(rows[:, None] ^ columns[None, :])
    return torch.from_numpy(rows[edges[0].numpy()] ^ columns[edges[1].numpy()])


def _logical_shift(x: Tensor, bits: int) -> Tensor:
    # >> of a signed tensor copies the sign bit; the mask clears the copies.
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def keyed_uniform(
    keys: Int[Tensor, "*gates"], generator: torch.Generator, dtype: torch.dtype
) -> Float[Tensor, "*gates"]:
    """Uniform numbers in (0, 1), one per key: the splitmix64 finaliser of key + a fresh 64-bit draw.

    Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", figure 15.
    """
    low, high = -(1 << 63), (1 << 63) - 1
    salt = torch.randint(low, high, (1,), generator=generator, device=generator.device).to(keys.device)
    x = keys + salt  # int64 wraps around, as intended
    x = (x ^ _logical_shift(x, 30)) * -0x40A7B892E31B1A47
    x = (x ^ _logical_shift(x, 27)) * -0x6B2FB644ECCEEE15
    x = _logical_shift(x ^ _logical_shift(x, 31), 41)  # 23 bits, exact in float32
    return (x.to(dtype) + 0.5) / float(1 << 23)
