"""GraphML: hostile, broken, and as Cytoscape exports it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from grn_l0._errors import FileFormatError, TableError
from grn_l0.network import read_edges


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("encode", [str.encode, lambda text: text.encode("utf-16")], ids=["utf-8", "utf-16"])
def test_a_doctype_is_refused_before_any_entity_is_read(
    tmp_path: Path, encode: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nx, "read_graphml", lambda *_: pytest.fail("parsed"))
    (tmp_path / "bomb.graphml").write_bytes(
        encode(LAUGHS + GRAPHML.format('<graph edgedefault="directed">&b;</graph>'))
    )
    with pytest.raises(FileFormatError, match="has a DOCTYPE"):
        read_edges(tmp_path / "bomb.graphml")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("no xml", FileFormatError, "is not GraphML"),
        ("<html></html>", FileFormatError, "not GraphML that can be read"),
        (GRAPHML.format('<graph edgedefault="undirected"></graph>'), TableError, "no direction"),
        (
            GRAPHML.format('<graph edgedefault="directed"><node id="a"><data key="k">1</data></node></graph>'),
            FileFormatError,
            "not GraphML that can be read",
        ),
    ],
)
def test_graphml_that_is_refused(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_edges(write(tmp_path / "n.graphml", text))


def test_graphml_as_cytoscape_exports_it(tmp_path: Path) -> None:
    keys = "".join(
        f'<key attr.name="{name}" attr.type="{kind}" for="{of}" id="{name}{of}"/>'
        for name, kind, of in (
            ("name", "string", "node"),
            ("interaction", "string", "edge"),
            ("weight", "double", "edge"),
        )
    )
    nodes = "".join(f'<node id="{k}"><data key="namenode">{name}</data></node>' for k, name in ((52, "A"), (53, "B")))
    values = '<data key="interactionedge">represses</data><data key="weightedge">-2</data>'
    edge = f'<edge id="9" source="52" target="53">{values}</edge>'
    text = GRAPHML.format(f'{keys}<graph edgedefault="directed">{nodes}{edge}</graph>')
    table = read_edges(write(tmp_path / "c.graphml", text))
    assert table.to_dict("list") == {"source": ["A"], "target": ["B"], "weight": [-2.0], "sign": [-1]}
    # A `name` that two nodes share is not a name: the ids are.
    twins = read_edges(write(tmp_path / "t.graphml", text.replace(">B<", ">A<")))
    assert (twins["source"][0], twins["target"][0]) == ("52", "53")
