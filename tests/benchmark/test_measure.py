"""Pieces of work in processes of their own, and cells that are kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from grn_l0._errors import FileFormatError
from grn_l0.benchmark.measure import (
    SHARED,
    Call,
    Cells,
    Limits,
    Piece,
    cells,
    run,
    run_measured,
    run_pieces,
    summary,
)
from grn_l0.benchmark.measure import piece as pieces
from grn_l0.benchmark.measure.stages import Stages


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_child_finds_this_package_and_answers(tmp_path: Path) -> None:
    piece = Piece(name="stats", call=Call("statistics:median", {"data": [1, 2, 9]}), repeats=1)
    record = run.measure(piece, 0, run.Preparation(str(tmp_path)))
    assert record["status"] == "done" and record["figures"] == 2
    used = run_measured(_python("import grn_l0; print(grn_l0.__file__)"), limits=Limits())
    import grn_l0

    assert Path(used.words) == Path(grn_l0.__file__)


def test_a_fresh_folder_is_empty_in_every_cell(tmp_path: Path) -> None:
    code = "import os; p = os.environ['CACHE']; assert not os.path.exists(p); os.mkdir(p)"
    piece = Piece(name="fresh", command=("-c", code), fresh=("CACHE",), repeats=2)
    before = run.Preparation(str(tmp_path))
    assert [run.measure(piece, k, before)["status"] for k in range(2)] == ["done", "done"]


def test_pieces_are_prepared_once_and_judged_by_what_they_wrote(tmp_path: Path) -> None:
    file, said = f"{SHARED}/x", list[str]()
    write = Call("shutil:copy", {"src": __file__, "dst": file})
    more = "import sys; open(sys.argv[1], 'a').write('#')"
    pieces = [
        Piece(name=name, command=("-c", more, file), judge=Call("os.path:getsize", {"filename": file}), before=(write,),
              repeats=1)
        for name in "ab"
    ]  # fmt: skip
    store = Cells(tmp_path / "x.json")
    assert run_pieces(pieces, store, say=said.append) == 0
    size = Path(__file__).stat().st_size
    assert [store.get(name, 0)["figures"] for name in "ab"] == [size + 1, size + 2]
    assert sum("copy" in line for line in said) == 1
    assert store.get("a", 0)["work"] == pieces[0].work == pieces[1].work


def test_a_piece_that_cannot_be_prepared_fails_and_the_others_go_on(tmp_path: Path) -> None:
    store, said = Cells(tmp_path / "x.json"), list[str]()
    absent = Call("os.path:getsize", {"filename": f"{SHARED}/absent"})
    pieces = [Piece(name="a", command=("-c", ""), before=(absent,)), Piece(name="b", command=("-c", ""), repeats=1)]
    assert run_pieces(pieces, store, say=said.append) == 1
    assert [store.get(name, 0)["status"] for name in "ab"] == ["failed", "done"]
    assert "absent" in store.get("a", 0)["reason"] and any("absent" in line for line in said)


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Cells in the order in which they were measured; pieces named "late" run out of time, "bad" fail."""
    measured: list[tuple[str, int]] = []

    def measure(piece: Piece, repeat: int, preparation: run.Preparation) -> dict[str, object]:
        measured.append((piece.name, repeat))
        status = {"late": "time limit", "bad": "failed"}.get(piece.name, "done")
        record: dict[str, object] = {
            "name": piece.name,
            "repeat": repeat,
            "status": status,
            "reason": "",
            "wall_s": 1.0,
        }
        limit = {"limit": piece.limits.seconds} if status == "time limit" else {}
        return record | limit | {
            "cpu_s": 2.0 + repeat, "peak_bytes": 3e6, "load": [0.5, 1.5], "figures": {"fit_s": 5.0 * repeat},
            "code": cells.current_code(), "machine": cells.machine(), "threads": piece.threads,
            "work": piece.work, "when": "2026-01-01 00:00",
        }  # fmt: skip

    monkeypatch.setattr(run, "measure", measure)
    return measured


def test_pieces_take_turns_and_a_stopped_run_goes_on(tmp_path: Path, order: list[tuple[str, int]]) -> None:
    path, pieces = tmp_path / "x.json", [Piece(name="a"), Piece(name="b", repeats=2)]
    run_pieces(pieces[:1], Cells(path))
    assert order == [("a", 0), ("a", 1), ("a", 2)]
    order.clear()
    run_pieces(pieces, Cells(path))
    assert order == [("b", 0), ("b", 1)]
    order.clear()
    run_pieces(pieces, Cells(path), again=True)
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_what_ran_out_is_tried_again_with_wider_limits_only(tmp_path: Path, order: list[tuple[str, int]]) -> None:
    store = Cells(tmp_path / "x.json")
    run_pieces([Piece(name="late", limits=Limits(seconds=5))], store)
    assert order == [("late", 0)]
    run_pieces([Piece(name="late", limits=Limits(seconds=4))], store)
    assert order == [("late", 0)]
    run_pieces([Piece(name="late", limits=Limits(seconds=6))], store)
    assert order == [("late", 0)] * 2
    assert summary.state(store, "late") == "ran out after 6 s"


def test_failures_are_counted_and_tried_again(tmp_path: Path, order: list[tuple[str, int]]) -> None:
    store = Cells(tmp_path / "x.json")
    assert run_pieces([Piece(name="bad"), Piece(name="a")], store) == 1
    order.clear()
    assert run_pieces([Piece(name="bad"), Piece(name="a")], store) == 1
    assert order == [("bad", 0)]


