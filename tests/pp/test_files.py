from __future__ import annotations

from pathlib import Path

import h5py
import pandas as pd
import pytest
from pp_samples import series

from grn_l0 import _errors as e
from grn_l0 import pp


def test_read(tmp_path: Path) -> None:
    a = series()
    a.var_names = ["g0", "g0", *a.var_names[2:]]
    a.write_h5ad(tmp_path / "a.h5ad")
    assert pp.read(tmp_path / "a.h5ad").shape == a.shape
    assert pp.read(str(tmp_path / "a.h5ad")).shape == a.shape


def bytes_at(name: str, content: bytes):
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def other_hdf5(folder: Path) -> Path:
    with h5py.File(folder / "a.h5ad", "w") as f:
        f.create_group("matrix")
    return folder / "a.h5ad"


def truncated(folder: Path) -> Path:
    series().write_h5ad(folder / "a.h5ad")
    content = (folder / "a.h5ad").read_bytes()
    return bytes_at("b.h5ad", content[: len(content) // 2])(folder)


def broken(folder: Path) -> Path:
    series().write_h5ad(folder / "a.h5ad")
    with h5py.File(folder / "a.h5ad", "a") as f:
        f["X"].attrs["encoding-type"] = "nothing known"
    return folder / "a.h5ad"


def near(folder: Path) -> Path:
    return bytes_at("data.h5ad", b"x")(folder).with_name("dta.h5ad")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (near, "does not exist; did you mean 'data.h5ad'"),
        (lambda f: f / "no" / "a.h5ad", "nor does the folder"),
        (lambda f: f, "is a folder"),
        (bytes_at("a.csv", b"x"), "scanpy.read_csv.*write_h5ad"),
        (bytes_at("a.loom", b"x"), "read_loom"),
        (bytes_at("a.docx", b"x"), "not a .h5ad file"),
        (bytes_at("a.h5ad.gz", b"x"), "gunzip a.h5ad.gz"),
        (bytes_at("a.h5ad", b"not a file"), "not an AnnData file, whatever its suffix"),
        (bytes_at("a.h5ad", b""), "not an AnnData file"),
        (other_hdf5, "HDF5 file, but not.*read_10x_h5"),
        (truncated, "damaged"),
        (broken, "may be damaged"),
    ],
)
def test_bad_files(make, words: str, tmp_path: Path) -> None:
    with pytest.raises(e.FileFormatError, match=words):
        pp.read(make(tmp_path))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".csv.gz", ".parquet"])
def test_read_table(suffix: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"source": ["NA", " b"], " target": ["x ", "y"], "weight": [1.0, -1.0]})
    path = tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="," if ".csv" in suffix else "\t", index=False)
    found = pp.read_table(path)
    assert found.to_dict("list") == {"source": ["NA", "b"], "target": ["x", "y"], "weight": [1.0, -1.0]}


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("t.docx", b"x", e.FileFormatError, "unknown suffix.*.csv, .tsv"),
        ("t.csv", b"", e.TableError, "is empty"),
        ("t.csv", b"source,target\n", e.TableError, "no rows"),
        ("t.csv", b"a,b\n1,2,3,4\n1,2,3,4,5\n", e.FileFormatError, "cannot be read as .csv"),
        ("t.csv", b"\xff\xfe\x00", e.FileFormatError, "cannot be read"),
        ("t.csv.gz", b"x", e.FileFormatError, "cannot be read"),
        ("t.parquet", b"x", e.FileFormatError, "cannot be read as .parquet"),
    ],
)
def test_bad_tables(name: str, content: bytes, error, words: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=words):
        pp.read_table(bytes_at(name, content)(tmp_path))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# TFs\nGATA1\n\n SPI1  # pu.1\nGATA1\n", ("GATA1", "SPI1")),
        ("\ufeffGATA1\r\nSPI1\r\n", ("GATA1", "SPI1")),
        ("symbol\nGATA1\n", ("GATA1",)),
        ("gene1\ngene2\n", ("gene1", "gene2")),
        ("Ensembl ID,HGNC symbol,Is TF?\nENSG1,GATA1,Yes\nENSG2,SPI1,Yes\n", ("GATA1", "SPI1")),
        ("Species\tSymbol\nHomo\tGATA1\nHomo\n", ("GATA1",)),
        ('"","x"\n"1","YAL001C"\n', ("YAL001C",)),
        ("GATA1,zinc finger\nSPI1,ETS\n", ("GATA1", "SPI1")),
        ("GATA1, SPI1,TP53\n", ("GATA1", "SPI1", "TP53")),
    ],
)
def test_read_names(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "tfs.txt").write_text(text, encoding="utf-8")
    assert pp.read_names(tmp_path / "tfs.txt") == names


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.txt", b"", "holds no names"),
        ("t.txt", b"# nothing\n", "holds no names"),
        ("t.txt", b"TF\n", "a header but no names"),
        ("t.txt", b"\xff\xfe\x00\x01", "not a text file"),
        ("t.parquet", b"x", "parquet"),
    ],
)
def test_bad_names(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(e.FileFormatError, match=words):
        pp.read_names(bytes_at(name, content)(tmp_path))
