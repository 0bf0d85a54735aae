"""Pictures: what they show can be read off the axes."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from grn_l0 import pl, tl
from grn_l0._errors import MissingKeyError, OptionError, OutputError
from grn_l0.network import Network


@pytest.mark.parametrize("layout", ["spring", "hierarchical"])
def test_network_says_how_many_edges_it_shows(inference, layout):
    n = inference.network.n_edges
    axes = pl.network(inference, n_edges=2, layout=layout)
    assert f"2 surest of {n}" in axes.get_title()
    assert f"{n} edges among 10 genes" in pl.network(inference, layout=layout).get_title()


def test_network_without_edges_says_so():
    empty = Network(regulators=("a", "b"), targets=("a", "b"), scores=np.zeros((2, 2)), weights=np.zeros((2, 2)))
    assert "no edge" in pl.network(empty).texts[0].get_text()


def test_axes_given_are_drawn_on_and_pyplot_is_left_alone(inference, adata):
    figure = Figure()
    axes = figure.subplots(1, 3)
    assert pl.network(inference, ax=axes[0]) is axes[0]
    assert pl.precision_recall(inference, adata.varp["truth"], ax=axes[1]) is axes[1]
    genes = [str(adata.var_names[0])]
    assert pl.fit(inference, adata, genes, ax=axes[2])[0] is axes[2]
    pyplot = matplotlib.pyplot if hasattr(matplotlib, "pyplot") else None
    assert pyplot is None or pyplot.get_fignums() == []


def test_fit_draws_the_measured_points(inference, adata):
    panels = pl.fit(inference, adata, n_trajectories=2)
    assert len(panels) == 6
    gene = panels[0].get_title()
    points = panels[0].lines[1].get_ydata()
    np.testing.assert_allclose(points, inference.keys.series(adata).values[0, :, list(adata.var_names).index(gene)])
    assert panels[0].lines[0].get_ydata()[0] == pytest.approx(points[0])


def test_precision_recall_passes_through_the_network(inference, adata):
    figures = tl.evaluate(inference, adata.varp["truth"]).loc["result"]
    axes = pl.precision_recall(inference, adata.varp["truth"])
    point = axes.lines[1]
    assert point.get_xdata()[0] == pytest.approx(figures["recall"])
    assert point.get_ydata()[0] == pytest.approx(figures["precision"])


def test_mistakes(inference, adata, tmp_path):
    with pytest.raises(OptionError, match="n_edges"):
        pl.network(inference, n_edges=0)
    with pytest.raises(OptionError, match="layout"):
        pl.network(inference, layout="circle")
    with pytest.raises(MissingKeyError, match="no gene"):
        pl.fit(inference, adata, ["nobody"])
    with pytest.raises(OptionError, match="2 genes"):
        pl.fit(inference, adata, list(adata.var_names[:2]), ax=[Figure().subplots()])
    with pytest.raises(OptionError, match="at least one"):
        pl.fit(inference, adata, [])
    with pytest.raises(OutputError):
        pl.save(pl.network(inference), tmp_path / "none" / "x.png")


def test_pictures_are_written(inference, adata, tmp_path):
    pl.save(pl.fit(inference, adata), tmp_path / "fit.png", dpi=40)
    pl.save(pl.network(inference), tmp_path / "network.svg")
    assert {p.name for p in tmp_path.iterdir()} == {"fit.png", "network.svg"}
