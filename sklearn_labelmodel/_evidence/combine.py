"""What votes say of the classes: a table that every vote looks up, and how a row's votes add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .._votes.codes import Votes
from .._votes.patterns import Patterns

# Rows times symbols of which one product may hold all.
LIKENESS_CELLS = 1 << 22


def find_symbols(votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]) -> NDArray[np.intp]:
    """The symbol that each vote code stands for in each LF.

    Parameters
    ----------
    votes : Votes
    lf, vote : ndarray of shape (n_symbols,)
        The LF and the value of every known symbol.

    Returns
    -------
    symbols : ndarray of shape (n_lfs, n_values + 1)
        n_symbols for the abstain and for a vote that is no known symbol.
    """
    symbols = np.full((votes.n_lfs, len(votes.values) + 1), len(lf), dtype=np.intp)
    if not len(votes.vote_values):
        return symbols
    code = np.searchsorted(votes.values, vote)
    code[code == len(votes.values)] = 0
    known = (votes.values[code] == vote) & (code != votes.abstain_code)
    symbols[lf[known], code[known]] = np.flatnonzero(known)
    return symbols


@dataclass(frozen=True)
class Evidence:
    """What votes say of the classes where labeling functions (LFs) err independently.

    Attributes
    ----------
    rows : ndarray of shape (n_lfs, n_values + 1), dtype intp
        The row of the table that each vote code looks up in each LF.
    table : ndarray of shape (n_rows, n_classes)
        Log-likelihoods under each class; a row of zeros says nothing.
    log_prior : ndarray of shape (n_classes,)
    """

    rows: NDArray[np.intp]
    table: NDArray[np.float64]
    log_prior: NDArray[np.float64]

    @property
    def is_weighed(self) -> bool:
        """Whether what a vote says depends on the row's other votes, so that no table of patterns has it."""
        return False

    def nothing(self) -> NDArray[np.float64]:
        """What sums of votes start from, shape (1, columns of the table)."""
        return self.log_prior[None]

    def log_joint(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log P(votes, Y), shape (n_classes, n_rows), of rows' sums, shape (n_rows, columns of the table)."""
        return np.ascontiguousarray(sums.T)

    def sums(self, symbols: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum of what the votes of each row look up, shape (n_rows, columns of the table).

        Parameters
        ----------
        symbols : ndarray of shape (n_rows, n_lfs)
            Row of the table that each vote looks up.
        """
        return self.nothing() + self.table[symbols].sum(axis=1)

    def terms(self, symbols: NDArray[np.intp]) -> NDArray[np.float64]:
        """What each vote, and last what is known without them, adds, shape (n_rows, n_lfs + 1, n_classes).

        `symbols` is as in `sums`.
        """
        prior = np.tile(self.log_prior, (len(symbols), 1, 1))
        return np.concatenate([self.table[symbols], prior], axis=1)


@dataclass(frozen=True)
class TemperedEvidence(Evidence):
    """What votes say of the classes where LFs err together, so that many votes say less than their sum.

    The sum of a row's votes is divided by their number to the power `tempering`; a class prior that is known is divided
    with them, since it would outweigh them otherwise. The table's last column counts: it holds how much a
    vote weighs, in (0, 1], its other columns what it says times that; the last row is 0 and stands for no vote.

    Attributes
    ----------
    log_factors : ndarray of shape (n_classes,)
        What is added to rows with a vote; `log_prior` is the prior of rows with none.
    tempered_log_prior : ndarray of shape (n_classes,)
        What is added to the sum of their votes before that is divided: a known class prior, else 0.
    tempering : float
        In [0, 1].
    likeness : CSR array of shape (n_symbols, n_symbols), or None
        How much of what one symbol says another says too, in [0, 1]: in a row that holds both, each
        counts 1 / (1 + likeness).
    """

    log_factors: NDArray[np.float64]
    tempered_log_prior: NDArray[np.float64]
    tempering: float
    likeness: Any = None

    @property
    def is_weighed(self) -> bool:
        return self.likeness is not None

    def nothing(self) -> NDArray[np.float64]:
        return np.zeros((1, self.table.shape[1]))

    def log_joint(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        by_column = np.ascontiguousarray(sums.T)
        scores, weight = by_column[:-1], by_column[-1]
        scores += self.tempered_log_prior[:, None]
        scores /= tempered_divisor(weight, self.tempering)
        scores += self.log_factors[:, None]
        scores[:, weight == 0] = self.log_prior[:, None]
        return scores

    def sums(self, symbols: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(self._weighed(symbols) @ self.table[:-1])

    def terms(self, symbols: NDArray[np.intp]) -> NDArray[np.float64]:
        weight = self.table[symbols, -1]
        counts = np.ones_like(weight)
        counts[weight > 0] = self._weighed(symbols).data
        total = (weight * counts).sum(axis=1)
        divisor = tempered_divisor(total, self.tempering)[:, None]
        says = self.table[symbols, :-1] * (counts / divisor)[:, :, None]
        voted = self.tempered_log_prior / divisor + self.log_factors
        prior = np.where(total[:, None] > 0, voted, self.log_prior)
        return np.concatenate([says, prior[:, None]], axis=1)

    def _weighed(self, symbols: NDArray[np.intp]) -> Any:
        """What remains of each vote beside those like it, CSR array of shape (n_rows, n_symbols)."""
        rows, lfs = np.nonzero(self.table[symbols, -1])
        indptr = np.searchsorted(rows, np.arange(len(symbols) + 1))
        shape = (len(symbols), len(self.table) - 1)
        votes = sp.csr_array((np.ones(len(rows)), symbols[rows, lfs], indptr), shape=shape)
        return weigh(votes, self.likeness) if self.is_weighed else votes


def tempered_divisor(weight: NDArray[np.float64], tempering: float) -> NDArray[np.float64]:
    """What rows' sums are divided by, in learning as in prediction, where their votes weigh so much together."""
    return np.asarray(np.maximum(weight, 1.0) ** tempering)


def weigh(indicators: Any, likeness: Any) -> Any:
    """Votes that say the same counted less: each weighs 1 / (1 + its likeness to the row's other votes).

    Parameters
    ----------
    indicators : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol, in order of columns.
    likeness : CSR array of shape (n_symbols, n_symbols)
        In [0, 1], with an empty diagonal.

    Returns
    -------
    weights : CSR array of shape (n_rows, n_symbols)
        The same entries, in (0, 1].
    """
    n_rows = max(1, LIKENESS_CELLS // indicators.shape[1])
    parts = []
    for rows in gen_batches(indicators.shape[0], n_rows):
        part = indicators[rows]
        shared = part @ likeness
        shared.sort_indices()
        total = part + part * shared
        parts.append(sp.csr_array((1.0 / total.data, total.indices, total.indptr), total.shape))
    return sp.vstack(parts, "csr")


@dataclass(frozen=True)
class PatternBlock:
    """Some patterns.

    Attributes
    ----------
    indicators : CSR array of shape (n_patterns, n_symbols)
        1 where the pattern holds the symbol.
    evidence : CSR array of shape (n_patterns, n_symbols)
        The same entries: how much each vote counts, in (0, 1].
    divisor : ndarray of shape (n_patterns,)
        What the sum of a row's votes is divided by.
    weight : ndarray of shape (n_patterns,)
        Rows of each pattern.
    """

    indicators: Any
    evidence: Any
    divisor: NDArray[np.float64]
    weight: NDArray[np.float64]

    def scores(
        self, log_table: NDArray[np.float64], log_prior: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """What each row's votes say, and a prior that is divided with them, shape (n_classes, n_patterns)."""
        scores = np.ascontiguousarray((self.evidence @ log_table).T)
        if log_prior is not None:
            scores += log_prior[:, None]
        scores /= self.divisor
        return scores

    def expect(self, posterior: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected rows of each class that hold each symbol, shape (n_symbols, n_classes)."""
        rows = np.multiply(posterior.T, self.weight[:, None], order="C")
        return np.asarray(self.indicators.T @ rows)


def posterior_of(scores: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(Y | row) of scores and an offset for each class, shape (n_classes, n_patterns), in the place of the scores."""
    scores += offset[:, None]
    return normalised(scores)


def pattern_blocks(
    patterns: Patterns,
    n_classes: int,
    tempering: float,
    weights: NDArray[np.float64] | None = None,
    likeness: Any = None,
) -> Iterator[PatternBlock]:
    """The patterns in blocks.

    Parameters
    ----------
    patterns : Patterns
    n_classes : int
    tempering : float
        The sum of a row's votes is divided by that of their weights to this power, in [0, 1].
    weights : ndarray of shape (n_symbols,), default=None
        How much each vote counts as evidence, in (0, 1].
    likeness : CSR array of shape (n_symbols, n_symbols), default=None
        As `weigh` takes it.
    """
    for rows, indicators in patterns.cuts(n_classes):
        evidence = indicators if likeness is None else weigh(indicators, likeness)
        if weights is not None:
            evidence = _scaled(evidence, weights)
        divisor = tempered_divisor(np.asarray(evidence.sum(axis=1)), tempering)
        yield PatternBlock(indicators, evidence, divisor, patterns.weight[rows])


def _scaled(votes: Any, weights: NDArray[np.float64]) -> Any:
    data = votes.data * weights[votes.indices]
    return sp.csr_array((data, votes.indices, votes.indptr), shape=votes.shape)


def normalised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities up to a constant, shape (n_classes, n_rows), in their place probabilities that add up to 1."""
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores
