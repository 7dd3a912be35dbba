"""Counting symbols by columns of vote patterns.

Neighbouring LFs are read as one column of vote patterns, as many LFs as keep the patterns few. Two such columns
are counted against each other by one histogram, which holds all their symbols' co-occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .codes import GoldLabels, Votes

if TYPE_CHECKING:
    from .._utils.types import PairMatrix

# Two columns of so many patterns make a histogram that stays in the cache.
MOST_PATTERNS = 256
TRIAL_PATTERNS, TRIAL_ROWS = 1 << 16, 2048
DENSE_SYMBOLS = 4096
# Rows of so many patterns are counted by one histogram.
PATTERNS_PER_ROW = 4


@dataclass(frozen=True)
class Counts:
    """Pair counts of the symbols of some rows; symbols in ascending order of LF and code.

    Attributes
    ----------
    lf, code : ndarray of shape (n_symbols,), dtype intp
        The gold labels count as LF n_lfs.
    pairs : ndarray or CSR array of shape (n_symbols, n_symbols), dtype float64
    """

    lf: NDArray[np.intp]
    code: NDArray[np.intp]
    pairs: PairMatrix


def count_columns(
    votes: Votes, gold: GoldLabels, rows: slice, weight: NDArray[np.float64] | None
) -> Counts:
    """Count some rows, fewer than 2^24, column by column.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
    rows : slice
    weight : ndarray of shape (n_rows,) or None
        Of these rows; ones where there is none.

    Returns
    -------
    counts : Counts
        Some symbols may never occur.
    """
    runs = votes.runs(MOST_PATTERNS)
    if len(runs) == 2 and not len(gold.values):
        return _count_two(votes, rows, runs, weight)
    columns = _columns(votes, gold, rows, runs)
    symbols = [_symbols_of(column.first_lf, column.patterns, votes, gold) for column in columns]
    held = [indicators for _, _, indicators in symbols]
    n_symbols = sum(indicators.shape[1] for indicators in held)
    count = _sparse_pairs if n_symbols > DENSE_SYMBOLS else _dense_pairs
    return _counts(symbols, count(columns, held, weight))


def observed(codes: NDArray[Any], n_patterns: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The patterns that occur, and the codes over these alone."""
    if n_patterns > PATTERNS_PER_ROW * len(codes):
        occur, place = np.unique(codes, return_inverse=True)
        return occur, place.astype(np.int32)
    occur = np.flatnonzero(np.bincount(codes, minlength=n_patterns))
    rank = np.zeros(n_patterns, dtype=np.int32)
    rank[occur] = np.arange(len(occur))
    return occur, np.take(rank, codes)


# Columns ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    """A run of LFs read as one: a row's code says which pattern of their votes it has.

    Attributes
    ----------
    first_lf : int
        The gold labels count as LF n_lfs.
    patterns : ndarray of shape (n_patterns, LFs of the run)
        Vote codes.
    codes : ndarray of shape (n_rows,), dtype int32
    """

    first_lf: int
    patterns: NDArray[np.intp]
    codes: NDArray[np.int32]


def _columns(votes: Votes, gold: GoldLabels, rows: slice, runs: list[slice]) -> list[_Column]:
    """The columns of some rows, from runs of LFs."""
    all_codes = votes.run_codes(rows.start, rows.stop, runs, np.int32)
    read = (
        _Column(lfs.start, votes.run_patterns(lfs), codes)
        for lfs, codes in zip(runs, all_codes, strict=True)
    )
    columns = _merged(read)
    if len(gold.values):
        gold_patterns = np.arange(len(gold.values) + 1)[:, None]
        columns.append(_Column(votes.n_lfs, gold_patterns, gold.codes[rows].astype(np.int32)))
    return columns


def _merged(columns: Iterator[_Column]) -> list[_Column]:
    """Neighbours joined as long as few patterns are observed."""
    merged: list[_Column] = []
    for column in columns:
        if len(column.patterns) > MOST_PATTERNS:
            occur, codes = observed(column.codes, len(column.patterns))
            column = _Column(column.first_lf, column.patterns[occur], codes)
        joined = _joined(merged[-1], column) if merged else None
        if joined is None:
            merged.append(column)
        else:
            merged[-1] = joined
    return merged


def _joined(left: _Column, right: _Column) -> _Column | None:
    """Both columns as one, unless too many patterns are observed."""
    n_right = len(right.patterns)
    n_patterns = len(left.patterns) * n_right
    if n_patterns > TRIAL_PATTERNS:
        return None
    trial = slice(None, None, max(1, len(left.codes) // TRIAL_ROWS))
    seen = np.bincount(left.codes[trial] * n_right + right.codes[trial])
    if np.count_nonzero(seen) > MOST_PATTERNS:
        return None
    occur, codes = observed(left.codes * n_right + right.codes, n_patterns)
    if len(occur) > MOST_PATTERNS:
        return None
    first, second = np.divmod(occur, n_right)
    patterns = np.hstack([left.patterns[first], right.patterns[second]])
    return _Column(left.first_lf, patterns, codes)


# Symbols of columns -------------------------------------------------------------------------------

_Symbols = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]


def _symbols_of(
    first_lf: int, patterns: NDArray[np.intp], votes: Votes, gold: GoldLabels | None
) -> _Symbols:
    """LF and code of a column's symbols, and which pattern holds which, (n_patterns, n_symbols)."""
    silent = len(gold.values) if gold and first_lf == votes.n_lfs else votes.abstain_code
    n_lfs = patterns.shape[1]
    present = np.zeros((n_lfs, 1 + max(silent, int(patterns.max()))), dtype=bool)
    present[np.arange(n_lfs), patterns] = True
    present[:, silent] = False
    lfs, codes = np.nonzero(present)
    return first_lf + lfs, codes, (patterns[:, lfs] == codes).astype(np.float32)


