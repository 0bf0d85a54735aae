"""A null for long series: each gene keeps its spectrum, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0.timeseries import TimeSeries


def phase_randomised(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Each gene's series with the phases of its Fourier components drawn anew, independently of every other gene's.

    The power spectrum of each gene in each series stays (over the index of the times, as if they were even), so it
    is as smooth as before; what one gene had to do with another is gone.

    Parameters
    ----------
    series
        Missing values stand at the series' mean while phases are drawn, and are missing afterwards.
    seed
        Of the phases.

    References
    ----------
    Theiler, Eubank, Longtin, Galdrikian, Farmer (1992), Physica D 58, 77-94.
    """
    rng = np.random.default_rng(seed)
    values = series.values.copy()
    for k, length in enumerate(series.lengths):
        part = series.values[k, :length]
        known = series.mask[k, :length]
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, part, 0.0).sum(axis=0) / count
        spectrum = np.fft.rfft(np.where(known, part - mean, 0.0), axis=0)
        turn = np.exp(2j * np.pi * rng.random(spectrum.shape))
        # The mean, and the component at half the sampling rate of an even length, are real and keep their phase.
        turn[0] = 1.0
        if length % 2 == 0:
            turn[-1] = 1.0
        drawn = mean + np.fft.irfft(spectrum * turn, n=int(length), axis=0)
        values[k, :length] = np.where(known, drawn, np.nan)
    return replace(series, values=values)
