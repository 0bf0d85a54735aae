"""States and the rate of a few long series, from all genes together."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.response import Design


def denoise(
    parts: list[Design],
    measured: list[Float[ndarray, "series times genes"]],
    rank: int | None = None,
) -> tuple[list[Float[ndarray, "series times genes"]], Float[ndarray, " genes"]]:
    """States of low rank across genes, and each gene's noise variance.

    Without a rank, singular values below the optimal hard threshold for unknown noise are dropped (Gavish and Donoho
    2014): omega times the median singular value, omega = .56 b^3 - .95 b^2 + 1.82 b + 1.43 for an aspect ratio b.
    """
    n_genes = measured[0].shape[2]
    whole = np.concatenate([m.reshape(-1, n_genes) for m in measured])
    left, size, right = np.linalg.svd(whole, full_matrices=False)
    aspect = min(whole.shape) / max(whole.shape)
    omega = 0.56 * aspect**3 - 0.95 * aspect**2 + 1.82 * aspect + 1.43
    rank = rank or max(int((size > omega * np.median(size)).sum()), 1)
    smooth = (left[:, :rank] * size[:rank]) @ right[:rank]
    freedom = max((1.0 - rank / len(whole)) * (1.0 - rank / n_genes), 1e-3)
    # For a measurement of weight 1: a bin of many cells is that much less noisy.
    variance = np.concatenate([np.tile(p.variance, len(p.series)) for p in parts])
    noise = ((whole - smooth) ** 2 / variance[:, None]).mean(axis=0) / freedom
    out, at = [], 0
    for m in measured:
        count = m.shape[0] * m.shape[1]
        out.append(smooth[at : at + count].reshape(m.shape))
        at += count
    return out, np.maximum(noise, 1e-6)


def autocorrelation_rate(parts: list[Design], measured: list[Float[ndarray, "series times genes"]]) -> float:
    """The rate at which genes forget, from autocovariances two steps and one step apart.

    Their ratio is exp(-d step) whatever the measurement noise, which adds to neither (Yule-Walker with noise).
    """
    one, two, step = 0.0, 0.0, []
    for part, y in zip(parts, measured, strict=True):
        n = len(part.times)
        one += float((y[:, 1:-1] * y[:, :-2]).sum() + (y[:, 2:] * y[:, 1:-1]).sum()) / 2
        two += float((y[:, 2:] * y[:, :-2]).sum())
        step.append((part.times[-1] - part.times[0]) / (n - 1))
    ratio = min(max(two / one, 0.05), 0.99) if one > 0 else 0.05
    return float(-np.log(ratio) / np.mean(step))
