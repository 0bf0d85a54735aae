"""A device that every machine has: tensors that compute on the CPU, and refuse to meet any that are not with them.

Torch sees them on its "meta" device, so that code which asks takes the path of an accelerator; reading them as numpy
arrays, or mixing them with tensors of the CPU, is an error as it is there. Values are real, and can be compared.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
_COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class There(Tensor):
    """A tensor elsewhere."""

    inner: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: Tensor) -> There:
        made = Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), dtype=inner.dtype, device=DEVICE, requires_grad=False
        )
        made.inner = inner
        return made

    def tolist(self) -> Any:
        return self.cpu().tolist()  # torch has no other way for subclasses

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class Elsewhere(TorchDispatchMode):
    """While it is active, tensors can be made and moved there."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    given = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    there = [value for value in given if isinstance(value, There)]
    # Numbers are at home everywhere; so are copies from one device to another.
    if there and func not in _COPIES and any(value.ndim for value in given if not isinstance(value, There)):
        raise RuntimeError(f"{func} was given tensors of two devices: {[type(value).__name__ for value in given]}")
    to = kwargs.get("device")
    if to is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    known = {id(value.inner): value for value in there}
    out = func(*_unwrapped(args), **_unwrapped(kwargs))
    stays = bool(there) if to is None else torch.device(to) == DEVICE
    if func is torch.ops.aten.copy_.default:
        stays = isinstance(args[0], There)

    def wrapped(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return known[id(value)] if id(value) in known else There(value)  # what was changed in place stays the same

    return tree_map(wrapped, out) if stays else out


def _unwrapped(tree: Any) -> Any:
    return tree_map(lambda value: value.inner if isinstance(value, There) else value, tree)
