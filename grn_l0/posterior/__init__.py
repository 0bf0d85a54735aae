"""Where the gates start: their posterior under a linear gated ODE with noise, rates and states estimated.

A round takes every gene's kind from residuals, smooths the states given the edges of the last round, and sweeps over
the gates given the states. Files, in the order in which data pass through them:

Designs: what is there to explain
    ``response``        series of one schedule on one grid; how a gene answers its production
    ``inputs``          stimuli, known or found in the data
    ``decoys``          regulators torn apart from the rest, and which edges stand out from theirs
Scaling: measurements that can be compared
    ``scaling``         units of each gene; values where none were measured
    ``gaps``            which values were measured
Kinds: the noise of each gene
    ``covariance``      the dictionary of kinds
    ``fixed_effects``   what the genes of one kind have in common, and is no evidence
    ``residuals``       what measurements leave of trajectories, at every rate
    ``observed``        likelihood of residuals with missing values
    ``kind_shares``     shares of kinds among the genes; compiled
    ``kinds``           the kind of each gene
States: what lies behind the measurements
    ``setting``         what a round works with: data, kinds, inputs, knock-outs
    ``groups``          what genes of one kind say of their own states, and of a regulator's
    ``uncertainty``     how states may deviate from their estimates
    ``states``          smooths every gene, then every regulator with its targets' help
Grams: sufficient statistics of the targets
    ``whitener``        from trajectories to rows of independent noise
    ``apart``           the same for targets with missing values
    ``curvature``       bends of a target's production
    ``grams``           Gram matrices of whitened responses, in blocks of targets
Chain: which gates are open
    ``prior_classes``   prior networks as classes of edges, with rates of their own
    ``odds``            which gates are open, and what an edge costs
    ``randoms``         random numbers inside compiled code
    ``bayes_factors``   odds of single edges given all others; compiled
    ``gibbs``           sweeps over the gates of a target; compiled
    ``sample``          sweeps over a block of targets
    ``workers``         where blocks are worked on; here, in this process
    ``processes``       on processes of this machine
    ``cluster``         on a Dask cluster
    ``engines``         workers by the options of a user
    ``collect``         results of blocks, put together
    ``summary``         what a round says of all edges
    ``chain``           a round over all targets; rates and slabs learned from it
Start: what is handed on
    ``config``          settings
    ``request``         what is asked for beside the data
    ``problem``         data, designs, scaling and dictionary; the steps of a round
    ``rounds``          rounds until they settle, variants of the model, the second look
    ``resume``          where rounds stand, for a journal
    ``blocks``          whether an edge's evidence is spread over the data
    ``tables``          probabilities, weights and prices of all edges, expression units
    ``calibrate``       scores where probabilities are too sure of themselves
    ``start``           the result
    ``joint``           `infer_start`: which way of inference, how many runs, with or without decoys
A few long series, step by step, in place of kinds and states
    ``denoise``         states and one rate from all genes together
    ``leave_out``       rate, rank and shrinkage that forecast best
    ``projection``      states from single measurements of many genes
    ``steps``           steps as rows of one regression
    ``ranking``         order of edges that correlated regulators leave open
    ``transitions``     the chain over these rows

Words
-----
gate
    z of an edge, open (1) or closed (0); the chain samples it. ``Start.gate`` is the probability reported.
kind
    A noise model: response rate, and the sizes of initial spread, offset and drift next to measurement noise.
share
    Of a kind: its part of all genes. Of a slab: its part of the open edges. Observed share: of a gene's values, those
    measured. `Workers.share` is the verb.
curvature, bend
    Curvature of a production: squares and products of its regulators beside the straight lines; what they add to a
    target's production is its bend. Curvature of the likelihood, in `Summary` and `Start`, is the second derivative in
    an edge's weight.
look
    Sweeps along one set of trajectories: the first along smoothed states, the second along those of a model that has
    learned from the first.
"""

from grn_l0.posterior.cluster import Cluster
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.engines import check_workers, open_workers
from grn_l0.posterior.joint import infer_start
from grn_l0.posterior.prior_classes import BELIEVED, Prior, Verdict
from grn_l0.posterior.processes import Processes
from grn_l0.posterior.projection import Projection
from grn_l0.posterior.response import Design
from grn_l0.posterior.rounds import Follow
from grn_l0.posterior.start import Covariance, Start
from grn_l0.posterior.transitions import by_transitions
from grn_l0.posterior.workers import InProcess, Workers

__all__ = [
    "BELIEVED",
    "Cluster",
    "Covariance",
    "Design",
    "Follow",
    "InProcess",
    "PosteriorConfig",
    "Prior",
    "Processes",
    "Projection",
    "Start",
    "Verdict",
    "Workers",
    "by_transitions",
    "check_workers",
    "infer_start",
    "open_workers",
]
