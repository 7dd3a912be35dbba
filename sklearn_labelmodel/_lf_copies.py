"""Labeling functions that repeat another one's votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dependence import find_dependence, near_duplicates
from ._lf_likelihood import LikelihoodFit, sampled
from ._patterns import Patterns

PAIR_PRODUCTS, LEAST_PATTERNS, MOST_ORIGINALS = 1 << 31, 200, 3
ALIKE, VERY_ALIKE, ALIKE_ROWS = 0.9, 0.97, 100
UNEXPLAINED, UNEXPLAINED_Z = 0.3, 2.0


@dataclass(frozen=True)
class Copy:
    """Two LFs that vote alike.

    Attributes
    ----------
    first, second : int
        Their columns, the lower first.
    rows : float
        Rows in which both vote; of one-sided LFs, rows in which the rarer one votes.
    agreement : float
        Share, in [0, 1], of these rows in which they vote the same.
    """

    first: int
    second: int
    rows: float
    agreement: float


def copied_pairs(
    patterns: Patterns,
    proba: NDArray[np.float64],
    table: NDArray[np.float64],
    prior: NDArray[np.float64],
    fit: LikelihoodFit,
) -> tuple[Copy, ...]:
    """Pairs of LFs that agree nearly always, and more than their tables explain, the most alike first.

    The tables of a label model that stopped early explain too little of what good LFs agree in. Where the votes tell
    both LFs' accuracies, the tables of maximum likelihood must fail to explain it too, unless the two agree
    in 97% of a hundred rows or more. An LF is compared with the three before it that it is most like.

    Parameters
    ----------
    patterns, proba, table, prior
        As in `find_dependence`; some of the patterns stand for all where they are many.
    fit : LikelihoodFit
    """
    index, part = sampled(patterns, _affordable(patterns.n_lfs, len(prior)))
    ratio, z = find_dependence(part, proba[index], table, prior)
    pairs = near_duplicates(ratio, z)
    if not len(pairs):
        return ()
    closest = _closest(pairs, ratio[pairs[:, 0], pairs[:, 1]])
    explained, by_symbol = _explained(fit, patterns.n_lfs), patterns.indicators.tocsc()
    copies = [_copy(patterns, by_symbol, int(i), int(j)) for i, j in pairs[closest]]
    kept = [
        copy
        for copy in copies
        if copy.agreement >= ALIKE
        and (
            not explained[copy.first, copy.second]
            or (copy.agreement >= VERY_ALIKE and copy.rows >= ALIKE_ROWS)
        )
    ]
    return tuple(sorted(kept, key=lambda copy: (-copy.agreement, -copy.rows)))


def _closest(pairs: NDArray[np.intp], ratio: NDArray[np.float64]) -> NDArray[np.intp]:
    """The places of each second LF's pairs with the first LFs that it is most like."""
    order = np.lexsort((-ratio, pairs[:, 1]))
    second = pairs[order, 1]
    rank = np.arange(len(order)) - np.searchsorted(second, second)
    return order[rank < MOST_ORIGINALS]


def _affordable(n_lfs: int, n_classes: int) -> int:
    """How many patterns to count pairs in."""
    return int(max(LEAST_PATTERNS, PAIR_PRODUCTS // (n_lfs**2 * n_classes)))


def _copy(patterns: Patterns, by_symbol: Any, first: int, second: int) -> Copy:
    own = [np.flatnonzero(patterns.lf == lf) for lf in (first, second)]
    says = [by_symbol[:, symbols].toarray() for symbols in own]
    same = (patterns.vote[own[0]][:, None] == patterns.vote[own[1]]).astype(np.float64)
    agree = float(patterns.weight @ ((says[0] @ same) * says[1]).sum(axis=1))
    votes = [said.sum(axis=1) for said in says]
    together = float(patterns.weight @ (votes[0] * votes[1]))
    if len(own[0]) == len(own[1]) == 1:
        together = min(float(patterns.weight @ voted) for voted in votes)
    return Copy(first, second, together, agree / max(together, 1.0))


def _explained(fit: LikelihoodFit, n_lfs: int) -> NDArray[np.bool_]:
    """Whether the tables of maximum likelihood explain what two LFs agree in, shape (n_lfs, n_lfs)."""
    if fit.patterns is None:
        return np.zeros((n_lfs, n_lfs), dtype=bool)
    prior = fit.parameters.prior
    index, part = sampled(fit.patterns, _affordable(n_lfs, len(prior)))
    ratio, z = find_dependence(part, fit.proba()[index], fit.table, prior)
    return fit.known & fit.known[:, None] & ((ratio < UNEXPLAINED) | (z < UNEXPLAINED_Z))


def tables_of(
    patterns: Patterns, symbols: NDArray[Any], mu: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(vote | Y, the LF votes) of each symbol, P(vote | Y) of an LF of one symbol; (n_symbols, n_classes).

    Parameters
    ----------
    patterns : Patterns
    symbols : structured ndarray of shape (n_known,)
        The symbols that the model knows; another one is taken to say nothing of the class.
    mu : ndarray of shape (n_known, n_classes)
    """
    place = {(lf, vote): u for u, (lf, vote) in enumerate(symbols.tolist())}
    known = [
        place.get(symbol, -1)
        for symbol in zip(patterns.lf.tolist(), patterns.vote.tolist(), strict=True)
    ]
    table = np.tile(patterns.counts()[:, None] / patterns.n_samples, (1, mu.shape[1]))
    found = np.flatnonzero(np.array(known) >= 0)
    table[found] = mu[np.array(known)[found]]
    lfs = np.arange(patterns.n_lfs)[:, None] == patterns.lf
    choice = lfs.sum(axis=1) > 1
    spoken = np.where(choice[:, None], lfs @ table, 1.0)
    return np.asarray(table / spoken[patterns.lf])
