"""Makes `posterior_systems` importable: pytest's importlib mode leaves the folder of a test out of the path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
