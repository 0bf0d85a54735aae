from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from grn_l0 import _errors as e
from grn_l0._optional import MissingDependencyError, import_optional
from grn_l0._random import check_seed, generator, torch_generator


def test_streams_are_fixed() -> None:
    # A change of these figures changes every result that was ever published with a seed.
    assert generator(0, "gates").integers(0, 2**31, 3).tolist() == [312760433, 304379490, 740526928]
    assert generator(0, "gates").random() == generator(np.int64(0), "gates").random()


def test_streams_differ() -> None:
    draws = {
        generator(*key).random()
        for key in [(0, "a"), (1, "a"), (0, "b"), (0, "a", 0), (0, "a", 1), (0, "a", 0, 1), (0, "a", 1, 0)]
    }
    assert len(draws) == 7


def test_torch_streams() -> None:
    one, two, three = (torch.rand(4, generator=torch_generator(*key)) for key in [(3, "a"), (3, "a"), (3, "a", 1)])
    assert torch.equal(one, two) and not torch.equal(one, three)


def test_nothing_global_is_seeded() -> None:
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    generator(0, "a").random()
    torch.rand(2, generator=torch_generator(0, "a"))
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, True])
def test_bad_seeds(seed) -> None:
    with pytest.raises(e.OptionError, match="seed is"):
        check_seed(seed)


def test_import_optional(tmp_path, monkeypatch) -> None:
    assert import_optional("json").dumps([1]) == "[1]"
    with pytest.raises(MissingDependencyError, match=r"plots needs nowhere_grn.*pip install 'grn_l0\[docs\]'"):
        import_optional("nowhere_grn.part", extra="docs", purpose="plots")
    with pytest.raises(ImportError, match="pip install nowhere_grn"):
        import_optional("nowhere_grn")
    (tmp_path / "broken_grn_a.py").write_text("import nowhere_grn\n")
    (tmp_path / "broken_grn_b.py").write_text("raise ImportError('no symbol')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, words in (("broken_grn_a", "fails to load"), ("broken_grn_b", "force-reinstall")):
        with pytest.raises(MissingDependencyError, match=words):
            import_optional(name)
        assert name not in sys.modules
