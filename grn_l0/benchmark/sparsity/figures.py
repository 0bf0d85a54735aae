"""Figures of the benchmark of sparsity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grn_l0 import pl
from grn_l0.benchmark.sparsity.classifiers import DENSITIES
from grn_l0.benchmark.sparsity.criteria import SIZES


def draw(parts: Mapping[str, Any], folder: Path) -> list[tuple[str, Path]]:
    """Write the figures for which there are parts; captions and files."""
    drawn = []
    if "classifiers" in parts:
        courses = parts["classifiers"]["courses"]
        drawn += [_restarts(name, courses, folder) for name in sorted({label.split(",")[0] for label in courses})]
    if "criteria" in parts:
        drawn.append(_criteria(parts["criteria"]["rows"], folder))
    return drawn


def _restarts(name: str, courses: Mapping[str, Any], folder: Path) -> tuple[str, Path]:
    lines = {}
    for label, course in courses.items():
        data, gate, epsilon, how = label.split(", ")
        if data == name and gate == "hard concrete":
            lines[f"{epsilon}, {how}"] = (course["epoch"], course["density"])
    path = folder / f"sparsity-restart-{name.lower()}.png"
    axes = pl.courses(lines, xlabel="epoch", ylabel="expected density", levels=DENSITIES)
    pl.save(axes, path, dpi=110)
    compared = any(label.endswith("no restart") for label in lines)
    how = "with and without dual restarts" if compared else "and a penalty"
    return f"Density under a constraint {how}, {name}", path


def _criteria(rows: Mapping[str, Any], folder: Path) -> tuple[str, Path]:
    lines = {}
    for name in ("AIC", "BIC", "extended BIC"):
        for how in ("gates", "search"):
            counts = [rows[f"{name}, n = {n}"][f"false, {how}"] for n in SIZES]
            lines[f"{name}, {how}"] = (list(map(float, SIZES)), counts)
    path = folder / "sparsity-criteria.png"
    axes = pl.courses(lines, xlabel="observations", ylabel="false regressors of 190", log_x=True)
    pl.save(axes, path, dpi=110)
    return "False regressors by criterion and number of observations", path
