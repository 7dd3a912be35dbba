"""All that training needs to know of the votes: how often symbols occur, alone and together.

A symbol is one (LF, vote) pair that was observed; U symbols in all. Symbols are not counted one by one:
neighbouring LFs are read as one column of vote patterns, as many LFs as keep the patterns few, and two such
columns are counted against each other by one histogram, which holds all their symbols' co-occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import isqrt
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ._classes import GoldLabels, class_index
from ._votes import Votes

CHUNK_CODES = 1 << 24
CHUNK_ROWS = (1 << 14, 1 << 18)
# Two columns of so many patterns make a histogram that stays in the cache.
PATTERNS = (16, 256)
TRIAL_PATTERNS, TRIAL_ROWS = 1 << 16, 2048
DENSE_SYMBOLS = 4096
SPARSE_DENSITY = 0.1


@dataclass(frozen=True)
class VoteStatistics:
    """Counts of the symbols of a label matrix.

    Attributes
    ----------
    n_samples, n_lfs : int
    lf : ndarray of shape (n_symbols,), dtype intp
        The LF of each symbol, ascending.
    vote : ndarray of shape (n_symbols,)
        The value of each symbol, ascending within an LF.
    cooccurrence : ndarray or CSR array of shape (n_symbols, n_symbols), dtype float64
        Rows in which both symbols occur; the diagonal counts each symbol.
    gold_counts : ndarray of shape (n_symbols, n_gold_values)
        Labelled rows of each gold label in which the symbol occurs.
    gold_rows : ndarray of shape (n_gold_values,)
        Labelled rows of each gold label.
    """

    n_samples: int
    n_lfs: int
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    cooccurrence: Any
    gold_counts: NDArray[np.float64]
    gold_rows: NDArray[np.float64]

    @property
    def counts(self) -> NDArray[np.float64]:
        """Rows in which each symbol occurs, shape (n_symbols,)."""
        return np.asarray(self.cooccurrence.diagonal(), dtype=np.float64)

    @property
    def votes_per_lf(self) -> NDArray[np.float64]:
        """Rows in which each LF votes, shape (n_lfs,)."""
        votes = np.bincount(self.lf, weights=self.counts, minlength=self.n_lfs)
        return votes.astype(np.float64)

    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        first, second = self.cooccurrence.nonzero()
        shared = np.zeros(self.n_lfs, dtype=bool)
        shared[self.lf[first[self.lf[first] != self.lf[second]]]] = True
        return shared


def count_votes(votes: Votes, gold: GoldLabels) -> VoteStatistics:
    """Count the symbols of a label matrix, in one pass over chunks of rows.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Their labels are counted against the symbols.

    Returns
    -------
    statistics : VoteStatistics
    """
    total = reduce(_add, (_count_chunk(votes, gold, rows) for rows in _chunks(votes)))
    is_gold = total.lf == votes.n_lfs
    symbols, gold_symbols = np.flatnonzero(~is_gold), np.flatnonzero(is_gold)
    present = total.code[gold_symbols]
    pairs = sp.csr_array(total.pairs) if sp.issparse(total.pairs) else total.pairs
    gold_counts = np.zeros((len(symbols), len(gold.values)))
    gold_rows = np.zeros(len(gold.values))
    with_gold = pairs[symbols][:, gold_symbols]
    gold_counts[:, present] = with_gold.toarray() if sp.issparse(with_gold) else with_gold
    gold_rows[present] = pairs.diagonal()[gold_symbols]
    return VoteStatistics(
        n_samples=votes.n_samples,
        n_lfs=votes.n_lfs,
        lf=total.lf[symbols],
        vote=votes.values[total.code[symbols]],
        cooccurrence=_compact(pairs[symbols][:, symbols]),
        gold_counts=gold_counts,
        gold_rows=gold_rows,
    )


def _compact(pairs: Any) -> Any:
    """Dense where that is hardly larger than the sparse form."""
    if sp.issparse(pairs) and pairs.nnz > SPARSE_DENSITY * pairs.shape[0] ** 2:
        return pairs.toarray()
    return pairs


def gold_by_class(
    statistics: VoteStatistics, gold: GoldLabels, classes: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gold counts (n_symbols, n_classes) and labelled rows (n_classes,), in the order of the classes."""
    columns = class_index(gold.values, classes)
    counts = np.zeros((len(statistics.lf), len(classes)))
    rows = np.zeros(len(classes))
    counts[:, columns] = statistics.gold_counts
    rows[columns] = statistics.gold_rows
    return counts, rows


