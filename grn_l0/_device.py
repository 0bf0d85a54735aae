"""The one place where the name of a device becomes a device of torch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grn_l0._errors import OptionError

if TYPE_CHECKING:
    import torch


def checked_device(name: str) -> torch.device:
    """The device that a user has named.

    Parameters
    ----------
    name
        ``"cpu"``; ``"cuda"`` or, of several GPUs, ``"cuda:1"``; ``"auto"``: a GPU where torch sees one, the CPU
        otherwise.

    Raises
    ------
    OptionError
        For any other name, and for a GPU that torch does not see: nobody is to wait for a CPU by mistake.
    """
    import torch

    found = re.fullmatch(r"cpu|auto|cuda(?::(\d+))?", name) if isinstance(name, str) else None
    if found is None:
        raise OptionError(
            f"device must be 'cpu', 'cuda', 'cuda:1' (of several GPUs) or 'auto' (a GPU where torch sees one, the CPU "
            f"otherwise), not {name!r}"
        )
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name != "cpu" and not torch.cuda.is_available():
        raise OptionError(f"device {name!r} asks for a GPU that torch does not see ({_why_not()}")
    if found[1] is not None and int(found[1]) >= torch.cuda.device_count():
        n = torch.cuda.device_count()
        there = "1 GPU, 'cuda:0'" if n == 1 else f"{n} GPUs, 'cuda:0' to 'cuda:{n - 1}'"
        raise OptionError(f"device {name!r} asks for a GPU that is not there: torch sees {there}; use one of those")
    return torch.device(name)


def _why_not() -> str:
    """The end of a sentence: what this torch is, and what to do about it."""
    import torch

    version = str(torch.__version__).split("+")[0]
    built = torch.version.cuda or torch.version.hip
    if built is None:
        return (
            f"torch {version} is the CPU build); use device 'cpu' or 'auto', or install a CUDA build of torch "
            "(https://pytorch.org)"
        )
    return (
        f"torch {version} is built for {built}, and finds no driver or no GPU); use device 'cpu' or 'auto', or see "
        "what nvidia-smi lists"
    )
