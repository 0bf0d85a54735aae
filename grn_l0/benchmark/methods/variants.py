"""Choices that a user of ours has, and the recipe with one step left out at a time: what does each buy?"""

from __future__ import annotations

from grn_l0.benchmark.methods.ours import Variant

VARIANTS = (
    Variant(name="decide precision", role="choice", options={"decide": "precision"}, about="More certain edges."),
    Variant(name="decide balanced", role="choice", options={"decide": "balanced"}, about="For balanced accuracy."),
    Variant(name="posterior start only", role="choice", posterior={"second_look": 0}, config={"steps": 0},
            about="Gates stay as the posterior has them; the gated ODE is not trained, only the forecast is."),
    Variant(name="gates from scratch", role="choice", options={"start": "none"},
            about="No posterior: hard concrete gates trained from scratch; their probabilities are the scores."),
    Variant(name="no decoys", posterior={"false_share": None}, about="The network is not cut where decoys come up."),
    Variant(name="no block evidence", posterior={"blocks": False}, about="An edge may rest on one block of the data."),
    Variant(name="no curvature", posterior={"curvature": False}, about="Production is linear in the posterior."),
    Variant(name="no stimulus or lag", posterior={"search": False}, about="Neither is looked for."),
    Variant(name="independent errors", posterior={"generations": 0},
            about="Errors of regulators' states do not go down the network."),
    Variant(name="no joint step", posterior={"parent": 1.0},
            about="Regulators' states are not re-estimated from what they regulate."),
    Variant(name="one alternation", posterior={"inner": 1}, about="Smoothing and joint step once a round, not twice."),
    Variant(name="five noise models", posterior={"most_kinds": 5}, about="Genes share five covariances of noise."),
    Variant(name="one round", posterior={"rounds": (200,), "averaged": 1, "more": 0},
            about="States are smoothed once; the chain has as many sweeps as the last two rounds."),
    Variant(name="no further rounds", posterior={"more": 0}, about="The last round is not repeated until it settles."),
    Variant(name="last round only", posterior={"averaged": 1}, about="Inclusion probabilities are not averaged."),
    Variant(name="no second look", posterior={"second_look": 0},
            about="Edges are not looked at once more along the trajectories of the gated ODE."),
    Variant(name="uniform price", posterior={"uniform_price": True},
            about="Every edge costs log R nats (extended BIC), in place of a learned rate per regulator."),
    Variant(name="one slab", posterior={"slabs": (0.9,)}, about="One prior scale of weights."),
    Variant(name="coarse rates", posterior={"zoom": 99}, about="Rates stay on the coarse grid."),
    Variant(name="linear forecast", config={"families": "linear"}, about="Only the linear forecasting family."),
)  # fmt: skip