# Columns of vote patterns ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    """A run of LFs read as one: a row's code says which pattern of their votes it has.

    Attributes
    ----------
    first_lf : int
        The gold labels count as LF n_lfs.
    patterns : ndarray of shape (n_patterns, LFs of the run)
        Vote codes.
    codes : ndarray of shape (n_rows,), dtype intp
    """

    first_lf: int
    patterns: NDArray[np.intp]
    codes: NDArray[np.intp]


def _chunks(votes: Votes) -> list[slice]:
    """Runs of rows to count one by one."""
    least, most = CHUNK_ROWS
    starts = range(0, votes.n_samples, max(least, min(most, CHUNK_CODES // votes.n_lfs)))
    return [slice(start, min(start + starts.step, votes.n_samples)) for start in starts]


def _columns(votes: Votes, gold: GoldLabels, rows: slice) -> list[_Column]:
    """The columns of some rows."""
    limit = min(max(isqrt(rows.stop - rows.start), PATTERNS[0]), PATTERNS[1])
    runs = votes.runs(limit)
    read = (
        _Column(lfs.start, votes.run_patterns(lfs), codes)
        for lfs, codes in zip(runs, votes.run_codes(rows.start, rows.stop, runs), strict=True)
    )
    columns = _merged(read, limit)
    if len(gold.values):
        gold_patterns = np.arange(len(gold.values) + 1)[:, None]
        columns.append(_Column(votes.n_lfs, gold_patterns, gold.codes[rows]))
    return columns


def _merged(columns: Iterator[_Column], limit: int) -> list[_Column]:
    """Neighbours joined as long as at most `limit` patterns are observed."""
    merged: list[_Column] = []
    for column in columns:
        if len(column.patterns) > limit:
            occur, codes = _observed(column.codes, len(column.patterns))
            column = _Column(column.first_lf, column.patterns[occur], codes)
        joined = _joined(merged[-1], column, limit) if merged else None
        if joined is None:
            merged.append(column)
        else:
            merged[-1] = joined
    return merged


def _joined(left: _Column, right: _Column, limit: int) -> _Column | None:
    """Both columns as one, unless more than `limit` patterns are observed."""
    n_right = len(right.patterns)
    n_patterns = len(left.patterns) * n_right
    if n_patterns > TRIAL_PATTERNS:
        return None
    joint = left.codes * n_right + right.codes
    if len(np.unique(joint[:: max(1, len(joint) // TRIAL_ROWS)])) > limit:
        return None
    occur, codes = _observed(joint, n_patterns)
    if len(occur) > limit:
        return None
    first, second = np.divmod(occur, n_right)
    patterns = np.hstack([left.patterns[first], right.patterns[second]])
    return _Column(left.first_lf, patterns, codes)


def _observed(
    codes: NDArray[np.intp], n_patterns: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The patterns that occur, and the codes over these alone."""
    occur = np.flatnonzero(np.bincount(codes, minlength=n_patterns))
    rank = np.zeros(n_patterns, dtype=np.intp)
    rank[occur] = np.arange(len(occur))
    return occur, np.take(rank, codes)


# Counting -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counts:
    """Pair counts of the symbols of some rows; symbols in ascending order of LF and code."""

    lf: NDArray[np.intp]
    code: NDArray[np.intp]
    pairs: Any


def _count_chunk(votes: Votes, gold: GoldLabels, rows: slice) -> _Counts:
    columns = _columns(votes, gold, rows)
    symbols = [_symbols_of(column, votes, gold) for column in columns]
    lf = np.concatenate([lfs for lfs, _, _ in symbols])
    code = np.concatenate([codes for _, codes, _ in symbols])
    count = _sparse_pairs if len(lf) > DENSE_SYMBOLS else _dense_pairs
    return _present(_Counts(lf, code, count(columns, [held for _, _, held in symbols])))