def _counts(symbols: Sequence[_Symbols], pairs: PairMatrix) -> Counts:
    lf = np.concatenate([lfs for lfs, _, _ in symbols])
    return Counts(lf, np.concatenate([codes for _, codes, _ in symbols]), pairs)


# Pairs of columns ---------------------------------------------------------------------------------


def _count_two(
    votes: Votes, rows: slice, runs: list[slice], weight: NDArray[np.float64] | None
) -> Counts:
    """Two columns without gold labels: both are the margins of the one histogram."""
    (joint,) = votes.run_codes(rows.start, rows.stop, [slice(0, votes.n_lfs)])
    patterns = [votes.run_patterns(lfs) for lfs in runs]
    shape = len(patterns[0]), len(patterns[1])
    histogram = np.bincount(joint, weight, minlength=shape[0] * shape[1]).reshape(shape)
    symbols = [
        _symbols_of(lfs.start, table, votes, None)
        for lfs, table in zip(runs, patterns, strict=True)
    ]
    left, right = (indicators for _, _, indicators in symbols)
    across = left.T @ histogram @ right
    own = _within(left, histogram.sum(axis=1)), _within(right, histogram.sum(axis=0))
    pairs = np.block([[own[0], across], [across.T, own[1]]])
    return _counts(symbols, pairs)


def _within(held: NDArray[np.float32], rows: NDArray[Any]) -> NDArray[Any]:
    """Co-occurrences of one column's symbols, from the rows of each of its patterns."""
    return np.asarray((held.T * rows) @ held)


def _dense_pairs(
    columns: list[_Column],
    held: list[NDArray[np.float32]],
    weight: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Co-occurrences of all symbols; without weights float32 is exact, as there are fewer than 2^24 rows."""
    counts = np.ones(len(columns[0].codes), dtype=np.float32) if weight is None else weight
    bounds = np.cumsum([0] + [symbols.shape[1] for symbols in held])
    pairs = np.zeros((bounds[-1], bounds[-1]))
    for i, left in enumerate(columns):
        rows = slice(*bounds[i : i + 2])
        totals = np.bincount(left.codes, weight, minlength=len(left.patterns))
        pairs[rows, rows] = _within(held[i], totals.astype(counts.dtype))
        # A pattern holds few symbols; and dense products of this size would wait for threads.
        few = sp.csr_array(held[i].T)
        for j, histogram in enumerate(_histograms(left, columns[i + 1 :], counts), start=i + 1):
            cols = slice(*bounds[j : j + 2])
            pairs[rows, cols] = (few @ histogram) @ held[j]
            pairs[cols, rows] = pairs[rows, cols].T
    return pairs


def _histograms(
    left: _Column, others: list[_Column], counts: NDArray[Any]
) -> Iterator[NDArray[Any]]:
    """For each other column the rows of each pair of patterns, (left's patterns, its patterns)."""
    if not others:
        return
    widest = max(len(other.patterns) for other in others)
    # A sparse array adds up entries at one place, and takes both columns' codes as they are.
    shape = len(left.patterns), widest
    pairs = sp.coo_array((counts, (left.codes, others[0].codes)), shape=shape)
    histogram = np.empty(shape, dtype=counts.dtype)
    for other in others:
        pairs.col = other.codes
        pairs.toarray(out=histogram)
        yield histogram[:, : len(other.patterns)]


def _sparse_pairs(
    columns: list[_Column], held: list[NDArray[np.float32]], weight: NDArray[np.float64] | None
) -> sp.csr_array:
    sparse_held = [sp.csr_array(symbols, dtype=np.float64) for symbols in held]
    counts = np.ones(len(columns[0].codes)) if weight is None else weight
    blocks: list[list[Any]] = [[None] * len(columns) for _ in columns]
    for i, left in enumerate(columns):
        for j in range(i, len(columns)):
            shape = len(left.patterns), len(columns[j].patterns)
            histogram = sp.coo_array((counts, (left.codes, columns[j].codes)), shape=shape).tocsr()
            blocks[i][j] = sparse_held[i].T @ histogram @ sparse_held[j]
            blocks[j][i] = blocks[i][j].T
    return sp.csr_array(sp.block_array(blocks))
