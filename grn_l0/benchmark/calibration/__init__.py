"""The benchmark of calibration: do scores hold as probabilities on systems that no setting was chosen on?"""

from grn_l0.benchmark.calibration.designs import DESIGNS, FIRST_SEED, Design
from grn_l0.benchmark.calibration.study import Rated, calibration, rate

__all__ = ["DESIGNS", "FIRST_SEED", "Design", "Rated", "calibration", "rate"]
