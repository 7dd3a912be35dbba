"""Posteriors of the distinct rows of a label matrix, so many at a time that they fit the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ._evidence import tempered_divisor, weigh
from ._posterior import normalised
from ._votes.patterns import Patterns


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
