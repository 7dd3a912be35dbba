"""Known shares of the classes: what they say of rows with votes, and of labeling functions (LFs) that cast one vote.

A class prior says how frequent the classes are. Posteriors need not agree with it: where LFs vote for one class more
often than it occurs, posteriors do too. Factors for the classes mend that, chosen such that the mean posterior of the
rows with votes has the known shares, but for some slack: a known expectation constrains the posterior (Mann and
McCallum; Ganchev et al.). From posteriors of known shares, one learns how precise LFs of one vote are. Then
that they are silent is evidence too; without known shares it would tilt all rows to classes that they do not vote for.

References
----------
G. S. Mann, A. McCallum. Simple, Robust, Scalable Semi-Supervised Learning via Expectation Regularization. ICML 2007.

K. Ganchev, J. Graca, J. Gillenwater, B. Taskar. Posterior Regularization for Structured Latent Variable Models.
Journal of Machine Learning Research 11, 2010.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.combine import PatternBlock, posterior_of
from .._evidence.prior import ClassShares
from .._evidence.table import PRIOR_VOTES
from .observed import RefinementProblem

# The slack of shares known exactly, of infinitely many rows, and what few rows or labels add to it.
SLACK, SAMPLING_SLACK = 0.03, 8.0


# LFs of one symbol are taken to be silent in a fifth of their class's rows at least: rules that exclude each other
# would seem to know more otherwise.
LEAST_SILENCE, LEAST_LEFT = 0.2, 0.1


@dataclass(frozen=True)
class MatchedRows:
    """Rows with votes, whose posteriors shall have known shares.

    Attributes
    ----------
    known : ClassShares
    blocks : list of PatternBlock
    telling : ndarray of shape (n_symbols,), dtype bool
        Symbols whose absence from a row is evidence.
    """

    known: ClassShares
    blocks: list[PatternBlock]
    telling: NDArray[np.bool_]

    def log_factors(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms c of the classes' factors that give posteriors the known shares, shape (n_classes,).

        With m the mean of posteriors in proportion to exp(c) (shares exp(what votes and silence say)) ** (1 / divisor),

            m = shares - slack c,    slack = 0.03 + 8 / rows + 8 / labels.

        So the fewer rows there are, and labels that the shares were counted from, the smaller c is. Their sum is 0.

        Parameters
        ----------
        log_table : ndarray of shape (n_symbols, n_classes)
            What votes say.
        """
        from scipy.optimize import minimize

        shares = self.known.shares
        scored = [(scores, block.weight) for block, scores in self._scored(log_table)]
        n_rows = sum(weight.sum() for _, weight in scored)
        slack = SLACK + SAMPLING_SLACK * (1 / n_rows + 1 / self.known.n_labels)

        def loss_and_gradient(c: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            level, mean = 0.0, np.zeros_like(c)
            for scores, weight in scored:
                likely = scores + c[:, None]
                highest = likely.max(axis=0)
                likely -= highest
                np.exp(likely, out=likely)
                total = likely.sum(axis=0)
                level += weight @ (np.log(total) + highest)
                mean += likely @ (weight / total)
            loss = level / n_rows - shares @ c + slack / 2 * c @ c
            return loss, mean / n_rows - shares + slack * c

        options = {"gtol": 1e-9, "ftol": 0.0, "maxiter": 200}
        start = np.zeros_like(shares)
        found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
        return np.asarray(found.x)

    def expected_counts(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows of each class that hold each symbol, by these posteriors; shape (n_symbols, n_classes)."""
        factors, counts = self.log_factors(log_table), np.zeros_like(log_table)
        for block, scores in self._scored(log_table):
            counts += block.expect(posterior_of(scores, factors))
        return counts

    def voted_prior(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prior of a row with one vote that gives posteriors the known shares, shape (n_classes,)."""
        log_prior = self.log_factors(log_table) + self.log_shares(log_table)
        prior = np.exp(log_prior - log_prior.max())
        return np.asarray(prior / prior.sum())

    def log_shares(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms of the known shares, and what silence says of a row that holds no telling symbol."""
        return np.asarray(np.log(self.known.shares) + self._log_silence(log_table).sum(axis=0))

    def against_silence(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        """The log-table in which a telling symbol says what its silence then no longer does."""
        table = log_table.copy()
        table[self.telling] -= self._log_silence(log_table)
        return table

    def with_shares(self, shares: NDArray[np.float64]) -> MatchedRows:
        """The same rows, that are known to have other shares."""
        return replace(self, known=replace(self.known, shares=shares))

    def _scored(
        self, log_table: NDArray[np.float64]
    ) -> list[tuple[PatternBlock, NDArray[np.float64]]]:
        table, log_shares = self.against_silence(log_table), self.log_shares(log_table)
        return [(block, block.scores(table, log_shares)) for block in self.blocks]

    def _log_silence(self, log_table: NDArray[np.float64]) -> NDArray[np.float64]:
        return _log_silence(log_table[self.telling])


def voted_shares(
    problem: RefinementProblem, log_table: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shares of the classes among rows with votes: what rows without votes leave of a known class prior.

    LFs of one symbol are silent where their class is not, so that classes of rows without votes are in proportion to
    the prior times the product of 1 - P(symbol | Y). At least a tenth of the share that rows with votes would have
    otherwise is left to them.

    Parameters
    ----------
    problem : RefinementProblem
    log_table : ndarray of shape (n_symbols, n_classes)
        log P(symbol | Y), for LFs of one symbol.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    """
    silence = _log_silence(log_table[~problem.has_choice[problem.lf]]).sum(axis=0)
    voteless = prior * np.exp(silence - silence.max())
    voteless /= voteless.sum()
    voted = problem.patterns.weight.sum() / problem.patterns.n_samples
    left = np.maximum(prior - (1 - voted) * voteless, LEAST_LEFT * voted * prior)
    return np.asarray(left / left.sum())


def _log_silence(log_table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log P(the LF of one symbol is silent | Y)."""
    return np.asarray(np.log(np.maximum(1 - np.exp(log_table), LEAST_SILENCE)))


def confirmed_table(
    problem: RefinementProblem,
    log_table: NDArray[np.float64],
    counts: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The log-table in which LFs of one symbol are as precise as rows say, where that is more than in `log_table`.

    A symbol's precision is the share of its class in the expected counts, after adding five votes of the precision
    that it has in `log_table`. What is learned of symbols that are less precise is not taken over: their errors are
    those that LFs make together. P(symbol | Y) is at most 1, so that a frequent vote for a rare class stays less
    precise than learned.

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
    own = np.arange(len(symbols)), problem.symbol_class[symbols]
    before = np.exp(log_table[symbols]) * shares
    before /= before.sum(axis=1, keepdims=True)
    learned = counts[symbols] + PRIOR_VOTES * before
    learned /= learned.sum(axis=1, keepdims=True)
    raised = np.flatnonzero(learned[own] > before[own])
    likely = learned[raised] * problem.frequency[symbols[raised], None] / shares
    table = log_table.copy()
    table[symbols[raised]] = np.log(np.minimum(likely, 1.0))
    return table
