"""GraphML: for Cytoscape, and for networkx."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import pandas as pd

from grn_l0._errors import FileFormatError, TableError

if TYPE_CHECKING:
    import networkx as nx

    from grn_l0.network.network import Network

#: Names of the regulators and of the targets.
GraphUniverse = tuple[tuple[str, ...], tuple[str, ...]]
INTERACTION = {1: "activates", -1: "represses"}
# What XML 1.0 cannot hold, in whatever way it is escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_graph(network: Network) -> nx.DiGraph[str]:
    """The surviving network as a directed graph, see `Network.to_networkx`."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    # A list of survivors does not say what it was chosen from; this does.
    graph.graph.update(
        candidates=network.n_candidates, regulators=len(network.regulators), targets=len(network.targets)
    )
    regulators = set(network.regulators)
    graph.add_nodes_from((name, {"name": name, "regulator": name in regulators}) for name in network.genes)
    table = network.edges()
    numbers = [str(name) for name in table if name not in ("source", "target")]
    columns = (table[name].tolist() for name in ("source", "target", *numbers))
    for source, target, *values in zip(*columns, strict=True):
        held: dict[str, Any] = dict(zip(numbers, values, strict=True))
        graph.add_edge(source, target, **held, interaction=INTERACTION[held["sign"]])
    return graph


def write_graphml(network: Network, path: Path) -> None:
    """Write the surviving network.

    Raises
    ------
    FileFormatError
        If a name holds a character that XML cannot.
    """
    import networkx as nx

    for name in network.genes:
        if _FORBIDDEN.search(name):
            raise FileFormatError(f"the name {name!r} has a character that GraphML cannot hold; write a .tsv instead")
    # The writer of the standard library, so that the file is the same whether or not lxml is installed.
    nx.write_graphml_xml(to_graph(network), path)


def read_graphml(path: Path) -> tuple[pd.DataFrame, tuple[str, ...], GraphUniverse | None]:
    """Edges and names of the nodes of a GraphML file.

    The name of a node is its attribute ``name`` (as Cytoscape writes it), or else its id.

    Returns
    -------
    table
        Columns source and target, then whatever attributes the edges have.
    nodes
        All names, also those without an edge.
    universe
        Regulators and targets, if the file remembers them (`Network.write`); None otherwise.

    Raises
    ------
    FileFormatError
        If the file is not GraphML, or has a DOCTYPE: entities declared there can expand without bound.
    TableError
        If its edges have no direction.
    """
    import networkx as nx

    data = path.read_bytes()
    _refuse_doctype(data, path.name)
    try:
        graph: Any = nx.read_graphml(io.BytesIO(data))
    except (nx.NetworkXError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise FileFormatError(f"{path.name} is XML, but not GraphML that can be read: {error}") from error
    if not graph.is_directed():
        raise TableError(f'{path.name}: its edges have no direction; write edgedefault="directed"')
    names = {node: str(data.get("name", node)) for node, data in graph.nodes(data=True)}
    if len(set(names.values())) != len(names):  # a `name` that is not one: ids are unique
        names = {node: str(node) for node in names}
    rows = [{**data, "source": names[u], "target": names[v]} for u, v, data in graph.edges(data=True)]
    table = pd.DataFrame(rows, columns=None if rows else ["source", "target"])
    return table, tuple(names.values()), _universe(graph, names)


def _universe(graph: Any, names: dict[Any, str]) -> GraphUniverse | None:
    """Regulators and targets by the attributes that `to_graph` gives; None if they are not there, or do not fit."""
    size = {role: graph.graph.get(role) for role in ("regulators", "targets")}
    regulators = tuple(names[node] for node, kept in graph.nodes(data="regulator") if kept is True)
    if not isinstance(size["targets"], int) or len(regulators) != size["regulators"]:
        return None
    if any(graph.nodes[u].get("regulator") is not True for u, _ in graph.edges()):
        return None
    genes = tuple(names.values())
    if len(genes) == size["targets"]:
        return regulators, genes
    # Regulators that are no targets come last in files of ours; another program may have moved them.
    targets, others = genes[: size["targets"]], set(genes[size["targets"] :])
    reached = {names[v] for _, v in graph.edges()}
    return (regulators, targets) if others <= set(regulators) and not others & reached else None


def _refuse_doctype(data: bytes, name: str) -> None:
    # Expat sees the declaration in any encoding, and stops at it before an entity is declared.
    def refuse(*_: object) -> None:
        raise FileFormatError(f"{name} has a DOCTYPE, which GraphML does not need and which can be harmful; remove it")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FileFormatError(f"{name} is not GraphML: {error}") from error
