"""The calibration study at a small size: what it counts, reports and refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grn_l0 import metrics
from grn_l0._errors import OptionError
from grn_l0.benchmark import calibration as study
from grn_l0.benchmark.calibration.study import Rated, between_systems, pooled

SMALL = (
    study.Design(kind="logic", genes=8, series=30, noise=0.05, systems=2),
    study.Design(kind="logic", genes=8, series=30, noise=0.1, systems=1),
)


def test_small_study_counts_every_candidate_and_reports_them(tmp_path):
    said = []
    files = study.calibration(tmp_path / "out", designs=SMALL, command="the command", say=said.append)
    assert [path.name for path in files] == ["calibration.md", "calibration.png", "calibration.json"]
    assert all(path.stat().st_size for path in files)
    systems = json.loads(files[2].read_text())
    assert [(one["design"], one["seed"]) for one in systems] == [
        (SMALL[0].name, study.FIRST_SEED), (SMALL[0].name, study.FIRST_SEED + 1), (SMALL[1].name, study.FIRST_SEED)
    ]  # fmt: skip
    assert len(said) == 3
    for one in systems:
        assert sum(one["counts"]["count"]) == 8 * 7
        assert 0 < sum(one["counts"]["hits"]) < 8 * 7
    text = files[0].read_text()
    assert "`the command`" in text
    for design in SMALL:
        assert f"| {design.name} |" in text
    both = metrics.Reliability(
        **{k: np.sum([s["counts"][k] for s in systems], axis=0) for k in ("count", "total", "hits")}
    )
    assert f"expected calibration error {both.error():.4f} over all candidates" in text


def test_half_the_seeds_are_fewer_systems(tmp_path):
    files = study.calibration(tmp_path, designs=SMALL[:1], seeds=1)
    assert len(json.loads(files[2].read_text())) == 1


def rated(design, count, hits, seed=0):
    counts = metrics.Reliability(count=np.array(count), total=0.5 * np.array(count), hits=np.array(hits))
    return Rated(design=design, seed=seed, counts=counts, brier=0.1, precision=0.5, edges=3, cpu_seconds=1.0)


def test_interval_between_systems_knows_that_candidates_depend():
    # Half of the systems are right throughout and half are wrong: 400 candidates are as good as 8.
    systems = [rated("a", [50, 0], [50 * (k % 2), 0], k) for k in range(8)]
    low, high = between_systems(systems)
    narrow = pooled(systems).interval()
    assert low[0] < narrow[0][0] - 0.05 and high[0] > narrow[1][0] + 0.05
    assert np.isnan(low[1])
    low, high = between_systems([rated("a", [10, 10], [3, 9], k) for k in range(4)])
    assert low.tolist() == high.tolist() == [0.3, 0.9]


def test_mistakes(tmp_path):
    with pytest.raises(OptionError, match="0 designs"):
        study.calibration(tmp_path, designs=())
    with pytest.raises(OptionError, match="0 seeds"):
        study.calibration(tmp_path, designs=SMALL, seeds=0)


def test_designs_have_names_and_seeds_of_their_own():
    names = [design.name for design in study.DESIGNS]
    assert len(set(names)) == len(names)
    problem = SMALL[0].make(study.FIRST_SEED)
    assert problem.adata.n_vars == 8 and problem.series.n_series == 30
