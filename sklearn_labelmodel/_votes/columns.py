"""Counting symbols by columns of vote patterns.

Neighbouring LFs are read as one column of vote patterns, as many LFs as keep the patterns few. Two such columns
are counted against each other by one histogram, which holds all their symbols' co-occurrences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .codes import PATTERNS_PER_ROW, GoldLabels, Votes

if TYPE_CHECKING:
    from .._utils.types import PairMatrix

# Symbols of some rows, ascending, and in how many rows two occur. A vote is the symbol n_codes * LF + code, and a gold
# label one that comes after those of all LFs.
Counts = tuple[NDArray[np.intp], "PairMatrix"]
# Neighbouring LFs read as one: the symbols of each pattern of their votes, shape (n_patterns, LFs), and which pattern
# each row has.
Column = tuple[NDArray[np.intp], NDArray[np.int32]]
SILENT = -1
# Two columns of so many patterns make a histogram that stays in the cache.
MOST_PATTERNS = 256
TRIAL_PATTERNS, TRIAL_ROWS = 1 << 16, 2048
DENSE_SYMBOLS = 4096


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
    symbols, pairs
        Some symbols may never occur.
    """
    runs = votes.runs(MOST_PATTERNS)
    if len(runs) == 2 and not len(gold.values):
        return _count_two(votes, rows, runs, weight)
    all_codes = votes.run_codes(rows.start, rows.stop, runs, np.int32)
    patterns = (_patterns(votes, lfs) for lfs in runs)
    columns = _merged(zip(patterns, all_codes, strict=True))
    if len(gold.values):
        of_gold = votes.n_lfs * votes.n_codes + np.arange(len(gold.values))
        columns.append((np.append(of_gold, SILENT)[:, None], gold.codes[rows].astype(np.int32)))
    symbols, held = zip(*(_symbols_of(patterns) for patterns, _ in columns), strict=True)
    n_symbols = sum(map(len, symbols))
    count = _sparse_pairs if n_symbols > DENSE_SYMBOLS else _dense_pairs
    return np.concatenate(symbols), count(columns, held, weight)


