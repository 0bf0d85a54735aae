"""The scale suite: formulas through points, limits, resumption, and the text of its tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from grn_l0 import datasets
from grn_l0._errors import FileFormatError, OptionError
from grn_l0.benchmark import scale
from grn_l0.benchmark.measure import Cells, Limits, cells
from grn_l0.benchmark.scale import points, suite
from grn_l0.benchmark.scale.accuracy import FLOOR, average_precision, network_figures
from grn_l0.benchmark.scale.model import Cost, PowerLaw
from grn_l0.benchmark.scale.report import BEGIN, END, formulas, report, sizes_table
from grn_l0.benchmark.scale.sizes import SIZES, Size
from grn_l0.network import Network


def test_a_power_law_is_recovered() -> None:
    law = PowerLaw.of([100, 350, 690], [3 * n**1.7 for n in (100, 350, 690)])
    assert law is not None
    assert (law.factor, law.exponent) == pytest.approx((3, 1.7))
    assert PowerLaw.of([100, 350], [1, 2]) is None


def test_costs_are_recovered_over_many_orders_of_magnitude() -> None:
    genes, edges = np.array([100.0, 350, 690, 1400, 11165]), np.array([1e4, 122500, 476100, 1.96e6, 11.165e6])
    found = Cost.of(genes, edges, 5.0 + 0.01 * genes + 2e-5 * edges)
    assert found is not None
    assert (found.base, found.gene, found.edge) == pytest.approx((5, 0.01, 2e-5))
    assert found(1000, 1e6) == pytest.approx(35)
    assert Cost.of([1, 2], [1, 4], [1, 2]) is None
    three = Cost.of(genes[:3], edges[:3], 5.0 + 0.01 * genes[:3] + 2e-5 * edges[:3])
    assert three is not None and three.gene == 0 < three.edge


def test_average_precision_is_that_of_scores_cut_at_the_floor(rng: np.random.Generator) -> None:
    scores = np.where(rng.random(3000) < 0.1, np.round(rng.random(3000), 2), 1e-3 * FLOOR * rng.random(3000))
    truth = rng.random(3000) < 0.02 + 0.3 * scores
    cut = np.where(scores < FLOOR, 0.0, scores)
    assert average_precision(scores, scores[truth], 3000) == pytest.approx(average_precision_score(truth, cut))


def test_figures_of_a_network() -> None:
    weights = np.zeros((2, 3))
    weights[0, 1], weights[0, 2] = 1.0, -1.0
    network = Network(regulators=("a", "b"), targets=("a", "b", "c"), scores=np.abs(weights), weights=weights)
    figures = network_figures(network, np.array([0, 1]), np.array([1, 2]))
    assert (figures["precision"], figures["recall"], figures["edges"]) == (0.5, 0.5, 2)
    assert figures["auprc"] == pytest.approx((0.5 + 1 * 2 / network.n_candidates) / 2)


def test_systems_have_the_regulators_asked_for() -> None:
    adata = datasets.simulated(40, 5, regulators=7)
    assert adata.varp["truth"].tocsr()[7:].nnz == 0 < adata.varp["truth"].tocsr()[:7].nnz


@pytest.mark.parametrize("wrong", [{"only": ("huge*",)}, {"most": 10}, {"repeats": 0}])
def test_plans_refuse_what_is_not_there(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        suite.ScalePlan(**wrong)


def test_sizes_are_chosen_by_name_and_genes() -> None:
    assert [p.name for p in suite.ScalePlan(most=690).pieces] == ["100 genes", "350 genes", "690 genes"]
    assert [p.name[:5] for p in suite.ScalePlan(only=("yeast*",)).pieces] == ["yeast"]


def test_what_takes_long_runs_once_and_may_take_longer_than_its_bar() -> None:
    found = {p.name: p for p in suite.ScalePlan(repeats=5).pieces}
    assert [found[size.name].repeats for size in SIZES if size.series] == [5] * 5
    assert {found[size.name].repeats for size in SIZES if size.genes == 11165} == {1}
    assert all(found[size.name].limits.seconds >= 4 * size.bar_s for size in SIZES if np.isfinite(size.bar_s))
    systems = [p.before for p in found.values() if "1,000 TFs" in p.name]
    assert len(systems) == 3 and systems[0] == systems[1] == systems[2]  # simulated once


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> tuple[Size, ...]:
    """Sizes that take no time in place of the others."""
    sizes = (
        Size(name="12 genes", genes=12, series=True, repeats=1),
        Size(name="16 genes × 5 TFs", genes=16, regulators=5, bar_s=1e6, bar_bytes=2.0**40, repeats=1),
    )
    for module in (suite, points, import_module(report.__module__)):
        monkeypatch.setattr(module, "SIZES", sizes)
    return sizes


def test_small_sizes_from_data_to_tables(tmp_path: Path, tiny: tuple[Size, ...]) -> None:
    store = Cells(tmp_path / "scale.json")
    said: list[str] = []
    plan = suite.ScalePlan(repeats=1, limits=Limits(seconds=300))
    assert plan.run(store, said.append) == 0
    assert sum(", simulate: done" in line for line in said) == 2
    figures = store.get("16 genes × 5 TFs", 0)["figures"]
    assert figures["network_s"] <= figures["fit_s"] and figures["base_bytes"] <= figures["peak_bytes"]
    assert figures["true_edges"] > 0
    said.clear()
    plan.run(Cells(store.path), said.append)
    assert not any(", simulate: done" in line for line in said)
    written = report(store, tmp_path, "grn-l0 benchmark scale")
    text = written[0].read_text()
    assert "| 12 genes | 144 |" in text and "| 16 genes × 5 TFs | 80 |" in text and "needs three sizes or more" in text


def _records(store: Cells) -> None:
    """Time as N^2, 30 bytes per candidate, and a size that ran out."""
    for size in SIZES[:5]:
        figures = {
            "fit_s": 1e-5 * size.genes**2, "fit_cpu_s": 1e-5 * size.genes**2, "base_bytes": 5e8,
            "peak_bytes": 5e8 + 30 * size.candidates, "auprc": 0.5,
        }  # fmt: skip
        store.keep(_record(size.name) | {"figures": figures})
    names = [f"11,165 genes × 1,000 TFs{workers}" for workers in ("", ", 1 worker", ", 2 workers")]
    for name, spent in zip(names, (200.0, 240.0, 150.0), strict=True):
        cost = {"fit_cpu_s": 1e-5 * 11.165e6, "base_bytes": 5e8, "peak_bytes": 5e8 + 30 * 11.165e6}
        store.keep(_record(name) | {"figures": {"fit_s": spent} | cost, "code": "older"})
    store.keep(_record(SIZES[-1].name) | {"status": "memory limit", "limit": 2.0**34, "figures": {}})


def _record(name: str) -> dict[str, Any]:
    return {
        "name": name, "repeat": 0, "status": "done", "reason": "", "wall_s": 9.0, "cpu_s": 9.0, "peak_bytes": 1.0,
        "load": [0.1, 0.2], "code": cells.current_code(), "machine": "m", "threads": 1, "work": name,
        "when": "2026-01-01 00:00",
    }  # fmt: skip


def test_the_report_has_exponents_bars_and_limits(tmp_path: Path) -> None:
    store = Cells(tmp_path / "scale.json")
    _records(store)
    written = report(store, tmp_path, "grn-l0 benchmark scale --repeats 3")
    text = written[0].read_text()
    assert "| exponent of time in N, 100 to 2,800 genes | ≤ 2.2 | 2.00 | yes | 2.00 |" in text
    assert "| memory beyond program and data, 2,800 genes | ≤ 40 bytes per candidate edge | 30.0 bytes" in text
    assert "| 11,165 genes × 1,000 TFs, time † | ≤ 360 s | 200 s | yes |" in text
    assert "| 11,165 genes × 1,000 TFs, 2 workers, times faster than one † | ≥ 2 × | 1.60 × | **no** |" in text
    assert "| 11,165 × 11,165 genes, time | ≤ 3,600 s | ran out of 16.0 GiB after 9 s | – |  |" in text
    assert "| 11,165 × 11,165 genes | 124,657,225 | ran out of 16.0 GiB after 9 s | ≤ 3,600 |" in text
    assert "10.0 · N · R / 10⁶" in formulas(store) and "N^2.00 (all sizes)" in formulas(store)
    assert [path.name for path in written] == ["scale.md", "scale-time.png", "scale-memory.png"]
    assert all(path.is_file() for path in written)


def test_the_page_changes_between_its_marks_only(tmp_path: Path) -> None:
    store, page = Cells(tmp_path / "scale.json"), tmp_path / "page.md"
    _records(store)
    page.write_text(f"before\n\n{BEGIN}\n\nbefore it\n\n{END}\n\nafter\n")
    for _ in range(2):  # the same again
        scale.update_page(store, page)
        text = page.read_text()
        assert text.startswith(f"before\n\n{BEGIN}\n") and text.endswith(f"{END}\n\nafter\n")
        assert sizes_table(store) in text and "before it" not in text
        assert text.count(BEGIN) == text.count(END) == 1
    page.write_text("no marks")
    with pytest.raises(FileFormatError, match="lacks the lines"):
        scale.update_page(store, page)


def test_the_docs_page_has_its_marks() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-long.md").read_text()
    assert text.index(BEGIN) < text.index(END)
