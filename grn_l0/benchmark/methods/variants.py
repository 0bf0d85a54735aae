"""Choices that a user of ours has, and the recipe with one step left out at a time: what does each buy?"""

from __future__ import annotations

from grn_l0.benchmark.methods.ours import Variant

VARIANTS = (
    Variant(name="odds 1/4", role="choice", config={"odds": 0.25}, about="Edges must be four times surer."),
    Variant(name="odds 4", role="choice", config={"odds": 4.0}, about="Favours balanced accuracy over precision."),
    Variant(name="odds 16", role="choice", config={"odds": 16.0}, about="The same, further."),
    Variant(name="posterior start only", role="choice", config={"steps": 0},
            about="Gates stay as the posterior has them; the gated ODE is not trained, only the forecast is."),
    Variant(name="gates from scratch", role="choice", options={"start": "none"},
            about="No posterior: hard concrete gates trained from scratch; their probabilities are the scores."),
    Variant(name="no joint step", posterior={"parent": 1.0},
            about="Regulators' states are not re-estimated from what they regulate."),
    Variant(name="one alternation", posterior={"inner": 1}, about="Smoothing and joint step once a round, not twice."),
    Variant(name="five noise models", posterior={"most_kinds": 5}, about="Genes share five covariances of noise."),
    Variant(name="one round", posterior={"rounds": (200,), "averaged": 1, "more": 0},
            about="States are smoothed once; the chain has as many sweeps as the last two rounds."),
    Variant(name="no further rounds", posterior={"more": 0}, about="The last round is not repeated until it settles."),
    Variant(name="last round only", posterior={"averaged": 1}, about="Inclusion probabilities are not averaged."),
    Variant(name="one slab", posterior={"slabs": (0.9,)}, about="One prior scale of weights."),
    Variant(name="coarse rates", posterior={"zoom": 99}, about="Rates stay on the coarse grid."),
    Variant(name="linear forecast", config={"families": "linear"}, about="Only the linear forecasting family."),
)  # fmt: skip