def observed(codes: NDArray[Any], n_codes: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The codes that occur, and the place of each code among these."""
    if n_codes > PATTERNS_PER_ROW * len(codes):
        occur, place = np.unique(codes, return_inverse=True)
        return occur, place.astype(np.int32)
    occur = np.flatnonzero(np.bincount(codes, minlength=n_codes))
    rank = np.zeros(n_codes, dtype=np.int32)
    rank[occur] = np.arange(len(occur))
    return occur, np.take(rank, codes)


def _patterns(votes: Votes, lfs: slice) -> NDArray[np.intp]:
    """The symbols of every pattern of some LFs' votes, shape (n_patterns, n_lfs); SILENT for an abstain."""
    n_lfs = lfs.stop - lfs.start
    codes = np.indices((votes.n_codes,) * n_lfs).reshape(n_lfs, -1).T
    symbols = votes.n_codes * np.arange(lfs.start, lfs.stop) + codes
    symbols[codes == votes.abstain_code] = SILENT
    return symbols


def _merged(columns: Iterable[Column]) -> list[Column]:
    """Neighbours joined as long as few patterns are observed."""
    merged: list[Column] = []
    for patterns, codes in columns:
        if len(patterns) > MOST_PATTERNS:
            occur, codes = observed(codes, len(patterns))
            patterns = patterns[occur]
        joined = _joined(merged[-1], (patterns, codes)) if merged else None
        if joined is None:
            merged.append((patterns, codes))
        else:
            merged[-1] = joined
    return merged


def _joined(left: Column, right: Column) -> Column | None:
    """Both columns as one, unless too many patterns are observed."""
    (left_patterns, left_codes), (right_patterns, right_codes) = left, right
    n_right = len(right_patterns)
    n_patterns = len(left_patterns) * n_right
    if n_patterns > TRIAL_PATTERNS:
        return None
    trial = slice(None, None, max(1, len(left_codes) // TRIAL_ROWS))
    seen = np.bincount(left_codes[trial] * n_right + right_codes[trial])
    if np.count_nonzero(seen) > MOST_PATTERNS:
        return None
    occur, codes = observed(left_codes * n_right + right_codes, n_patterns)
    if len(occur) > MOST_PATTERNS:
        return None
    first, second = np.divmod(occur, n_right)
    return np.hstack([left_patterns[first], right_patterns[second]]), codes


def _symbols_of(patterns: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """A column's symbols, and which pattern holds which, shape (n_patterns, n_symbols)."""
    symbols, place = np.unique(patterns, return_inverse=True)
    held = np.zeros((len(patterns), len(symbols)), dtype=np.float32)
    held[np.arange(len(patterns))[:, None], place.reshape(patterns.shape)] = 1
    spoken = symbols != SILENT
    return symbols[spoken], held[:, spoken]


# Pairs of columns ---------------------------------------------------------------------------------


def _count_two(
    votes: Votes, rows: slice, runs: list[slice], weight: NDArray[np.float64] | None
) -> Counts:
    """Two columns without gold labels: both are the margins of the one histogram."""
    (joint,) = votes.run_codes(rows.start, rows.stop, [slice(0, votes.n_lfs)])
    patterns = [_patterns(votes, lfs) for lfs in runs]
    shape = len(patterns[0]), len(patterns[1])
    histogram = np.bincount(joint, weight, minlength=shape[0] * shape[1]).reshape(shape)
    (of_left, left), (of_right, right) = map(_symbols_of, patterns)
    across = left.T @ histogram @ right
    own = _within(left, histogram.sum(axis=1)), _within(right, histogram.sum(axis=0))
    pairs = np.block([[own[0], across], [across.T, own[1]]])
    return np.append(of_left, of_right), pairs


def _within(held: NDArray[np.float32], rows: NDArray[Any]) -> NDArray[Any]:
    """Co-occurrences of one column's symbols, from the rows of each of its patterns."""
    return np.asarray((held.T * rows) @ held)


def _dense_pairs(
    columns: list[Column],
    held: tuple[NDArray[np.float32], ...],
    weight: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Co-occurrences of all symbols; without weights float32 is exact, as there are fewer than 2^24 rows."""
    counts = np.ones(len(columns[0][1]), dtype=np.float32) if weight is None else weight
    bounds = np.cumsum([0] + [symbols.shape[1] for symbols in held])
    pairs = np.zeros((bounds[-1], bounds[-1]))
    for i, (patterns, codes) in enumerate(columns):
        rows = slice(*bounds[i : i + 2])
        totals = np.bincount(codes, weight, minlength=len(patterns))
        pairs[rows, rows] = _within(held[i], totals.astype(counts.dtype))
        # A pattern holds few symbols; and dense products of this size would wait for threads.
        few = sp.csr_array(held[i].T)
        for j, histogram in enumerate(_histograms(columns[i:], counts), start=i + 1):
            cols = slice(*bounds[j : j + 2])
            pairs[rows, cols] = (few @ histogram) @ held[j]
            pairs[cols, rows] = pairs[rows, cols].T
    return pairs


def _histograms(columns: list[Column], counts: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """For each column but the first the rows of each pair of patterns, (the first's patterns, its patterns)."""
    (first, first_codes), others = columns[0], columns[1:]
    if not others:
        return
    widest = max(len(patterns) for patterns, _ in others)
    # A sparse array adds up entries at one place, and takes both columns' codes as they are.
    shape = len(first), widest
    pairs = sp.coo_array((counts, (first_codes, others[0][1])), shape=shape)
    histogram = np.empty(shape, dtype=counts.dtype)
    for patterns, codes in others:
        pairs.col = codes
        pairs.toarray(out=histogram)
        yield histogram[:, : len(patterns)]


def _sparse_pairs(
    columns: list[Column], held: tuple[NDArray[np.float32], ...], weight: NDArray[np.float64] | None
) -> sp.csr_array:
    sparse_held = [sp.csr_array(symbols, dtype=np.float64) for symbols in held]
    counts = np.ones(len(columns[0][1])) if weight is None else weight
    blocks: list[list[Any]] = [[None] * len(columns) for _ in columns]
    for i, (left, left_codes) in enumerate(columns):
        for j, (right, codes) in enumerate(columns[i:], start=i):
            shape = len(left), len(right)
            histogram = sp.coo_array((counts, (left_codes, codes)), shape=shape).tocsr()
            blocks[i][j] = sparse_held[i].T @ histogram @ sparse_held[j]
            blocks[j][i] = blocks[i][j].T
    return sp.csr_array(sp.block_array(blocks))
