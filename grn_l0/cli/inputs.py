"""Small files that accompany the data: lists of names, and tables of edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grn_l0._errors import OptionError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


@contextmanager
def open_data(path: Path) -> Iterator[AnnData]:
    """An .h5ad file, read or, if it is large, left on disk and closed in the end; see `grn_l0.pp.read`."""
    from grn_l0 import pp

    adata = pp.read(path, backed="auto")
    try:
        yield adata
    finally:
        adata.file.close()


def read_names(path: Path | None) -> tuple[str, ...] | None:
    """Names from a text file, or None without one; see `grn_l0.pp.read_names`."""
    if path is None:
        return None
    from grn_l0 import pp

    return pp.read_names(path)


def read_priors(given: Sequence[str] | None) -> dict[str, pd.DataFrame]:
    """Tables of prior edges by name, from the words ``motif.tsv`` (named as the file) and ``name=path``.

    Raises
    ------
    OptionError
        If two priors have one name.
    """
    if not given:
        return {}
    from grn_l0.network import name_of_file

    out: dict[str, pd.DataFrame] = {}
    for word in given:
        before, sign, after = word.partition("=")
        named = bool(sign) and not Path(word).exists()
        path = Path(after if named else word)
        name = before if named else name_of_file(path)
        if name in out:
            raise OptionError(f"two priors are called {name!r}; name them: --prior motif=a.tsv --prior chip=b.tsv")
        table = read_table(path)
        if table is not None:
            out[name] = table
    return out


def read_trusts(given: Sequence[str] | None) -> str | dict[str, str] | None:
    """What ``--prior-trust`` says: one word for all priors, or by name from ``name=word``.

    Raises
    ------
    OptionError
        If both ways are mixed, or a name comes twice.
    """
    words = list(given or ())
    if not words:
        return None
    if len(words) == 1 and "=" not in words[0]:
        return words[0]
    out: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name in out:
            raise OptionError(f"--prior-trust {word}: give one for all priors, or NAME=TRUST once for each")
        out[name] = value
    return out


def read_table(path: Path | None, *, categorical: bool = False) -> pd.DataFrame | None:
    """Edges from a table or a GraphML file, or None without one; see `grn_l0.network.read_edges`."""
    if path is None:
        return None
    from grn_l0.network import read_edges

    return read_edges(path, categorical=categorical)


def read_hold(given: Sequence[str] | None) -> dict[str, float] | None:
    """Genes to be held and their expression, from the words ``GENE=VALUE`` of ``--hold``.

    Raises
    ------
    OptionError
        If a word has another form, or a gene comes twice.
    """
    out: dict[str, float] = {}
    for word in given or ():
        name, sign, value = word.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            sign = ""
        if not sign or not name.strip() or name.strip() in out:
            raise OptionError(f"--hold {word}: give GENE=VALUE once for each gene, such as --hold GATA1=0")
        out[name.strip()] = number
    return out or None
