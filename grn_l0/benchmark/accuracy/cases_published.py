"""Published measurements: yeast, hematopoiesis, breast cancer, with the floors that they have."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from grn_l0 import datasets, pp
from grn_l0.benchmark.accuracy.case import Case, Problem, Test
from grn_l0.benchmark.hematopoiesis import TEST as DONORS
from grn_l0.benchmark.hematopoiesis import TRAIN, cells, scaled
from grn_l0.benchmark.scoring import inside

USUAL = ("@ours", "@floor", "@quick", "own mean")
#: One-step errors of PHOENIX (Hossain et al. 2024), sparsity of L0 as listed by DASH's authors (2025).
PUBLISHED = {
    "yeast 3551": (
        ("PHOENIX (published)", (("mse_one_step", 0.0598), ("sparsity", 0.0))),
        ("L0 (published)", (("sparsity", 0.3443),)),
    ),
    "erythroid": (("L0 (published)", (("sparsity", 0.1203),)),),
    "breast 500": (("L0 (published)", (("sparsity", 0.1077),)),),
    "breast 2000": (("PHOENIX (published)", (("mse_one_step", 1.7e-4),)),),
}
TREES = ("dynGENIE3-like", "GENIE3", "GRNBoost2")


def yeast(seed: int, *, genes: int, prior: bool = False) -> Problem:
    """One replicate of the cell cycle to learn from, the other to forecast."""
    train, test = datasets.yeast("train", genes), datasets.yeast("test", genes)
    names = tuple(map(str, train.var_names))
    panel = {*names}
    regulators = tuple(g for g in datasets.yeast_regulators() if g in panel)
    return Problem(
        adata=train,
        keys={},
        regulators=regulators,
        prior=inside(datasets.yeast_motif_prior(), regulators, names) if prior else None,
        references={
            "gold standard": datasets.restrict(datasets.yeast_gold_standard(), names, regulators),
            "YEASTRACT": datasets.restrict(datasets.yeast_yeastract(), names, regulators),
        },
        tests={"other replicate": Test(series=pp.to_timeseries(test))},
    )


def hematopoiesis(seed: int, *, lineage: str, prior: bool = False) -> Problem:
    """Cells of two donors to learn from, those of others to forecast from the present cell, and from all so far."""
    train = scaled(datasets.hematopoiesis(lineage, TRAIN))
    names = tuple(map(str, train.var_names))
    panel = {*names}
    regulators = tuple(dict.fromkeys(g for g in datasets.hematopoiesis_regulators() if g in panel))
    tests: dict[str, Test] = {}
    for donor in DONORS[lineage]:
        series = cells(datasets.hematopoiesis(lineage, donor))
        tests[f"{donor}, filtered"] = Test(series=series, measurement="noisy")
        tests[f"{donor}, present cell"] = Test(series=series)
    reference = datasets.restrict(datasets.hematopoiesis_reference(lineage), names, regulators)
    keys: dict[str, Any] = {"pseudotime_key": "dpt_pseudotime", "trajectory_key": "donor"}
    known = inside(datasets.hematopoiesis_prior(), regulators, names) if prior else None
    return Problem(
        adata=train, keys=keys, regulators=regulators, prior=known, references={"reference": reference}, tests=tests
    )


def breast_cancer(seed: int, *, genes: int, prior: bool = False) -> Problem:
    """Tumours in pseudotime; the eight points in the middle are to be forecast."""
    train, test = datasets.breast_cancer(genes, "train"), datasets.breast_cancer(genes, "test")
    names = tuple(map(str, train.var_names))
    known: pd.DataFrame | None = inside(datasets.breast_cancer_prior(genes), names, names) if prior else None
    return Problem(
        adata=train,
        keys={},
        prior=known,
        references={"ChIP": datasets.restrict(datasets.breast_cancer_reference(), names)},
        tests={"middle": Test(series=pp.to_timeseries(test))},
    )


def cases() -> tuple[Case, ...]:
    """All published data sets."""
    return (
        *_yeast(),
        *(
            Case(
                name=f"Hematopoiesis/{lineage}{', prior network' if prior else ''}",
                make=partial(hematopoiesis, lineage=lineage, prior=prior),
                methods=("@ours", "prior alone") if prior else (*USUAL, *TREES),
                prior=prior,
                fixed=True,
                published=() if prior else PUBLISHED.get(lineage, ()),
                about="529 genes; donors 11 and 12 to learn from. `present cell`: each step from the cell before it "
                "alone; `filtered`: from the state filtered from the cells so far. `own mean`: the test donor's.",
            )
            for prior in (False, True)
            for lineage in DONORS
        ),
        *(
            Case(
                name=f"Breast cancer/{genes} genes{', prior network' if prior else ''}",
                make=partial(breast_cancer, genes=genes, prior=prior),
                methods=("@ours", "prior alone") if prior else (*USUAL, *(("@slow",) if genes == 500 else ())),
                prior=prior,
                fixed=True,
                published=() if prior else PUBLISHED.get(f"breast {genes}", ()),
                about="178 points of one series in pseudotime; one-step error at the eight held-out points in the "
                "middle, each from the measured one before it alone. Network: the ChIP network's regulators.",
            )
            for genes, prior in ((500, False), (500, True), (2000, False))
        ),
    )


def _yeast() -> list[Case]:
    about = "24 times of one replicate; one-step error on the other. Networks: the gold standard, and YEASTRACT."
    return [
        Case(
            name=f"Yeast cell cycle/{genes} genes{', motif prior' if prior else ''}",
            make=partial(yeast, genes=genes, prior=prior),
            methods=("@ours", "prior alone") if prior else (*USUAL, *(("@slow",) if genes == 500 else ())),
            prior=prior,
            fixed=True,
            published=() if prior else PUBLISHED.get(f"yeast {genes}", ()),
            about=about,
        )
        for genes in (3551, 500)
        for prior in (False, True)
    ]
