from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from grn_l0._atomic import atomic_path, check_output
from grn_l0._errors import OutputError


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_the_file_is_whole_and_alone(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.tar.gz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".tar.gz")
        assert not temporary.exists()
        temporary.write_text("new")
        assert not (tmp_path / "a.tar.gz").exists()
    assert names(tmp_path) == ["a.tar.gz"]
    assert (tmp_path / "a.tar.gz").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_no_file_and_keeps_the_old_one(tmp_path: Path, error: type[BaseException]) -> None:
    def spoiled(path: Path) -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        spoiled(tmp_path / "new.csv")
    assert names(tmp_path) == []
    (tmp_path / "old.csv").write_text("old")
    with pytest.raises(error):
        spoiled(tmp_path / "old.csv")
    assert names(tmp_path) == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "old"


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "atomic") as temporary:
        temporary.write_text("")
    assert stat.S_IMODE((tmp_path / "atomic").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "far" / "real.csv")
    with atomic_path(tmp_path / "link.csv") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "far" / "real.csv").read_text() == "x"


def test_a_long_name(tmp_path: Path) -> None:
    name = "x" * 240 + ".csv"
    with atomic_path(tmp_path / name) as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == [name]


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with atomic_path("a.csv") as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == ["a.csv"]


def test_places_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match=r"missing does not exist; create it"):
        check_output(tmp_path / "missing" / "a.csv")
    with pytest.raises(OutputError, match="is a folder"), atomic_path(tmp_path):
        pass
    with pytest.raises(OutputError, match=r"cannot write .*a\.csv"), atomic_path(tmp_path / "a.csv"):
        pass  # nothing written
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="no permission"):
        check_output(tmp_path / "a.csv")


def test_files_can_be_read_by_whom_new_files_can(tmp_path: Path) -> None:
    """Whatever the writer thinks of them."""
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "a") as temporary:
            temporary.touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
