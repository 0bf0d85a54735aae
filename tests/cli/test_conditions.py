"""Designs and priors through both doors: the same result, the same refusals, one line about what was seen."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from grn_l0 import GrnWarning, tl
from grn_l0._errors import GrnError
from grn_l0.posterior.config import PosteriorConfig

FLAGS = ("--trajectory-key", "trajectory")
SCRATCH = (*FLAGS, "--start", "none")


@pytest.fixture
def designed(simulated):
    """Twelve courses, of which two are knock-outs, under a stimulus; three steady states beside them."""
    courses = simulated.copy()
    number = courses.obs["trajectory"].astype(str).str.extract(r"(\d+)")[0].astype(int).to_numpy()
    courses.obs["drug"] = (number % 2) * (courses.obs["time"] > 0)
    courses.obs["knockout"] = np.select([number == 1, number == 2], [courses.var_names[0], courses.var_names[3]], "")
    courses.obs["steady_state"] = False
    settled = courses[:3].copy()
    settled.obs_names = ["ss0", "ss1", "ss2"]
    settled.obs["steady_state"], settled.obs["time"], settled.obs["drug"] = True, np.nan, 0
    settled.obs["knockout"] = ["", courses.var_names[2], ""]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ad.concat([courses, settled])


def test_both_doors_see_the_same_design(grn, designed, tmp_path):
    designed.write_h5ad(tmp_path / "data.h5ad")
    done = grn("infer", tmp_path / "data.h5ad", *SCRATCH, "--stimulus", "drug", "--out", tmp_path / "n.graphml",
               "--model", tmp_path / "m.safetensors")  # fmt: skip
    assert done.status == 0, done.err
    result = tl.infer(designed, trajectory_key="trajectory", start="none", stimulus_key="drug")
    line = (
        "12 trajectories x 5 times, unequal steps, 1 stimulus (drug), 2 genes knocked out in 2 trajectories, 3 steady "
        "states (1 of knock-outs): gates from scratch"
    )
    assert result.design == line
    assert f"design: {line}" in done.err and f"design: {line}" in result.summary()
    again = tl.load(tmp_path / "m.safetensors")
    assert again.design == line and again.keys == result.keys
    designed.write_h5ad(tmp_path / "annotated.h5ad")  # what was written into it survives
    ignored = grn("infer", tmp_path / "data.h5ad", *SCRATCH, "--knockout-key", "none", "--out", tmp_path / "n.csv")
    assert ignored.status == 0, ignored.err
    assert "3 steady states: gates from scratch" in ignored.err and "knocked out" not in ignored.err


def test_replicates_through_both_doors(grn, simulated, tmp_path):
    adata = simulated.copy()
    adata.obs["time"] = np.tile([0.0, 0.0, 1.0, 1.0, 2.0], 12)
    adata.write_h5ad(tmp_path / "data.h5ad")
    done = grn("infer", tmp_path / "data.h5ad", *SCRATCH, "--replicates", "mean", "--out", tmp_path / "n.csv")
    assert "12 trajectories x 3 times, 1-2 samples per observation" in done.err
    result = tl.infer(adata, trajectory_key="trajectory", start="none", replicates="mean")
    table = pd.read_csv(tmp_path / "n.csv")
    assert len(table) == result.network.n_edges


def _priors(adata, folder):
    truth = tl.edges_of(adata, "truth")[["source", "target"]]
    names = list(adata.var_names)
    wrong = truth.assign(target=[names[(names.index(t) + 1) % len(names)] for t in truth["target"]])
    wrong = wrong[wrong["source"] != wrong["target"]]
    truth.to_csv(folder / "motif.tsv", sep="\t", index=False)
    wrong.to_csv(folder / "wrong.csv", index=False)
    return truth, wrong


def test_several_priors_through_both_doors(grn, simulated, tmp_path):
    simulated.write_h5ad(tmp_path / "data.h5ad")
    truth, wrong = _priors(simulated, tmp_path)
    words = ("--prior", tmp_path / "motif.tsv", "--prior", f"chip={tmp_path / 'wrong.csv'}")
    done = grn("infer", tmp_path / "data.h5ad", *FLAGS, *words, "--scores", tmp_path / "s.tsv",
               "--out", tmp_path / "n.csv")  # fmt: skip
    assert done.status == 0, done.err
    result = tl.infer(simulated.copy(), trajectory_key="trajectory", prior={"motif": truth, "chip": wrong})
    motif, chip = result.priors
    assert motif.judged and chip.judged
    assert f"prior motif: {motif.share:.0%} of its {len(truth)} edges confirmed" in done.err
    scores = pd.read_csv(tmp_path / "s.tsv", sep="\t").set_index(["source", "target"])["score"]
    expected = result.network.all_edges().set_index(["source", "target"])["score"]
    np.testing.assert_allclose(scores[expected.index], expected, rtol=1e-12)
    assert "Prior chip: " in result.status


def test_a_trust_is_held_by_name_and_for_all(grn, simulated, tmp_path):
    simulated.write_h5ad(tmp_path / "data.h5ad")
    truth, wrong = _priors(simulated, tmp_path)
    words = ("--prior", tmp_path / "motif.tsv", "--prior", tmp_path / "wrong.csv", "--prior-trust", "wrong=0.6")
    done = grn("infer", tmp_path / "data.h5ad", *FLAGS, *words, "--out", tmp_path / "n.csv")
    assert f"prior wrong: trust in its {len(wrong)} edges held at 0.6, as asked" in done.err
    assert "prior motif: " in done.err and "confirmed" in done.err
    chain = PosteriorConfig(rounds=(3, 3), averaged=1)
    both = tl.infer(
        simulated.copy(), trajectory_key="trajectory", prior=[truth, wrong], prior_trust="keep", posterior=chain
    )
    assert [(v.name, v.share, v.judged) for v in both.priors] == [("prior 1", 0.8, False), ("prior 2", 0.8, False)]


def _spoil(column, values):
    def change(a):
        a.obs[column] = values(a) if callable(values) else values

    return change


def _settled_with_time(a):
    a.obs["steady_state"] = np.arange(a.n_obs) == 2


def _knocked_out_in_part(a):
    a.obs["knockout"] = np.where(np.arange(a.n_obs) == 2, a.var_names[1], "")


#: What is wrong: change of the data, options of Python, words of the command line, part of the message.
BAD = {
    "stimulus missing": (_spoil("x", lambda a: [np.nan] + [1.0] * (a.n_obs - 1)), {"stimulus_key": "x"},
                         ("--stimulus", "x"), "'x' is missing"),
    "stimulus negative": (_spoil("x", -1), {"stimulus_key": "x"}, ("--stimulus", "x"), "'x' is -1"),
    "no such stimulus": (None, {"stimulus_key": ["tine"]}, ("--stimulus", "tine"), "did you mean 'time'"),
    "stimulus twice": (_spoil("x", 1), {"stimulus_key": ["x", "x"]}, ("--stimulus", "x", "--stimulus", "x"), "twice"),
    "knock-out of no gene": (_spoil("knockout", "GATA9"), {}, (), "'GATA9' in the knock-out column"),
    "knock-out in a part": (_knocked_out_in_part, {}, (), "whole trajectory or not at all"),
    "no such knock-out column": (None, {"knockout_key": "ko"}, ("--knockout-key", "ko"), "'ko' is not a column"),
    "steady state with a time": (_settled_with_time, {}, (), "steady-state samples have a time"),
    "replicates apart": (lambda a: (_spoil("time", lambda a: np.tile([0.0, 0, 1, 2, 3], 12))(a),
                                    _spoil("x", lambda a: np.arange(a.n_obs))(a)),
                         {"replicates": "mean", "stimulus_key": "x"}, ("--replicates", "mean", "--stimulus", "x"),
                         "differs among replicates"),
    "branch without pseudotime": (None, {"branch_key": "b"}, ("--branch-key", "b"), "pseudotime"),
    "trust without prior": (None, {"prior_trust": 0.5}, ("--prior-trust", "0.5"), "there is no prior"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_conditions_through_both_doors(grn, simulated, tmp_path, name):
    change, options, words, message = BAD[name]
    adata = simulated.copy()
    if change is not None:
        change(adata)
    adata.write_h5ad(tmp_path / "bad.h5ad")
    done = grn("infer", tmp_path / "bad.h5ad", *SCRATCH, *words, "--out", tmp_path / "network.tsv")
    _one_line(done, message, tmp_path)
    with pytest.raises(GrnError) as caught:
        tl.infer(adata, trajectory_key="trajectory", start="none", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("trust", "message"),
    [("1.5", "'1.5'"), ("0", "between 0 and 1"), ("often", "'often'"), ({"chip": "0.5"}, "the priors are 'motif'")],
)
def test_bad_trust_through_both_doors(grn, simulated, tmp_path, trust, message):
    simulated.write_h5ad(tmp_path / "data.h5ad")
    truth, _ = _priors(simulated, tmp_path)
    word = trust if isinstance(trust, str) else "chip=0.5"
    words = ("--prior", tmp_path / "motif.tsv", "--prior-trust", word, "--out", tmp_path / "network.tsv")
    _one_line(grn("infer", tmp_path / "data.h5ad", *FLAGS, *words), message, tmp_path)
    with pytest.raises(GrnError) as caught:
        tl.infer(simulated, trajectory_key="trajectory", prior={"motif": truth}, prior_trust=trust)
    assert message in str(caught.value)


def test_two_priors_of_one_name_through_both_doors(grn, simulated, tmp_path):
    simulated.write_h5ad(tmp_path / "data.h5ad")
    _priors(simulated, tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "motif.tsv").write_bytes((tmp_path / "motif.tsv").read_bytes())
    paths = [tmp_path / "motif.tsv", tmp_path / "other" / "motif.tsv"]
    done = grn("infer", tmp_path / "data.h5ad", *FLAGS, "--prior", paths[0], "--prior", paths[1],
               "--out", tmp_path / "network.tsv")  # fmt: skip
    _one_line(done, "two priors are called 'motif'", tmp_path)
    with pytest.raises(GrnError, match="two priors are called 'motif'"):
        tl.infer(simulated, trajectory_key="trajectory", prior=paths)


def test_a_shared_file_of_several_priors_names_the_bad_one(simulated, tmp_path):
    truth, _ = _priors(simulated, tmp_path)
    nowhere = pd.DataFrame({"source": ["X1"], "target": ["X2"]})
    with pytest.raises(GrnError, match="none of 1 edges of prior 'chip'"):
        tl.infer(simulated, trajectory_key="trajectory", prior={"motif": truth, "chip": nowhere})


def _one_line(done, message, folder):
    assert done.status == 2 and done.out == "" and "Traceback" not in done.err
    errors = [line for line in done.err.splitlines() if not line.startswith("grn-l0: warning")]
    assert len(errors) == 1, done.err
    assert message in errors[0]
    assert not (folder / "network.tsv").exists()


def test_warnings_name_the_prior(simulated):
    truth = tl.edges_of(simulated, "truth")[["source", "target"]]
    twice = pd.concat([truth, truth[:1]])
    chain = PosteriorConfig(rounds=(3, 3), averaged=1)
    with pytest.warns(GrnWarning, match="repeated edges of prior 'b'"):
        tl.infer(simulated.copy(), trajectory_key="trajectory", prior={"a": truth, "b": twice}, posterior=chain)
