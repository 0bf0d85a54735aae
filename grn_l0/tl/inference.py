"""What inference returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grn_l0._typing import PathLikeStr
from grn_l0.ensemble import Ensemble
from grn_l0.fit import FitResult, Forecast, Gates, Measurement
from grn_l0.network import Network
from grn_l0.posterior import Verdict
from grn_l0.tl.design import count
from grn_l0.tl.keys import Keys

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, kw_only=True, eq=False)
class Inference:
    """A network, the model that forecasts, and how the data were read.

    Attributes
    ----------
    fit
        The result of the fit: network, model, history, options.
    keys
        Where times, trajectories and expression were found.
    shape
        Trajectories and observed times of the data.
    ensemble
        What resampling found, where it was asked for; a model file does not keep it.
    """

    fit: FitResult
    keys: Keys
    shape: tuple[int, int] | None = None
    ensemble: Ensemble | None = None

    @property
    def network(self) -> Network:
        """The network: survivors, and the score of every candidate."""
        return self.fit.network

    @property
    def model(self) -> object:
        """The dynamics with hard gates: a closed edge is exactly 0."""
        return self.fit.model

    @property
    def status(self) -> str:
        """Sentences that say what happened, what became of priors, and what to try."""
        return " ".join([self.fit.status, *(f"{_capital(v.sentence())}." for v in self.priors)])

    @property
    def design(self) -> str | None:
        """The sampling design that was recognised, and how it was treated."""
        said = self.fit.options.get("design")
        return None if said is None else str(said)

    @property
    def priors(self) -> tuple[Verdict, ...]:
        """What became of each prior: confirmed by the data, or held because they cannot judge it."""
        return tuple(Verdict(*v) for v in self.fit.options.get("priors", ()))

    def forecast(
        self,
        adata: AnnData,
        *,
        time_key: str | None = None,
        trajectory_key: str | None = None,
        pseudotime_key: str | None = None,
        layer: str | None = None,
        n_bins: int | None = None,
        measurement: Measurement = "auto",
        gates: Gates = "hard",
        context: AnnData | None = None,
        hold: Mapping[str, float] | None = None,
        device: str = "cpu",
    ) -> Forecast:
        """Forecast the trajectories of other data with the same genes.

        Parameters
        ----------
        adata
            Observations over time; genes may come in any order, further genes are left out. Stimuli of the fit act at
            the levels in their columns of `obs`; genes that are knocked out stay at their present value.
        time_key, trajectory_key, pseudotime_key, layer, n_bins
            As in `infer`; those of the fit by default.
        measurement
            What a step starts from. "exact": the measured values. "present": a state guessed from the same values, with
            the help of all genes. "noisy": a state filtered from the measurements so far. "auto": "present" where
            leaving out blocks of the training series has shown that it forecasts better, "exact" otherwise.
        gates
            "hard": the network's edges. "expected": every candidate edge by its probability.
        context
            Other measurements of the same trajectories, before or after, that may be used: a gap in a series is then
            interpolated from both sides. See `FitResult.forecast`.
        hold
            Genes that are held at a value in all series from the first time on, such as ``{"GATA1": 0.0}`` for a
            knock-out; expression units. See `FitResult.forecast`.
        device
            Where the equations are solved: "cpu", "cuda" (or "cuda:1"), "auto".

        Returns
        -------
        Forecast
            Trajectories (series, times, genes), one step ahead and from the first observation, with their errors
            beside those of persistence and of the gene mean.

        Raises
        ------
        NameMatchError
            If genes of the model are not in the data, or a gene to be held is not in the model.
        OptionError
            For an option that this fit cannot serve.

        Warns
        -----
        GrnWarning
            If the column of a stimulus is missing; it is taken as off.
        """
        keys = self.keys.replace(time_key, trajectory_key, pseudotime_key, layer, n_bins)
        known = None if context is None else keys.present(context).series(context, self.fit.genes)
        series = keys.present(adata).series(adata, self.fit.genes)
        return self.fit.forecast(series, measurement=measurement, gates=gates, context=known, hold=hold, device=device)

    def save(self, path: PathLikeStr) -> None:
        """Write the model (safetensors with its options as JSON; nothing in it can run code)."""
        from grn_l0.fit import save_model

        save_model(path, self.fit)

    def entries(self) -> dict[str, Any]:
        """What is kept of it in ``adata.uns``."""
        return {
            "status": self.status,
            "seed": self.fit.seed,
            "regulators": np.asarray(self.fit.regulators, dtype=object),
            "edges": self.network.n_edges,
            "candidates": self.network.n_candidates,
            "sparsity": self.network.sparsity,
            "options": self.fit.options,
        }

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """A few lines for a person: the data, the network, what happened."""
        network = self.network
        n = len(network.regulators)
        data = f"{len(self.fit.genes)} genes, {count(n, 'candidate regulator', 'candidate regulators')}"
        if self.shape is not None:
            data = f"{count(self.shape[0], 'trajectory', 'trajectories')}, {self.shape[1]} observations, {data}"
        lines = [f"data: {data}"]
        if self.design is not None:
            lines.append(f"design: {self.design}")
        lines.append(
            f"network: {network.n_edges} of {network.n_candidates} candidate edges, sparsity {network.sparsity:.2%}"
        )
        resampling = self.fit.options.get("resampling")
        if resampling is not None:
            lines.append(f"resampling: {resampling['sentence']}")
        return "\n".join([*lines, *(v.sentence() for v in self.priors), self.fit.status])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
