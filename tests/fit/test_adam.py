"""Our Adam takes the steps of torch's, and leaves torch's compiler alone."""

import subprocess
import sys

import torch

from grn_l0.fit.adam import Adam


def steps(optimiser: Adam | torch.optim.Adam, parameters: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    for k in range(6):
        optimiser.zero_grad()
        sum((p**3).sum() for p in parameters[: 3 if k > 1 else 2]).backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] *= 0.9
    return [p.detach() for p in parameters]


def groups(parameters: list[torch.nn.Parameter]) -> list[dict[str, object]]:
    return [{"params": parameters[:1], "lr": 0.1}, {"params": parameters[1:], "lr": 0.01}]


def test_steps_are_torchs_to_the_last_bit() -> None:
    """Also of a parameter that gets its first gradient later, of two precisions, and with rates that change."""
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(5, generator=generator), torch.randn(3, 2, generator=generator).double(), torch.ones(2)]
    ours, theirs = ([torch.nn.Parameter(p.clone()) for p in start] for _ in range(2))
    mine = steps(Adam(groups(ours), betas=(0.9, 0.99), eps=1e-12), ours)
    other = steps(torch.optim.Adam(groups(theirs), betas=(0.9, 0.99), eps=1e-12, fused=True), theirs)
    assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))
    assert all(not torch.equal(a, b) for a, b in zip(mine, start, strict=True))


def test_training_loads_no_compiler_of_torch() -> None:
    """It would take longer than the training of a small system."""
    code = (
        "import sys, torch\nfrom grn_l0.fit.adam import Adam\n"
        "p = torch.nn.Parameter(torch.ones(3))\noptimiser = Adam([{'params': [p], 'lr': 0.1}])\n"
        "p.sum().backward()\noptimiser.step()\nprint('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
