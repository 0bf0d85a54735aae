"""A start comes back from its file to the last bit, in the layout it had, and nothing else comes back as one."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from fit_systems import N, known
from safetensors.numpy import save_file

from grn_l0._errors import FileFormatError, OutputError
from grn_l0._journal import checksum_of
from grn_l0.fit.start_file import VERSION, canonical, data_checksum, load_start, read_about, save_start
from grn_l0.posterior.projection import Projection
from grn_l0.posterior.start import Start

ABOUT = {"data": "abc", "options": {"rounds": [3, 3]}, "seed": 1, "version": "0"}


def assert_same(a: Start, b: Start) -> None:
    for f in fields(Start):
        x, y = getattr(a, f.name), getattr(b, f.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype and x.strides == y.strides and x.tobytes() == y.tobytes(), f.name
        elif f.name == "covariances":
            assert len(x) == len(y)
            for c, d in zip(x, y, strict=True):
                assert (c.series == d.series).all() and c.whitener.tobytes() == d.whitener.tobytes()
        elif f.name == "projection" and x is not None:
            assert all(np.array_equal(value, vars(y)[name]) for name, value in vars(x).items())
        else:
            assert x == y, f.name


@pytest.mark.parametrize("bare", [False, True])
def test_roundtrip_is_bit_identical(bare: bool, tmp_path: Path) -> None:
    start = known(4).start
    odd = replace(start, inclusion=np.asfortranarray(start.inclusion), initial=start.states[:, 0], redundancy=1.25)
    if bare:
        loadings = np.asfortranarray(np.linalg.qr(np.random.default_rng(0).normal(size=(N, 2)))[0])
        few = Projection(mean=np.zeros(N), scale=np.ones(N), loadings=loadings, power=np.ones(2), rest=0.3)
        odd = replace(odd, covariances=(), projection=few, score=0.5 * start.inclusion, note="said")
    save_start(tmp_path / "s.safetensors", odd, ABOUT)
    assert read_about(tmp_path / "s.safetensors") == ABOUT
    assert_same(load_start(tmp_path / "s.safetensors"), canonical(odd))
    assert [p.name for p in tmp_path.iterdir()] == ["s.safetensors"]


def test_the_checksum_sees_everything_that_matters() -> None:
    series, rows = known(4).series, np.arange(5)
    listed = np.zeros((5, series.n_genes), dtype=bool)
    other = series.values.copy()
    other[0, 0, 0] += 1e-12
    missing = series.values.copy()
    missing[0, 0, 0] = np.nan
    sums = [
        data_checksum(series, rows),
        data_checksum(series, rows + 1),
        data_checksum(series, rows, listed),
        data_checksum(replace(series, values=other), rows),
        data_checksum(replace(series, values=missing), rows),
        data_checksum(replace(series, times=2 * series.times), rows),
        data_checksum(replace(series, genes=series.genes[::-1]), rows),
    ]
    assert len(set(sums)) == len(sums)
    assert data_checksum(replace(series), rows.copy()) == sums[0]
    negative = missing.copy()
    negative[0, 0, 0] = -np.nan  # another bit pattern of the same thing
    assert data_checksum(replace(series, values=negative), rows) == sums[4]


def test_foreign_damaged_and_newer_files(tmp_path: Path) -> None:
    path = tmp_path / "s.safetensors"
    path.write_text("not a checkpoint")
    with pytest.raises(FileFormatError, match="not a checkpoint written by grn_l0"):
        load_start(path)
    one = {"a": np.zeros(1)}
    save_file(one, str(path), {"format": "grn_l0 start", "version": "99", "header": "{}"})
    with pytest.raises(FileFormatError, match="this version"):
        read_about(path)
    this = {"format": "grn_l0 start", "version": str(VERSION)}
    # The folder of this test has "damaged" in its name, too.
    save_file(one, str(path), this | {"header": "{}"})
    with pytest.raises(FileFormatError, match="is a damaged checkpoint"):
        read_about(path)
    header = '{"about": {}, "values": {}, "covariances": 0}'
    save_file(one, str(path), this | {"header": header, "checksum": checksum_of(header, one)})
    with pytest.raises(FileFormatError, match="is a damaged checkpoint"):
        load_start(path)


def test_a_file_of_which_a_bit_was_altered_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.safetensors"
    save_start(path, known(4).start, ABOUT)
    whole = path.read_bytes()
    for altered in (whole[:-1] + bytes([whole[-1] ^ 1]), whole.replace(b'\\"seed\\": 1', b'\\"seed\\": 2')):
        assert altered != whole
        path.write_bytes(altered)
        with pytest.raises(FileFormatError, match="its checksum is another"):
            load_start(path)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_start(tmp_path / "nowhere" / "s.safetensors", known(3).start, ABOUT)
