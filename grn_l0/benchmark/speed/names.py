"""Names of the pieces of the speed suite."""

from __future__ import annotations

FIT, WARM, FIRST, IMPORT, HELP = "fit", "command", "command, first run ever", "import grn_l0", "grn-l0 --help"
RESAMPLES, PEAK = "50 resamples", "peak"
#: Methods of the accuracy benchmark that run beside ours; the slow ones run once. PHOENIX trains until its 500 epochs
#: are over.
PHOENIX, SLOW, QUICK = "PHOENIX-like", ("dynGENIE3-like", "PHOENIX-like"), ("lasso", "pysindy")
EVERY = (PEAK, IMPORT, HELP, FIT, WARM, FIRST, *QUICK, *SLOW, RESAMPLES)