@pytest.mark.parametrize("changed", ["code", "machine", "threads", "work"])
def test_cells_of_other_circumstances_are_measured_again(
    tmp_path: Path, order: list[tuple[str, int]], changed: str
) -> None:
    path = tmp_path / "x.json"
    run_pieces([Piece(name="a", repeats=1)], Cells(path))
    content = json.loads(path.read_text())
    content["cells"][0][changed] = "other" if changed != "threads" else 7
    path.write_text(json.dumps(content))
    if changed == "code":
        assert summary.marked(Cells(path), "a") == "a †" and "†" in summary.circumstances(Cells(path), ["a"])
    run_pieces([Piece(name="a", repeats=1)], Cells(path))
    assert order == [("a", 0)] * 2
    assert summary.marked(Cells(path), "a") == "a"


def test_a_median_is_of_one_state_of_the_code(tmp_path: Path, order: list[tuple[str, int]]) -> None:
    path = tmp_path / "x.json"
    run_pieces([Piece(name="a")], Cells(path))
    path.write_text(path.read_text().replace(cells.current_code(), "older"))
    store = Cells(path)
    assert summary.median(store, "a", "cpu_s") == 3.0 and summary.outdated(store, "a")
    run_pieces([Piece(name="a", repeats=1)], store)
    assert summary.median(store, "a", "cpu_s") == 2.0 and not summary.outdated(store, "a")
    assert len(list(Cells(path))) == 3


def test_every_cell_is_kept_before_the_next(
    tmp_path: Path, order: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, measured = tmp_path / "x.json", run.measure

    def stop(piece: Piece, repeat: int, preparation: run.Preparation) -> dict[str, object]:
        if repeat == 2:
            raise KeyboardInterrupt
        return measured(piece, repeat, preparation)

    monkeypatch.setattr(run, "measure", stop)
    with pytest.raises(KeyboardInterrupt):
        run_pieces([Piece(name="a")], Cells(path))
    assert [r["repeat"] for r in Cells(path).of("a")] == [0, 1]


def test_cells_of_suites_that_were_changed_are_measured_again(
    tmp_path: Path, order: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, one = tmp_path / "x.json", Piece(name="a", call=Call("m:f", {"jobs": 2}), repeats=1)
    run_pieces([one], Cells(path))
    run_pieces([one], Cells(path))
    assert order == [("a", 0)]
    run_pieces([Piece(name="a", call=Call("m:f", {"jobs": 3}), repeats=1)], Cells(path))
    assert order == [("a", 0)] * 2
    monkeypatch.setattr(pieces, "suites_code", lambda: "other")
    run_pieces([one], Cells(path))
    assert order == [("a", 0)] * 3


def test_the_code_of_suites_is_what_cells_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "measure").mkdir()
    monkeypatch.setattr(pieces, "__file__", str(tmp_path / "measure" / "piece.py"))
    found = []
    for name, text in (("usage", "1"), ("usage", "2"), ("report", "1")):
        (tmp_path / "measure" / f"{name}.py").write_text(text)
        found.append(pieces.suites_code.__wrapped__())
    assert found[0] != found[1] == found[2]


def test_medians_and_circumstances(tmp_path: Path, order: list[tuple[str, int]]) -> None:
    store = Cells(tmp_path / "x.json")
    run_pieces([Piece(name="a")], store)
    assert summary.median(store, "a", "fit_s") == 5.0 and summary.median(store, "a", "cpu_s") == 3.0
    assert summary.median(store, "a", "absent") != summary.median(store, "a", "absent")
    assert summary.state(store, "b") == "not measured" and summary.state(store, "a") == ""
    assert "0.5 to 1.5, median 1.0" in summary.circumstances(store, ["a"])


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]")
    with pytest.raises(FileFormatError, match="holds no cells"):
        Cells(path)


def test_bars_say_whether_they_are_reached() -> None:
    slow = summary.Bar(what="time", measured=4.0, bound=3.0, unit="s", processor=2.5)
    more = summary.Bar(what="faster", measured=31.0, bound=30.0, unit="×", at_least=True)
    absent = summary.Bar(what="all", measured=float("nan"), bound=1e4, unit="s", note="not measured")
    lines = summary.bars_table([slow, more, absent]).splitlines()
    assert lines[2:] == [
        "| time | ≤ 3 s | 4.00 s | **no** | 2.50 s |",
        "| faster | ≥ 30 × | 31.0 × | yes |  |",
        "| all | ≤ 10,000 s | not measured | – |  |",
    ]


def test_a_part_is_not_judged() -> None:
    assert summary.Bar(what="all", measured=1.0, bound=3.0, unit="", partial=True).reached == "not all measured"


def test_stages_end_with_the_network_before_the_forecast() -> None:
    stages = Stages()
    for name in ("posterior", "gated ODE", "gated ODE", "linear forecast"):
        stages(name, 1, 2, {})
    assert stages.network_s == stages.ended["gated ODE"] <= stages.ended["linear forecast"]
    assert list(stages.seconds()) == ["posterior", "gated ODE", "linear forecast"]
    assert sum(stages.seconds().values()) == pytest.approx(stages.ended["linear forecast"])
