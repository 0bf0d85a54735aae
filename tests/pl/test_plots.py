"""Pictures: what they show can be read off the axes."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from grn_l0 import metrics, pl, tl
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


def test_curves_of_several_methods_are_told_apart():
    curves = {f"m{k}": ([0.5, 1.0], [1.0, 0.5]) for k in range(9)}
    axes = pl.precision_recall_curves(curves, chance=0.01)
    lines = axes.get_lines()
    assert [line.get_label() for line in lines] == [*curves, "chance (0.01)"]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines[:9]}) == 9
    assert lines[0].get_xydata().tolist() == [[0, 1], [0.5, 1], [1, 0.5]]


def test_bars_go_from_the_least_to_the_most():
    axes = pl.lines_with_range(
        {"m": ([1.0, 10.0], [0.5, 0.7], [0.4, 0.7], [0.8, 0.9])}, xlabel="x", ylabel="y", log_x=True
    )
    (bars,) = (c for c in axes.containers if c.has_yerr)
    assert [part.tolist() for part in bars[2][0].get_segments()] == [[[1, 0.4], [1, 0.8]], [[10, 0.7], [10, 0.9]]]
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "10"]


def test_trade_off_has_a_point_per_method_and_a_line_per_floor():
    axes = pl.trade_off({"ours": (0.003, 5e-5), "dense": (1.0, 2e-3)}, {"persistence": 2e-2})
    assert [line.get_label() for line in axes.get_lines()] == ["ours", "dense", "persistence"]
    assert axes.get_lines()[0].get_xydata().tolist() == [[0.003, 5e-5]]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def _counts(*hits):
    return metrics.Reliability(
        count=np.array([100, 0, 25]), total=np.array([10.0, 0.0, 22.5]), hits=np.array(hits, dtype=np.int64)
    )


def test_reliability_leaves_empty_bins_out_and_shows_intervals_and_counts():
    counts = _counts(20, 0, 20)
    axes = pl.reliability_curves({"ours": counts, "theirs": _counts(1, 0, 9)})
    bars, others = (c for c in axes.containers if c.has_yerr)
    np.testing.assert_allclose(bars[0].get_xydata(), [[0.1, 0.2], [0.9, 0.8]])
    low, high = bars[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx([end[0] for end in counts.interval()])
    assert bars[0].get_color() != others[0].get_color()
    below = axes.child_axes[0]
    assert below.patches[0].get_data().values.tolist() == [100, 0, 25]
    assert "ours (ECE from 0.1 on: 0.100)" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_reliability_of_a_result_goes_on_the_axes_given(inference, adata):
    axes = Figure().subplots()
    assert pl.reliability(inference, adata.varp["truth"], ax=axes, bins=5) is axes
    counts = tl.reliability(inference, adata.varp["truth"], bins=5)
    drawn = pl.reliability(counts)
    np.testing.assert_array_equal(drawn.lines[-1].get_ydata(), axes.lines[-1].get_ydata())
    with pytest.raises(OptionError, match="truth is missing"):
        pl.reliability(inference)
    (bars,) = (c for c in axes.containers if c.has_yerr)
    np.testing.assert_allclose(bars[0].get_ydata(), counts.observed[counts.count > 0])
    with pytest.raises(OptionError, match="survivors"):
        pl.reliability(inference.network.edges(), tl.edges_of(adata, "truth"), adata.var_names, adata.var_names)
    with pytest.raises(OptionError, match="group"):
        pl.reliability_curves({})


def test_power_laws_are_straight_lines_over_the_points():
    axes = pl.scaling({"a": ([10, 1000], [1, 2])}, {"N^2": (0.5, 2.0)}, xlabel="genes", ylabel="seconds")
    points, law = axes.get_lines()
    assert points.get_xydata().tolist() == [[10, 1], [1000, 2]]
    assert law.get_xydata().tolist() == [[10, 50], [1000, 5e5]]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_methods_stand_beside_their_points():
    axes = pl.value_for_time({"ours": (5.0, 0.8), "theirs": (200.0, 0.1)}, ylabel="AUPRC")
    assert [line.get_xydata().tolist() for line in axes.get_lines()] == [[[5, 0.8]], [[200, 0.1]]]
    assert [text.get_text() for text in axes.texts] == ["ours", "theirs"]
