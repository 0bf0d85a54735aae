"""The option that says which edges are reported."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("word", ["often", "1.5", "nan"])
def test_what_is_no_decision_is_refused_before_any_work(grn, h5ad, tmp_path, word) -> None:
    out = tmp_path / "n.tsv"
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", out, "--decide", word)
    assert done.status == 2 and "decide must be" in done.err
    assert not out.exists()


def test_a_decision_reaches_the_fit(grn, h5ad, tmp_path) -> None:
    sizes = []
    for word in ("balanced", "precision"):
        out = tmp_path / f"{word}.tsv"
        assert grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", out, "--decide", word).status == 0
        sizes.append(len(out.read_text().splitlines()))
    assert sizes[0] >= sizes[1]
