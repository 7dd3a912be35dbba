"""Known shares of the classes: what they say of rows with votes, and of labeling functions (LFs) that cast one vote.

A class prior says how frequent the classes are. Posteriors need not agree with it: where LFs vote for one class more
often than it occurs, so do the labels. Factors for the classes mend that, chosen such that the mean posterior of the
rows with votes is the class prior, but for some slack: a known expectation constrains the posterior (Mann and
McCallum; Ganchev et al.). From labels of known shares, one learns how precise LFs of one vote are.

References
----------
G. S. Mann, A. McCallum. Simple, Robust, Scalable Semi-Supervised Learning via Expectation Regularization. ICML 2007.

K. Ganchev, J. Graca, J. Gillenwater, B. Taskar. Posterior Regularization for Structured Latent Variable Models.
Journal of Machine Learning Research 11, 2010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._pattern_blocks import PatternBlock, posterior_of
from ._refinement_problem import PRIOR_VOTES, RefinementProblem

# The slack of shares known exactly, of infinitely many rows, and what few rows or labels add to it.
SLACK, SAMPLING_SLACK = 0.03, 8.0


@dataclass(frozen=True)
class KnownShares:
    """Rows with votes, and how frequent the classes are known to be.

    Attributes
    ----------
    shares : ndarray of shape (n_classes,)
        The known class prior, positive.
    blocks : list of PatternBlock
        Rows that have a vote.
    n_labels : float, default=inf
        Labelled rows that the shares were counted from.
    """

    shares: NDArray[np.float64]
    blocks: list[PatternBlock]
    n_labels: float = np.inf

    def log_factors(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms c of the classes' factors that give labels the known shares, shape (n_classes,); they sum to 0.

        With m the mean of posteriors in proportion to exp(c) (shares exp(what votes say)) ** (1 / divisor),

            m = shares - slack c,    slack = 0.03 + 8 / rows + 8 / labels.

        So the fewer rows there are, and labels that the shares were counted from, the smaller c is.

        Parameters
        ----------
        log_table : ndarray of shape (n_symbols, n_classes)
            What votes say.
        """
        from scipy.optimize import minimize
        from scipy.special import logsumexp

        scored = [(self._scores(block, log_table), block.weight) for block in self.blocks]
        n_rows = sum(weight.sum() for _, weight in scored)
        slack = SLACK + SAMPLING_SLACK * (1 / n_rows + 1 / self.n_labels)

        def loss_and_gradient(c: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            level, mean = 0.0, np.zeros_like(c)
            for scores, weight in scored:
                shifted = scores + c[:, None]
                log_sum = logsumexp(shifted, axis=0)
                level += weight @ log_sum
                mean += np.exp(shifted - log_sum) @ weight
            loss = level / n_rows - self.shares @ c + slack / 2 * c @ c
            return loss, mean / n_rows - self.shares + slack * c

        options = {"gtol": 1e-10, "ftol": 0.0, "maxiter": 200}
        start = np.zeros_like(self.shares)
        found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
        return np.asarray(found.x)

    def expected_counts(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows of each class that hold each symbol, by labels of known shares; shape (n_symbols, n_classes)."""
        factors, counts = self.log_factors(log_table), np.zeros_like(log_table)
        for block in self.blocks:
            counts += block.expect(posterior_of(self._scores(block, log_table), factors))
        return counts

    def voted_prior(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """P(Y) of rows with one vote that gives labels the known shares, shape (n_classes,)."""
        factors = self.log_factors(log_table)
        prior = self.shares * np.exp(factors - factors.max())
        return np.asarray(prior / prior.sum())

    def _scores(self, block: PatternBlock, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        return block.scores(log_table, np.log(self.shares))


def confirmed_table(
    problem: RefinementProblem,
    log_table: NDArray[np.float64],
    counts: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The log-table in which LFs of one symbol are as precise as rows say, where that is more than was assumed.

    A symbol's precision is the share of its class in the expected counts, after adding five votes as it was
    assumed. What is learned of symbols that are less precise than assumed is not taken over: their errors are those
    that LFs make together.

    Parameters
    ----------
    problem : RefinementProblem
    log_table, counts : ndarray of shape (n_symbols, n_classes)
        log P(symbol | Y), for LFs of one symbol; expected rows of each class that hold the symbol.
    shares : ndarray of shape (n_classes,)
        The known class prior.
    """
    is_single = ~problem.has_choice[problem.lf] & (problem.symbol_class < problem.n_classes)
    symbols = np.flatnonzero(is_single)
    own = problem.symbol_class[symbols]
    assumed = np.exp(log_table[symbols]) * shares
    assumed /= assumed.sum(axis=1, keepdims=True)
    learned = counts[symbols] + PRIOR_VOTES * assumed
    learned /= learned.sum(axis=1, keepdims=True)
    raised = np.flatnonzero(learned[np.arange(len(own)), own] > assumed[np.arange(len(own)), own])
    likely = learned[raised] * problem.frequency[symbols[raised], None] / shares
    table = log_table.copy()
    table[symbols[raised]] = np.log(np.minimum(likely, 1.0))
    return table
