"""Memory that is kept between calls: arrays of their own for everybody who asks at the same time."""

import numpy as np

from grn_l0.solve.room import _KEPT, Room

F32 = np.dtype(np.float32)


def test_arrays_have_their_shapes_and_share_nothing() -> None:
    room = Room()
    with room.arrays((3, 4), (0, 5), (2,), dtype=F32) as first, room.arrays((6,), dtype=F32) as second:
        assert [a.shape for a in first] == [(3, 4), (0, 5), (2,)] and all(a.dtype == F32 for a in first)
        everything = [*first, *second]
        for k, a in enumerate(everything):
            a[...] = k
        assert all((a == k).all() for k, a in enumerate(everything))


def test_memory_is_used_again_by_whoever_comes_next() -> None:
    room = Room()
    with room.arrays((100,), dtype=F32) as (some,):
        where = some.ctypes.data
    with room.arrays((20,), (30,), dtype=np.dtype(np.float64)) as (a, b):
        assert a.ctypes.data == where and b.ctypes.data == where + a.nbytes
        with room.arrays((20,), dtype=F32) as (other,):
            assert other.ctypes.data not in range(where, where + 400)


def test_large_memory_is_not_kept() -> None:
    room = Room()
    with room.arrays((_KEPT + 1,), dtype=np.dtype(np.uint8)):
        pass
    assert not room._free
