"""A program for `test_killed`: a fit that is killed again and again until it is done.

Processes are forked, so that Python and its libraries start once. Nothing is computed before.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from grn_l0 import GrnWarning, _journal, datasets, tl
from grn_l0.fit import FitConfig
from grn_l0.posterior.config import PosteriorConfig

CHAIN: dict[str, Any] = {"rounds": (6, 6, 9), "averaged": 2, "more": 1, "second_look": 6}
#: Processes, at most: each goes a few steps further, unless it is killed before it has begun.
MOST = 40


def fit(checkpoint: Path | None, out: Path, progress: Any = None) -> None:
    """A short fit with everything that a long one has."""
    adata = datasets.simulated(genes=12, trajectories=40, seed=1)
    adata.X[3, 5] = adata.X[20, 2] = np.nan
    chain = PosteriorConfig(**CHAIN, false_share=None)
    result = tl.infer(
        adata,
        trajectory_key="trajectory",
        seed=2,
        posterior=chain,
        config=FitConfig(steps=12, refit_steps=12),
        checkpoint=checkpoint,
        progress=progress,
    )
    network, model = result.network, result.model.state_dict()
    np.savez(
        out,
        **{name: getattr(network, name) for name in ("scores", "weights", "effects")},
        loss=result.fit.history["loss"],
        status=result.status,
        **{name: value.numpy() for name, value in model.items()},
    )


def killed(folder: Path, out: Path, how: str, when: int) -> bool:
    """A fit in a process of its own that is killed at one moment; whether it came to its end before."""
    process = os.fork()
    if process == 0:
        begin_to_die(how, when)
        warnings.simplefilter("error", GrnWarning)
        fit(folder, out, steps(when if how == "step" else 0))
        os._exit(0)
    if how == "time":
        time.sleep(0.1 * when)
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if status not in (0, signal.SIGKILL):
        sys.exit(f"the fit ended with {status}")
    return status == 0


def die() -> None:
    """Without any chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def steps(last: int) -> Any:
    """A progress callback that kills after so many steps."""
    done = 0

    def progress(stage: str, at: int, total: int, figures: dict[str, float]) -> None:
        nonlocal done
        done += "resumed" not in figures
        if done == last:
            die()

    return progress


def begin_to_die(how: str, when: int) -> None:
    """Kill in the middle of the n-th write, if that is how."""
    save, writes = safetensors.numpy.save_file, 0

    def half(arrays: Any, path: str, metadata: Any = None) -> None:
        nonlocal writes
        save(arrays, path, metadata)
        writes += 1
        if how == "write" and writes == when:
            os.truncate(path, os.path.getsize(path) // 2)
            die()

    safetensors.numpy.save_file = half


def main(folder: Path, seed: int) -> None:
    """The whole fit, then one that is killed; a line for each process."""
    _journal.EVERY = _journal.PATIENCE = 0.0
    chance = random.Random(seed)
    fit_alone = os.fork()
    if fit_alone == 0:
        fit(None, folder / "whole.npz")
        os._exit(0)
    if os.waitpid(fit_alone, 0)[1] != 0:
        sys.exit("the whole fit failed")
    ends = [("step", 2), ("write", 2), ("time", chance.randint(8, 20))]
    ends += [(chance.choice(("step", "write", "time")), chance.randint(3, 30)) for _ in range(MOST)]
    for how, when in ends:
        done = killed(folder / "kept", folder / "resumed.npz", how, when)
        sys.stdout.write("done\n" if done else f"killed at {how} {when}\n")
        sys.stdout.flush()
        if done:
            return
    sys.exit("it never came to its end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
