"""A run that was stopped goes on from its posterior start and gives what it would have given."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import GrnWarning, tl
from grn_l0._errors import OptionError, OutputError
from grn_l0.fit import FitConfig
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.tl import start as tl_start

OPTIONS = {
    "trajectory_key": "trajectory",
    "posterior": PosteriorConfig(rounds=(3, 3), averaged=1),
    "config": FitConfig(steps=5, refit_steps=5),
    "seed": 2,
}


def stop_at(where, step):
    def stop(stage, done, total, figures):
        if (stage, done) == (where, step):
            raise KeyboardInterrupt

    return stop


@pytest.fixture
def computed(monkeypatch):
    """How often the posterior was computed."""
    calls, original = [], tl_start.posterior.infer_start
    monkeypatch.setattr(tl_start.posterior, "infer_start", lambda *a, **k: (calls.append(1), original(*a, **k))[1])
    return calls


def test_an_interrupted_run_goes_on_with_the_same_bits(adata, tmp_path, computed):
    folder = tmp_path / "kept"
    whole = tl.infer(adata.copy(), **OPTIONS)
    with pytest.raises(KeyboardInterrupt):
        tl.infer(adata.copy(), **OPTIONS, checkpoint=folder, progress=stop_at("gated ODE", 3))
    assert [p.name for p in folder.iterdir()] == [tl_start.CHECKPOINT]
    assert len(computed) == 2
    resumed = tl.infer(adata.copy(), **OPTIONS, checkpoint=folder)
    assert len(computed) == 2
    for name in ("scores", "weights", "effects"):
        assert getattr(resumed.network, name).tobytes() == getattr(whole.network, name).tobytes()
    a, b = resumed.model.state_dict(), whole.model.state_dict()
    assert all((a[k] == b[k]).all() for k in b)
    np.testing.assert_array_equal(resumed.fit.history["loss"], whole.fit.history["loss"])
    assert resumed.status == whole.status


def test_a_checkpoint_of_something_else_is_written_over_with_a_warning(adata, tmp_path, computed):
    tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path)
    with pytest.warns(GrnWarning, match="is not used.*another seed"):
        tl.infer(adata.copy(), **{**OPTIONS, "seed": 3}, checkpoint=tmp_path)
    chain = PosteriorConfig(rounds=(3, 4), averaged=1)
    with pytest.warns(GrnWarning, match="other options of the posterior and another seed"):
        tl.infer(adata.copy(), **{**OPTIONS, "posterior": chain}, checkpoint=tmp_path)
    with pytest.warns(GrnWarning, match="other data"):
        tl.infer(adata[:-5].copy(), **{**OPTIONS, "posterior": chain}, checkpoint=tmp_path)
    (tmp_path / tl_start.CHECKPOINT).write_text("")
    with pytest.warns(GrnWarning, match="not a checkpoint"):
        tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path)
    assert len(computed) == 5
    tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path)
    assert len(computed) == 5


def test_resume_wants_something_of_this_run(adata, tmp_path, kept_at_once):
    with pytest.raises(OptionError, match="give checkpoint"):
        tl.infer(adata, **OPTIONS, resume=True)
    with pytest.raises(OptionError, match="nothing to resume in"):
        tl.infer(adata, **OPTIONS, checkpoint=tmp_path, resume=True)
    with pytest.raises(KeyboardInterrupt):
        tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path, progress=stop_at("posterior", 1))
    assert [p.name for p in tmp_path.iterdir()] == ["state-run-0.safetensors"]
    before = (tmp_path / "state-run-0.safetensors").read_bytes()
    with pytest.raises(OptionError, match="belongs to another seed"):
        tl.infer(adata.copy(), **{**OPTIONS, "seed": 3}, checkpoint=tmp_path, resume=True)
    assert (tmp_path / "state-run-0.safetensors").read_bytes() == before
    said = []
    resumed = tl.infer(
        adata.copy(), **OPTIONS, checkpoint=tmp_path, resume=True, progress=lambda *words: said.append(words)
    )
    stage, done, total, figures = said[0]
    assert (stage, done) == ("posterior", 1) and total > 1 and figures["resumed"]
    assert not any("resumed" in figures for *_, figures in said[1:])
    whole = tl.infer(adata.copy(), **OPTIONS)
    assert resumed.network.scores.tobytes() == whole.network.scores.tobytes()


def test_training_goes_on_from_its_last_step(adata, tmp_path, kept_at_once):
    whole = tl.infer(adata.copy(), **OPTIONS)
    with pytest.raises(KeyboardInterrupt):
        tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path, progress=stop_at("linear forecast", 2))
    said = []
    resumed = tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path, progress=lambda *words: said.append(words))
    steps = [(stage, done) for stage, done, _, figures in said if "resumed" not in figures]
    assert steps[:2] == [("posterior", 1), ("linear forecast", 2)]
    a, b = resumed.model.state_dict(), whole.model.state_dict()
    assert all((a[k] == b[k]).all() for k in b)
    np.testing.assert_array_equal(resumed.fit.history["loss"], whole.fit.history["loss"])
    # Of other settings of training nothing is taken, nor of what cannot be read.
    other = {**OPTIONS, "config": FitConfig(steps=4, refit_steps=5)}
    changed = tl.infer(adata.copy(), **other, checkpoint=tmp_path)
    assert (changed.fit.history["stage"] == "gated ODE").sum() == 4
    for path in tmp_path.glob("state-training-*"):
        path.write_bytes(path.read_bytes()[:-8])
    with pytest.warns(GrnWarning, match="is not used"):
        again = tl.infer(adata.copy(), **other, checkpoint=tmp_path)
    np.testing.assert_array_equal(again.fit.history["loss"], changed.fit.history["loss"])


def test_resamples_are_kept_beside_rounds_and_training(adata, tmp_path, kept_at_once):
    asked = {**OPTIONS, "resamples": 4, "false_edges": 5.0}
    whole = tl.infer(adata.copy(), **asked)
    for stage, step in (("posterior", 1), ("resamples", 2), ("gated ODE", 3), ("linear forecast", 2)):
        with pytest.raises(KeyboardInterrupt):
            resume = stage != "posterior"
            tl.infer(adata.copy(), **asked, checkpoint=tmp_path, resume=resume, progress=stop_at(stage, step))
    said = []
    resumed = tl.infer(
        adata.copy(), **asked, checkpoint=tmp_path, resume=True, progress=lambda *words: said.append(words)
    )
    steps = [(stage, done) for stage, done, _, figures in said if "resumed" not in figures and stage != "resamples"]
    assert steps[:2] == [("posterior", 1), ("linear forecast", 2)]
    for name in ("scores", "weights", "frequencies"):
        assert getattr(resumed.network, name).tobytes() == getattr(whole.network, name).tobytes()
    assert resumed.status == whole.status
    assert tl_start.RESAMPLES in [path.name for path in tl_start.checkpoints(tmp_path)]


def test_a_prior_is_part_of_what_a_start_is_computed_from(adata, tmp_path):
    prior = tl.edges_of(adata, "truth")[["source", "target"]]
    tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path)
    with pytest.warns(GrnWarning, match="prior edges"):
        tl.infer(adata.copy(), **OPTIONS, prior=prior, checkpoint=tmp_path)


def test_places_that_cannot_hold_a_checkpoint(adata, tmp_path):
    with pytest.raises(OutputError, match="make it first"):
        tl.infer(adata, **OPTIONS, checkpoint=tmp_path / "no" / "where")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="name a folder"):
        tl.infer(adata, **OPTIONS, checkpoint=tmp_path / "file")
    with pytest.raises(OptionError, match="start='posterior'"):
        tl.infer(adata, **OPTIONS, start="none", checkpoint=tmp_path)


@pytest.mark.slow
def test_processes_change_no_bit_and_no_checkpoint(adata, tmp_path, computed):
    alone = tl.infer(adata.copy(), **OPTIONS)
    shared = tl.infer(adata.copy(), **OPTIONS, jobs=2, checkpoint=tmp_path)
    assert shared.network.scores.tobytes() == alone.network.scores.tobytes()
    assert shared.network.weights.tobytes() == alone.network.weights.tobytes()
    again = tl.infer(adata.copy(), **OPTIONS, checkpoint=tmp_path)
    assert again.network.scores.tobytes() == alone.network.scores.tobytes()
    assert len(computed) == 2
