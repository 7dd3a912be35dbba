"""Labeling functions that repeat another one's votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..._evidence.model import VoteModel, places_of
from ..._learning.copies import LEAST_RATIO, LEAST_Z, Symbols, beyond_chance, common_rows
from ..._votes.pairs import symbols_by_vote
from ..._votes.patterns import Patterns
from .agreement import votes_by_lf
from .likelihood import LikelihoodFit, sampled

PAIR_PRODUCTS, LEAST_PATTERNS, MOST_ORIGINALS = 1 << 31, 200, 3


ALIKE, VERY_ALIKE, ALIKE_ROWS = 0.9, 0.97, 100


UNEXPLAINED = 0.3


# Probability, in all pairs together, that LFs which err independently agree so often.
ACCIDENT = 0.2


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
        As in `compare_pairs`; some of the patterns stand for all where they are many.
    fit : LikelihoodFit
    """
    index, part = sampled(patterns, _affordable(patterns.n_lfs, len(prior)))
    ratio, z = compare_pairs(part, proba[index], table, prior)
    least_z = max(LEAST_Z, _least_z(patterns.n_lfs))
    pairs = np.argwhere(np.triu((ratio > LEAST_RATIO) & (z > least_z), 1))
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


def compare_pairs(
    patterns: Patterns,
    proba: NDArray[np.float64],
    table: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far pairs of LFs agree beyond what their tables explain, by the measure of `find_copies`.

    The classes of the rows in which two LFs meet are read from the rows' posterior.

    Parameters
    ----------
    patterns : Patterns
    proba : ndarray of shape (n_patterns, n_classes)
        P(Y | votes).
    table : ndarray of shape (n_symbols, n_classes)
        P(vote | Y, the LF votes), P(vote | Y) for LFs of one symbol.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    ratio, z : ndarray of shape (n_lfs, n_lfs)
        Share of the expected disagreements that is missing, and that in standard errors; 0 for pairs of an LF
        of one symbol and one of several.
    """
    kinds = np.bincount(patterns.lf, minlength=patterns.n_lfs)
    agreed, expected, common = _agreements(patterns, proba, table)
    alone = np.flatnonzero(kinds == 1)
    block = np.ix_(alone, alone)
    agreed[block], expected[block], common[block] = common_rows(
        _one_sided(patterns, alone), table[np.searchsorted(patterns.lf, alone)], prior
    )
    comparable = (kinds == 1) == (kinds == 1)[:, None]
    return beyond_chance(np.where(comparable, agreed, expected), expected, common)


def _agreements(
    patterns: Patterns, proba: NDArray[np.float64], table: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Agreements, expected agreements and common rows of LFs, shape (n_lfs, n_lfs)."""
    n_lfs, weight, spoken = patterns.n_lfs, patterns.weight, votes_by_lf(patterns)
    values, code = np.unique(patterns.vote, return_inverse=True)
    agreed, expected, common = np.zeros((3, n_lfs, n_lfs))
    for y, column in enumerate(table.T):
        says = np.zeros((n_lfs, len(values)))
        says[patterns.lf, code] = column
        in_class = (spoken.T @ (spoken * (weight * proba[:, y])[:, None])).toarray()
        expected += in_class * (says @ says.T)
        common += in_class
    for value in range(len(values)):
        symbols = np.flatnonzero(code == value)
        agreed[np.ix_(patterns.lf[symbols], patterns.lf[symbols])] += _together(patterns, symbols)
    return agreed, expected, common


def _one_sided(patterns: Patterns, lfs: NDArray[np.intp]) -> Symbols:
    """The symbols of LFs of one symbol."""
    symbols = np.searchsorted(patterns.lf, lfs)
    by_vote, together = symbols_by_vote(patterns.vote[symbols]), _together(patterns, symbols)
    return Symbols(symbols, lfs, np.arange(len(lfs)), by_vote, together, patterns.n_samples)


def _together(patterns: Patterns, symbols: NDArray[np.intp]) -> NDArray[np.float64]:
    """Rows in which two of the symbols occur."""
    says = patterns.indicators[:, symbols]
    return np.asarray((says.T @ (says * patterns.weight[:, None])).toarray())


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
    prior = fit.model.prior.of_all
    index, part = sampled(fit.patterns, _affordable(n_lfs, len(prior)))
    ratio, z = compare_pairs(part, fit.proba()[index], fit.table, prior)
    least_z = _least_z(int(fit.known.sum()))
    return fit.known & fit.known[:, None] & ((ratio < UNEXPLAINED) | (z < least_z))


def _least_z(n_lfs: int) -> float:
    """Standard errors that the most alike of so many independent LFs' pairs seldom reach."""
    return float(-ndtri(ACCIDENT / max(1, n_lfs * (n_lfs - 1) / 2)))


def tables_of(patterns: Patterns, model: VoteModel) -> NDArray[np.float64]:
    """P(vote | Y, the LF votes) of each symbol, P(vote | Y) of an LF of one symbol; (n_symbols, n_classes).

    Parameters
    ----------
    patterns : Patterns
    model : VoteModel
        A symbol that it does not know is taken to say nothing of the class.
    """
    mu = model.mu
    table = np.tile(patterns.counts()[:, None] / patterns.n_samples, (1, mu.shape[1]))
    place = places_of(patterns.lf, patterns.vote, model.table)
    known = np.flatnonzero(place < len(mu))
    table[known] = mu[place[known]]
    spoken = np.zeros((patterns.n_lfs, mu.shape[1]))
    np.add.at(spoken, patterns.lf, table)
    spoken[np.bincount(patterns.lf, minlength=patterns.n_lfs) == 1] = 1.0
    return np.asarray(table / spoken[patterns.lf])