def _symbols_of(
    column: _Column, votes: Votes, gold: GoldLabels
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """LF and code of the column's symbols, and which pattern holds which, (n_patterns, n_symbols)."""
    is_gold = column.first_lf == votes.n_lfs
    silent = [len(gold.values)] if is_gold else [votes.abstain_code]
    n_lfs = column.patterns.shape[1]
    present = np.zeros((n_lfs, 1 + int(column.patterns.max())), dtype=bool)
    present[np.arange(n_lfs), column.patterns] = True
    present[:, [code for code in silent if code < present.shape[1]]] = False
    lfs, codes = np.nonzero(present)
    indicators = (column.patterns[:, lfs] == codes).astype(np.float32)
    return column.first_lf + lfs, codes, indicators


def _dense_pairs(columns: list[_Column], held: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Co-occurrences of all symbols; float32 is exact, as a chunk has fewer than 2^24 rows."""
    bounds = np.cumsum([0] + [symbols.shape[1] for symbols in held])
    pairs = np.zeros((bounds[-1], bounds[-1]))
    for i, left in enumerate(columns):
        rows = slice(*bounds[i : i + 2])
        histograms = [_histogram(left, right).astype(np.float32) for right in columns[i:]]
        # One product for all columns on the right: many small ones would wait for threads.
        counts = held[i].T @ np.hstack(histograms)
        starts = np.cumsum([0] + [histogram.shape[1] for histogram in histograms])
        for j in range(i, len(columns)):
            cols = slice(*bounds[j : j + 2])
            pairs[rows, cols] = counts[:, slice(*starts[j - i : j - i + 2])] @ held[j]
            pairs[cols, rows] = pairs[rows, cols].T
    return pairs


def _sparse_pairs(columns: list[_Column], held: list[NDArray[np.float32]]) -> Any:
    sparse_held = [sp.csr_array(symbols) for symbols in held]
    blocks: list[list[Any]] = [[None] * len(columns) for _ in columns]
    for i, left in enumerate(columns):
        for j in range(i, len(columns)):
            histogram = sp.csr_array(_histogram(left, columns[j]), dtype=np.float64)
            blocks[i][j] = sparse_held[i].T @ histogram @ sparse_held[j]
            blocks[j][i] = blocks[i][j].T
    return sp.csr_array(sp.block_array(blocks))


def _histogram(left: _Column, right: _Column) -> NDArray[np.intp]:
    """Rows of each pair of patterns, shape (left's patterns, right's patterns)."""
    n_left, n_right = len(left.patterns), len(right.patterns)
    if left is right:
        return np.diag(np.bincount(left.codes, minlength=n_left))
    joint = left.codes * n_right
    joint += right.codes
    return np.bincount(joint, minlength=n_left * n_right).reshape(n_left, n_right)


def _present(counts: _Counts) -> _Counts:
    """Without symbols that never occur."""
    occurs = np.flatnonzero(counts.pairs.diagonal())
    if len(occurs) == len(counts.lf):
        return counts
    return _Counts(counts.lf[occurs], counts.code[occurs], counts.pairs[occurs][:, occurs])


def _add(a: _Counts, b: _Counts) -> _Counts:
    """The counts of a's and b's rows together."""
    if np.array_equal(a.lf, b.lf) and np.array_equal(a.code, b.code):
        return _Counts(a.lf, a.code, a.pairs + b.pairs)
    width = 1 + max(a.code.max(initial=0), b.code.max(initial=0))
    keys = [counts.lf * width + counts.code for counts in (a, b)]
    union = np.union1d(*keys)
    spread = [
        _spread(counts.pairs, np.searchsorted(union, key), len(union))
        for counts, key in zip((a, b), keys, strict=True)
    ]
    return _Counts(union // width, union % width, spread[0] + spread[1])


def _spread(pairs: Any, places: NDArray[np.intp], n: int) -> Any:
    """Pair counts in a larger set of symbols."""
    if sp.issparse(pairs) or n > DENSE_SYMBOLS:
        coo = sp.coo_array(pairs)
        return sp.csr_array((coo.data, (places[coo.row], places[coo.col])), shape=(n, n))
    wide = np.zeros((n, n))
    wide[np.ix_(places, places)] = pairs
    return wide
