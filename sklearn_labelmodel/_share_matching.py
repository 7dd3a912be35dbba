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

import numpy as np
from numpy.typing import NDArray

from ._pattern_blocks import PatternBlock, posterior_of
from ._refinement_problem import PRIOR_VOTES, RefinementProblem

# The slack of shares known exactly, of infinitely many rows, and what few rows or labels add to it.
SLACK, SAMPLING_SLACK = 0.03, 4.0


def match_shares(
    blocks: list[PatternBlock],
    log_table: NDArray[np.float64],
    shares: NDArray[np.float64],
    n_labels: float = np.inf,
) -> NDArray[np.float64]:
    """Logarithms c of the classes' factors that give labels of rows with votes the known shares.

    With m the mean of posteriors in proportion to exp(c) (shares exp(what votes say)) ** (1 / divisor),

        m = shares - slack c,    slack = 0.03 + 4 / rows + 4 / labels.

    So the fewer rows there are, and labels that the shares were counted from, the smaller c is.

    Parameters
    ----------
    blocks : list of PatternBlock
        Rows that have a vote.
    log_table : ndarray of shape (n_symbols, n_classes)
        What votes say.
    shares : ndarray of shape (n_classes,)
        The known class prior, positive.
    n_labels : float, default=inf
        Labelled rows that the shares come from.

    Returns
    -------
    log_factors : ndarray of shape (n_classes,)
        Their sum is 0.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    scored = [(block.scores(log_table, np.log(shares)), block.weight) for block in blocks]
    n_rows = sum(weight.sum() for _, weight in scored)
    slack = SLACK + SAMPLING_SLACK * (1 / n_rows + 1 / n_labels)

    def loss_and_gradient(c: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        level, mean = 0.0, np.zeros_like(c)
        for scores, weight in scored:
            shifted = scores + c[:, None]
            log_sum = logsumexp(shifted, axis=0)
            level += weight @ log_sum
            mean += np.exp(shifted - log_sum) @ weight
        loss = level / n_rows - shares @ c + slack / 2 * c @ c
        return loss, mean / n_rows - shares + slack * c

    options = {"gtol": 1e-10, "ftol": 0.0, "maxiter": 200}
    start = np.zeros_like(shares)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x)


def expected_counts(
    blocks: list[PatternBlock],
    log_table: NDArray[np.float64],
    shares: NDArray[np.float64],
    log_factors: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Rows of each class that hold each symbol, shape (n_symbols, n_classes), that this posterior expects."""
    counts = np.zeros_like(log_table)
    for block in blocks:
        counts += block.expect(posterior_of(block.scores(log_table, np.log(shares)), log_factors))
    return counts


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
