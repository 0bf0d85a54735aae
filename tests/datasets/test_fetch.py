"""The registry, the mirror, the checksums and what is said without a network."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pooch
import pytest

from grn_l0._errors import DatasetError, FileFormatError
from grn_l0.datasets import fetch, read_trajectories, registry, simulated
from grn_l0.datasets.fetch import _is_published
from grn_l0.datasets.registry import Entry, entry

SMALL = "phoenix/ground_truth_simulator/clean_data/gene_names_350.csv"
NETWORK_ONLY = "eryth_24_norm.csv"


def test_registry_is_complete() -> None:
    table = registry()
    assert len(table) == 53
    assert table["name"].is_unique
    assert ((table["sha256"].str.len() == 64) ^ (table["git_blob_sha1"].str.len() == 40)).all()
    assert (table["commit"].str.len() == 40).all()
    assert {*table["licence"]} == {"MIT", "BSD-2-Clause"}
    assert (table.loc[table["sha256"] == "", "instead"] != "").all()
    mono = str(table.set_index("name").loc["CD14+ Mono.csv.gz", "url"])
    assert mono.endswith("/46263bb7695054dc0d2733203fefbd6ae1d453b6/data/data/TFs_Targets/CD14%2B%20Mono.csv.gz")


def test_the_two_copies_of_the_registry_agree() -> None:
    root = Path(__file__).parents[2]
    assert (root / "data/registry.tsv").read_bytes() == (root / "grn_l0/datasets/registry.tsv").read_bytes()


def test_every_mirrored_file_is_the_published_one(data_dir: Path) -> None:
    for name in registry().query("sha256 != ''")["path"]:
        assert fetch(name) == data_dir / name


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(DatasetError, match=r"did you mean 'motif_prior\.csv'"):
        fetch("motif_priors.csv")


def test_without_network_the_message_says_what_to_do(no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError) as caught:
        fetch(NETWORK_ONLY)
    for part in (NETWORK_ONLY, "https://", "GRN_L0_DATA is not set", "PathReg/data/data", "use donors 21 and 36"):
        assert part in str(caught.value)
    monkeypatch.setenv("GRN_L0_DATA", str(no_network))
    with pytest.raises(DatasetError, match="not in GRN_L0_DATA="):
        fetch(SMALL)


def test_a_changed_file_in_the_mirror_is_refused(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / SMALL
    copy.parent.mkdir(parents=True)
    shutil.copy(data_dir / SMALL, copy)
    monkeypatch.setenv("GRN_L0_DATA", str(tmp_path))
    assert fetch("gene_names_350.csv") == copy
    copy.chmod(0o644)
    copy.write_bytes(copy.read_bytes() + b"\n")
    with pytest.raises(DatasetError, match="checksum"):
        fetch("gene_names_350.csv")


def test_downloads_are_pinned_and_checked(no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def pretend(url: str, known_hash: str | None, fname: str, path: Path) -> str:
        asked.append((url, known_hash))
        path.mkdir(parents=True)
        (path / fname).write_bytes(b"something else")
        return str(path / fname)

    monkeypatch.setattr(pooch, "retrieve", pretend)
    for name, checksum in ((SMALL, f"sha256:{entry(SMALL).sha256}"), (NETWORK_ONLY, None)):
        with pytest.raises(DatasetError, match="not the published file"):
            fetch(name)
        assert asked[-1] == (entry(name).url, checksum)
    assert not [path for path in no_network.rglob("*") if path.is_file()]


def test_git_blobs_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    facts = {"repository": "a/b", "commit": "0" * 40, "licence": "MIT", "path": "b/hello", "bytes": 6, "instead": ""}
    blob = Entry(**facts, sha256="", git_blob_sha1="ce013625030ba8dba906f756967f9e9ca394464a")  # type: ignore[arg-type]
    assert _is_published(path, blob)
    plain = Entry(**facts, sha256=hashlib.sha256(b"hello\n").hexdigest(), git_blob_sha1="")  # type: ignore[arg-type]
    assert _is_published(path, plain)
    path.write_bytes(b"hello!\n")
    assert not _is_published(path, blob)
    assert not _is_published(path, plain)


def test_padded_trajectories(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("2,2,\n1,2,3\n4,5,6\n0,1,2\n7,8,\n9,10,NaN\n0,5,\n")
    values, times = read_trajectories(path)
    np.testing.assert_array_equal(values, [[[1, 4], [2, 5], [3, 6]], [[7, 9], [8, 10], [np.nan, np.nan]]])
    np.testing.assert_array_equal(times, [[0, 1, 2], [0, 5, np.nan]])


@pytest.mark.parametrize("text", ["", "g,s\n1,2\n", "2,1,\n1,2\n", "1,1,\na,b\n0,1\n", "1,1\n1,2\n0,1\n1,1\n"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(FileFormatError):
        read_trajectories(path)


def test_simulated_needs_no_files(no_network: Path) -> None:
    adata = simulated(genes=20, trajectories=6, noise=0.0, seed=1)
    assert adata.shape == (30, 20)
    assert adata.varp["truth"].nnz > 10
    np.testing.assert_array_equal(adata.X, simulated(genes=20, trajectories=6, noise=0.0, seed=1).X)
    assert {"time", "trajectory"} <= {*adata.obs.columns}
