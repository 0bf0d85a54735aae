"""States as files: to the last bit and in the same layout, or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy import sparse

from grn_l0 import GrnWarning, _journal
from grn_l0._journal import Journal
from grn_l0._tree import pack, unpack


@dataclass
class Point:
    """Something that may occur."""

    x: float
    y: tuple[int, ...]


pytestmark = pytest.mark.usefixtures("kept_at_once")


def everything():
    rng = np.random.default_rng(0)
    block = rng.normal(size=(3, 4, 5))
    shared = rng.normal(size=4).astype(np.float32)
    return {
        "layouts": [
            block,
            block.transpose(2, 0, 1),
            np.asfortranarray(block),
            block[:, ::2],
            block[:0],
            block[0, 0, 0],
        ],
        "kinds": (np.array([True, False]), np.arange(3, dtype=np.int32), np.array(2.5), np.float32(0.1)),
        "shared": [shared, shared],
        "sparse": sparse.csr_array(np.where(block[0] > 0, block[0], 0.0)),
        4: None,
        "numbers": [0.1, -np.inf, 2**40, True, "word", Point(x=1.5, y=(1, 2))],
    }


def test_what_was_packed_comes_back_to_the_last_bit_and_in_its_layout(tmp_path):
    before = everything()
    Journal(tmp_path, {"a": 1}, classes=(Point,)).keep("all", lambda: before)
    after = Journal(tmp_path, {"a": 1}, classes=(Point,)).load("all")
    assert list(after) == list(before)
    for name in ("layouts", "kinds"):
        for a, b in zip(after[name], before[name], strict=True):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    for a, b in zip(after["layouts"][:3], before["layouts"][:3], strict=True):
        assert a.strides == b.strides
    assert isinstance(after["kinds"], tuple) and type(after["kinds"][3]) is np.float32
    assert after["shared"][0] is after["shared"][1]
    after["shared"][0][0] = 7.0  # may be written to, as before
    assert (after["sparse"] != before["sparse"]).nnz == 0
    assert after[4] is None and after["numbers"] == before["numbers"]


def test_only_classes_that_were_named_are_made():
    packed, arrays = pack(Point(x=1.0, y=()))
    assert unpack(packed, arrays, (Point,)) == Point(x=1.0, y=())
    with pytest.raises(KeyError):
        unpack(packed, arrays)
    with pytest.raises(TypeError, match="set cannot be kept"):
        pack({1: {2}})


def changed(path, **metadata):
    """The same file with other words in its header."""
    from safetensors import safe_open

    with safe_open(str(path), framework="np") as file:
        words = dict(file.metadata())
    save_file(load_file(str(path)), str(path), {**words, **metadata})


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\xff" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x01"),
        lambda path: changed(path, tree=json.dumps({"is": "object", "of": "Popen", "fields": {}})),
        lambda path: changed(path, about="[]"),
        lambda path: changed(path, about="{"),
        lambda path: changed(path, version="99"),
        lambda path: changed(path, tree="[" * 100_000),
    ],
)
def test_a_file_that_was_harmed_is_not_used(tmp_path, harm):
    journal = Journal(tmp_path, {"a": 1})
    journal.keep("key", lambda: {"x": np.arange(4.0)})
    harm(tmp_path / "state-key.safetensors")
    with pytest.warns(GrnWarning, match="is not used, and will be written over"):
        assert Journal(tmp_path, {"a": 1}).load("key") is None


def test_a_tree_with_its_own_checksum_that_does_not_fit_is_not_used(tmp_path):
    path = tmp_path / "state-key.safetensors"
    Journal(tmp_path).keep("key", lambda: {"x": np.arange(4.0)})
    for tree in ({"is": "array", "name": "9", "axes": [0]}, {"is": "nothing"}, {"no": 1}, {"is": "scalar", "array": 3}):
        text = json.dumps(tree)
        changed(path, tree=text, checksum=_journal.checksum_of(text, load_file(str(path))))
        with pytest.warns(GrnWarning, match="damaged"):
            assert Journal(tmp_path).load("key") is None


def test_what_cannot_be_written_is_warned_of_once_and_stops_nothing(tmp_path):
    journal = Journal(tmp_path / "gone")
    with pytest.warns(GrnWarning, match="cannot be written") as caught:
        journal.keep("key", dict)
        journal.keep("key", dict)
    assert len(caught) == 1


def test_writing_waits_its_turn_and_leavings_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(_journal, "EVERY", 10.0)
    now = [0.0]
    monkeypatch.setattr(_journal.time, "monotonic", lambda: now[0])
    names = {f"{of}.0123abcd.safetensors" for of in (".state-key", ".start", ".other")}
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    journal, made = Journal(tmp_path), []
    assert {path.name for path in tmp_path.iterdir()} == names
    journal.clean(".start.*.safetensors")
    (tmp_path / ".other.0123abcd.safetensors").unlink()
    assert not list(tmp_path.iterdir())
    Journal().clean("*")
    for moment in (5.0, 11.0, 15.0, 22.0):
        now[0] = moment
        journal.keep("key", lambda: made.append(now[0]) or {})
    assert made == [11.0, 22.0]
    journal.forget("ke")
    assert not list(tmp_path.iterdir())
