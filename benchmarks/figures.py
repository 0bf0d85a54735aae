"""The figures of the pages, from the outputs of the notebooks: python benchmarks/figures.py l0-gates"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def extract(name: str) -> list[Path]:
    """Write every image of an executed notebook to docs/figures, numbered."""
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())
    images = [
        output["data"]["image/png"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    folder = ROOT / "docs" / "figures"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}-{k}.png" for k in range(1, len(images) + 1)]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(base64.b64decode(image))
    return paths


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for path in extract(name):
            print(path.relative_to(ROOT))
