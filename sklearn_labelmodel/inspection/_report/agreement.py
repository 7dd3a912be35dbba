"""How far each labeling function agrees with the others, or with gold labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._votes.gold import GoldCounts
from ..._votes.patterns import Patterns
from .facts import Consensus

ROUNDING = 1e-9


def consensus(
    patterns: Patterns, symbol_class: NDArray[np.intp], counts: NDArray[np.float64]
) -> Consensus:
    """Hold each LF's votes against the other LFs' votes in the same rows.

    Chance is what the same votes would agree with the others' in all rows, not only in those in which
    the LF votes: so an LF of a rare class is not taken for wrong, and one-sided LFs can be judged.

    Parameters
    ----------
    patterns : Patterns
    symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class: such votes do not count.
    counts : ndarray of shape (n_patterns, n_classes)
        Votes for each class.
    """
    n_lfs, n_classes = patterns.n_lfs, counts.shape[1]
    total = counts.sum(axis=1)
    row = np.repeat(np.arange(len(total)), np.diff(patterns.indicators.indptr))
    symbol = patterns.indicators.indices
    named = symbol_class[symbol] < n_classes
    row, lf, cls = row[named], patterns.lf[symbol[named]], symbol_class[symbol[named]]
    # A vote that names no single class is none here: its rows are not taken out of those of all.
    spoken = sp.csr_array((np.ones(len(row)), (row, lf)), shape=(len(total), n_lfs))
    others, weight = total[row] - 1, patterns.weight[row]
    row, lf, cls = (values[others > 0] for values in (row, lf, cls))
    weight, others = weight[others > 0], others[others > 0]
    met = np.bincount(lf, weight, minlength=n_lfs).astype(np.float64)
    agreed = np.bincount(lf, weight * (counts[row, cls] - 1) / others, minlength=n_lfs)
    base = _shares_of_others(patterns, counts, spoken, (row, lf, cls, weight, others))
    votes = np.zeros((n_lfs, n_classes))
    np.add.at(votes, (lf, cls), weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Consensus(
            met=met,
            agreed=agreed / met,
            by_chance=(votes * base).sum(axis=1) / met,
            error=np.sqrt((votes * _spread(base)).sum(axis=1)) / met,
        )


def consensus_of_pairs(
    lf: NDArray[np.intp],
    symbol_class: NDArray[np.intp],
    cooccurrence: NDArray[np.float64],
    n_lfs: int,
) -> Consensus:
    """The same from the symbols' co-occurrences alone, every pair of votes in a row counting once.

    Parameters
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        Of symbols that name a class.
    cooccurrence : ndarray of shape (n_symbols, n_symbols)
        Rows in which both symbols occur.
    n_lfs : int
    """
    shape = (n_lfs, int(symbol_class.max(initial=0)) + 1)
    voted = np.zeros(shape)
    np.add.at(voted, (lf, symbol_class), cooccurrence.diagonal())
    base = voted.sum(axis=0) - voted
    base /= np.maximum(base.sum(axis=1, keepdims=True), 1)
    between = cooccurrence * (lf[:, None] != lf)
    pairs, agreeing, votes = np.zeros(n_lfs), np.zeros(n_lfs), np.zeros(shape)
    np.add.at(pairs, lf, between.sum(axis=1))
    np.add.at(agreeing, lf, (between * (symbol_class[:, None] == symbol_class)).sum(axis=1))
    np.add.at(votes, (lf, symbol_class), between.sum(axis=1))
    partner = np.zeros((len(lf), n_lfs))
    np.add.at(partner.T, lf, between)
    rows = np.zeros((n_lfs, n_lfs))
    np.add.at(rows, lf, partner)
    # The pairs of one row are no independent witnesses: only the closest partner's rows count.
    met = rows.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance = (votes * base).sum(axis=1) / pairs
        spread = (votes * _spread(base)).sum(axis=1) / pairs
        return Consensus(met, agreeing / pairs, by_chance, np.sqrt(spread / met))


def agreement_with_labels(
    lf: NDArray[np.intp], symbol_class: NDArray[np.intp], labels: GoldCounts, n_lfs: int
) -> Consensus:
    """The same with gold labels for the others: `met` are votes on labelled rows, `agreed` the share that is right.

    Parameters
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class: such votes do not count.
    labels : GoldCounts
    n_lfs : int
    """
    named = np.flatnonzero(symbol_class < len(labels.rows))
    lf, cls, counts = lf[named], symbol_class[named], labels.by_symbol[named]
    share, votes = (labels.rows / labels.rows.sum())[cls], counts.sum(axis=1)
    sums = np.zeros((4, n_lfs))
    right = counts[np.arange(len(cls)), cls]
    np.add.at(sums.T, lf, np.column_stack([votes, right, votes * share, votes * _spread(share)]))
    met, right, by_chance, spread = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        return Consensus(met, right / met, by_chance / met, np.sqrt(spread) / met)


def _spread(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of a 0/1 number of this mean, 0 where rounding alone keeps the mean off 0 and 1."""
    return np.asarray(np.where(np.abs(share - 0.5) > 0.5 - ROUNDING, 0.0, share * (1 - share)))


def _shares_of_others(
    patterns: Patterns,
    counts: NDArray[np.float64],
    spoken: sp.csr_array,
    cells: tuple[NDArray[Any], ...],
) -> NDArray[np.float64]:
    """Mean share of each class among the votes of all other LFs in a row, shape (n_lfs, n_classes)."""
    row, lf, cls, weight, others = cells
    n_lfs = patterns.n_lfs
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    rows = patterns.weight * (total[:, 0] > 0)
    shares *= rows[:, None]
    # All rows, less those in which the LF votes, which come back without its vote.
    summed = shares.sum(axis=0) - spoken.T @ shares
    n_rows = rows.sum() - spoken.T @ rows
    shape = (len(counts), n_lfs)
    seen = sp.csr_array((weight / others, (row, lf)), shape=shape)
    summed += seen.T @ counts
    np.add.at(summed, (lf, cls), -weight / others)
    n_rows += np.bincount(lf, weight, minlength=n_lfs)
    return np.asarray(summed / np.maximum(n_rows, 1)[:, None])
