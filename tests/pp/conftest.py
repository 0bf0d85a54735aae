from __future__ import annotations

import sys
from pathlib import Path

# Tests are imported by path (importlib mode), so that the helper beside them is found only like this.
sys.path.insert(0, str(Path(__file__).parent))
