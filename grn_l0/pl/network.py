"""A picture of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from grn_l0._errors import OptionError
from grn_l0.network import Network
from grn_l0.pl.canvas import ACTIVATES, GREY, REPRESSES, axes_or_new

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

    from grn_l0.tl import Inference

Layout = Literal["spring", "hierarchical"]


def network(
    result: Inference | Network,
    *,
    n_edges: int = 100,
    layout: Layout = "spring",
    labels: int = 40,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the strongest edges.

    Parameters
    ----------
    result
        What `grn_l0.tl.infer` returned, or a network.
    n_edges
        At most so many edges, the surest first; the title says how many there are.
    layout
        ``"spring"``, or ``"hierarchical"`` with regulators above what they regulate.
    labels
        At most so many names, of the genes with most edges.
    seed
        Of the spring layout.
    ax
        Axes to draw on; a new figure by default.

    Returns
    -------
    Axes
        With edges in blue (activates, arrow) and vermilion (represses, dashed), as wide as their score.

    Raises
    ------
    OptionError
        If `n_edges` is not positive, or the layout is unknown.
    """
    if n_edges < 1:
        raise OptionError(f"n_edges must be 1 or more, not {n_edges}")
    if layout not in ("spring", "hierarchical"):
        raise OptionError(f"layout must be 'spring' or 'hierarchical', not {layout!r}")
    import networkx as nx

    net = result if isinstance(result, Network) else result.network
    table = net.edges().head(n_edges)
    axes = axes_or_new(ax, 8.0, 7.0)
    shown = f"{len(table)} surest of {net.n_edges}" if len(table) < net.n_edges else f"{net.n_edges}"
    axes.set_title(f"{shown} edges among {len(net.genes)} genes")
    axes.set_axis_off()
    if table.empty:
        axes.text(0.5, 0.5, "no edge survived", ha="center", va="center", transform=axes.transAxes)
        return axes
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(zip(table["source"], table["target"], strict=True))
    where = _hierarchical(graph) if layout == "hierarchical" else _spring(graph, seed)
    degree = dict(graph.degree())
    acts = {name: graph.out_degree(name) > 0 for name in graph}
    size = {name: 90 + 45 * degree[name] ** 0.8 for name in graph}
    for sign, colour, style in ((1, ACTIVATES, "solid"), (-1, REPRESSES, "dashed")):
        part = table[table["sign"] == sign]
        pairs = list(zip(part["source"], part["target"], strict=True))
        if not pairs:
            continue
        nx.draw_networkx_edges(
            graph, where, edgelist=pairs, ax=axes, edge_color=colour, style=style, width=_widths(part["score"]),
            arrowstyle="-|>" if sign > 0 else "|-|,widthA=0,widthB=.35", arrowsize=9, alpha=0.75,
            connectionstyle="arc3,rad=0.06", nodelist=list(graph), node_size=[size[n] for n in graph],
        )  # fmt: skip
    nx.draw_networkx_nodes(
        graph, where, ax=axes, node_size=[size[n] for n in graph], linewidths=0.8, edgecolors=GREY,
        node_color=["#DDDDDD" if acts[n] else "#FFFFFF" for n in graph],
    )  # fmt: skip
    _label(graph, where, degree, labels, axes)
    _legend(axes)
    axes.margins(0.08)
    return axes


def _spring(graph: nx.DiGraph[str], seed: int) -> dict[str, np.ndarray]:
    """Each connected part by itself, so that small parts do not fly away from the large one; then side by side."""
    import networkx as nx

    parts = sorted(nx.weakly_connected_components(graph), key=lambda part: (-len(part), min(part)))
    where: dict[str, np.ndarray] = {}
    left = bottom = shelf = 0.0
    wide = 2.2 * np.sqrt(len(graph))
    for part in parts:
        inner = graph.subgraph(sorted(part)).to_undirected()
        half = float(np.sqrt(len(part)))
        place = nx.kamada_kawai_layout(inner) if len(part) <= 60 else nx.spring_layout(inner, seed=seed, iterations=150)
        if left > 0 and left + 2 * half > wide:
            left, bottom, shelf = 0.0, bottom - shelf, 0.0
        for name, point in place.items():
            where[name] = np.asarray(point) * half * 0.85 + (left + half, bottom - half)
        left, shelf = left + 2 * half, max(shelf, 2 * half)
    return where


def _hierarchical(graph: nx.DiGraph[str]) -> dict[str, np.ndarray]:
    """Rows by distance from genes that nothing regulates; cycles sit on one row."""
    import networkx as nx

    merged = nx.condensation(graph)
    row = {name: k for k, layer in enumerate(nx.topological_generations(merged)) for c in layer
           for name in merged.nodes[c]["members"]}  # fmt: skip
    where: dict[str, np.ndarray] = {}
    for k in range(max(row.values()) + 1):
        members = [name for name in graph if row[name] == k]
        # Below the mean of its regulators: the barycentre rule of layered drawing (Sugiyama, Tagawa & Toda 1981).
        pull = {n: np.mean([where[p][0] for p in graph.predecessors(n) if p in where] or [0.5]) for n in members}
        members.sort(key=lambda name: (pull[name], name))
        for j, name in enumerate(members):
            where[name] = np.array([(j + 0.5) / len(members), -float(k) - 0.12 * (j % 2)])
    return where


def _widths(score: object) -> np.ndarray:
    value = np.clip(np.asarray(score, dtype=np.float64), 0.0, 1.0)
    return 0.4 + 1.4 * value


def _label(
    graph: nx.DiGraph[str], where: dict[str, np.ndarray], degree: dict[str, int], labels: int, axes: Axes
) -> None:
    from matplotlib.patheffects import withStroke

    named = sorted(graph, key=lambda n: (-degree[n], n))[: max(labels, 0)]
    for name in named:
        x, y = where[name]
        axes.annotate(
            name, (float(x), float(y)), ha="center", va="center", fontsize=7 if len(named) > 25 else 8,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip


def _legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=ACTIVATES, label="activates"),
        Line2D([], [], color=REPRESSES, linestyle="dashed", label="represses"),
        Line2D([], [], color=GREY, marker="o", markerfacecolor="#DDDDDD", linestyle="none", label="regulates"),
        Line2D([], [], color=GREY, marker="o", markerfacecolor="white", linestyle="none", label="is regulated"),
    ]
    axes.legend(handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=4, frameon=False, fontsize=8)
