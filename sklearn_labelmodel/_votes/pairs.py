"""All that training needs to know of the votes: how often symbols occur, alone and together.

A symbol is one (LF, vote) pair that was observed; U symbols in all. Of few rows, or rows of few votes, the
product of the symbols' indicators counts them. Else neighbouring LFs are read as one column of vote patterns,
and two such columns are counted against each other (see `columns`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .codes import GoldLabels, SparseVotes, Votes, class_index
from .columns import DENSE_SYMBOLS, MOST_PATTERNS, Counts, count_columns, observed
from .gold import GoldCounts
from .per_lf import rows_with_vote

if TYPE_CHECKING:
    from .._utils.types import PairMatrix

LEAST_CHUNK = 1 << 14
SPARSE_DENSITY = 0.1
# What the ways of counting take, in nanoseconds.
CELL_NS = 1.0
HISTOGRAM_NS = 45_000.0
# Of each pair of a pattern and a symbol of one LF's column.
PATTERN_NS = 20.0
INDICATOR_NS, PRODUCT_NS = 0.6, 0.011
WEIGHED = 8.0
SAMPLE_NS, VOTE_NS, PAIR_NS = 200_000.0, 50.0, 3.0
SAMPLES, SAMPLE_ROWS = 8, 32


@dataclass(frozen=True)
class PairCounts:
    """Counts of the symbols of a label matrix.

    Attributes
    ----------
    n_samples : float
        Rows, or the sum of their weights.
    n_lfs : int
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
    gold_voteless : ndarray of shape (n_gold_values,)
        Those of them that have no vote.
    gold_values : ndarray of shape (n_gold_values,)
    """

    n_samples: float
    n_lfs: int
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    cooccurrence: PairMatrix
    gold_counts: NDArray[np.float64]
    gold_rows: NDArray[np.float64]
    gold_voteless: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    gold_values: NDArray[Any] = field(default_factory=lambda: np.zeros(0))

    def __add__(self, other: PairCounts) -> PairCounts:
        """The counts of the rows of both, whose symbols and gold labels are the same."""
        added = ("n_samples", "cooccurrence", "gold_counts", "gold_rows", "gold_voteless")
        sums: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in added}
        return replace(self, **sums).compact()

    @property
    def counts(self) -> NDArray[np.float64]:
        """Rows in which each symbol occurs, shape (n_symbols,)."""
        return np.asarray(self.cooccurrence.diagonal(), dtype=np.float64)

    def compact(self) -> PairCounts:
        """With co-occurrences dense where that is small, or hardly larger: equal counts are of one form."""
        n_symbols = len(self.lf)
        if isinstance(self.cooccurrence, np.ndarray) and n_symbols <= DENSE_SYMBOLS:
            return self
        pairs = sp.csr_array(self.cooccurrence)
        if n_symbols <= DENSE_SYMBOLS or pairs.nnz > SPARSE_DENSITY * n_symbols**2:
            return replace(self, cooccurrence=pairs.toarray())
        pairs.sort_indices()
        return replace(self, cooccurrence=pairs)

    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        # The symbols of one LF never share a row, so what a symbol's row holds off the diagonal is others'.
        beside = self.cooccurrence.sum(axis=1) > self.counts
        return np.bincount(self.lf[beside], minlength=self.n_lfs) > 0


def count_votes(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None = None
) -> PairCounts:
    """Count the symbols of a label matrix, in one pass over chunks of rows.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Their labels are counted against the symbols.
    weight : ndarray of shape (n_samples,), default=None
        Of the rows; ones where none is given.

    Returns
    -------
    statistics : PairCounts
    """
    n_cells, n_values = votes.n_lfs * votes.n_codes, len(gold.values)
    parts = (_count_chunk(votes, gold, rows, weight) for rows in votes.chunks(LEAST_CHUNK))
    symbols, pairs = reduce(_add, parts)
    n_symbols = int(np.searchsorted(symbols, n_cells))
    lf, code = np.divmod(symbols[:n_symbols], votes.n_codes)
    gold_counts, gold_rows = np.zeros((n_symbols, n_values)), np.zeros(n_values)
    if n_symbols < len(symbols):
        present = symbols[n_symbols:] - n_cells
        gold_counts[:, present] = dense(pairs[:n_symbols, n_symbols:])
        gold_rows[present] = pairs.diagonal()[n_symbols:]
        pairs = pairs[:n_symbols, :n_symbols].copy()
    return PairCounts(
        n_samples=float(votes.n_samples if weight is None else weight.sum()),
        n_lfs=votes.n_lfs,
        lf=lf,
        vote=votes.values[code],
        cooccurrence=pairs,
        gold_counts=gold_counts,
        gold_rows=gold_rows,
        gold_voteless=_voteless(votes, gold, weight) if n_values else np.zeros(0),
        gold_values=gold.values,
    ).compact()


def among(
    pairs: PairCounts,
    places: NDArray[np.intp],
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    gold_values: NDArray[Any],
) -> PairCounts:
    """The same counts over symbols and gold labels that hold those of the pairs.

    Parameters
    ----------
    pairs : PairCounts
    places : ndarray
        Where their symbols stand among all.
    lf, vote : ndarray of shape (n_symbols,)
    gold_values : ndarray of shape (n_gold_values,)
    """
    gold, n_symbols = count_gold(pairs, gold_values), len(lf)
    gold_counts = np.zeros((n_symbols, len(gold_values)))
    gold_counts[places] = gold.by_symbol
    together = _spread(pairs.cooccurrence, places, n_symbols)
    told = gold_counts, gold.rows, gold.voteless, gold_values
    return PairCounts(pairs.n_samples, pairs.n_lfs, lf, vote, together, *told)


def drop_gold(pairs: PairCounts, kept: NDArray[np.bool_]) -> PairCounts:
    """With some of the gold values only."""
    return replace(
        pairs,
        gold_counts=pairs.gold_counts[:, kept],
        gold_rows=pairs.gold_rows[kept],
        gold_voteless=pairs.gold_voteless[kept],
        gold_values=pairs.gold_values[kept],
    )


def _voteless(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Labelled rows of each gold label without a vote, shape (n_gold_values,)."""
    labelled = np.flatnonzero(gold.codes < len(gold.values))
    silent = labelled[~rows_with_vote(votes.take(labelled))]
    each = None if weight is None else weight[silent]
    counts = np.bincount(gold.codes[silent], each, minlength=len(gold.values))
    return counts.astype(np.float64)


def count_gold(statistics: PairCounts, classes: NDArray[Any]) -> GoldCounts:
    """The gold labels that pairs were counted with, in the order of the classes."""
    by_symbol = np.zeros((len(statistics.lf), len(classes)))
    rows, voteless = np.zeros(len(classes)), np.zeros(len(classes))
    columns = class_index(statistics.gold_values, classes)
    if len(columns):
        by_symbol[:, columns] = statistics.gold_counts
        rows[columns] = statistics.gold_rows
        voteless[columns] = statistics.gold_voteless
    return GoldCounts(by_symbol, rows, voteless)


# Ways of counting ---------------------------------------------------------------------------------


def _count_chunk(
    votes: Votes, gold: GoldLabels, rows: slice, weight: NDArray[np.float64] | None
) -> Counts:
    """The counts of some rows, without symbols that never occur."""
    of_rows = None if weight is None else weight[rows]
    count = _quickest(votes, gold, rows, weighed=weight is not None)
    symbols, pairs = count(votes, gold, rows, of_rows)
    occur = np.flatnonzero(pairs.diagonal())
    if len(occur) == len(symbols):
        return symbols, pairs
    return symbols[occur], pairs[occur][:, occur]


Way = Callable[[Votes, GoldLabels, slice, NDArray[np.float64] | None], Counts]


def _quickest(votes: Votes, gold: GoldLabels, rows: slice, *, weighed: bool) -> Way:
    """The way of counting that is estimated to take the fewest nanoseconds."""
    n_rows = rows.stop - rows.start
    n_symbols = votes.n_lfs * (votes.n_codes - 1) + len(gold.values)
    n_columns = len(votes.runs(MOST_PATTERNS)) + bool(len(gold.values))
    reading = n_rows * votes.n_lfs * CELL_NS
    by_columns = reading + n_columns * float(votes.n_codes) ** 2 * PATTERN_NS
    by_columns += n_columns * (n_columns + 1) / 2 * (n_rows * CELL_NS + HISTOGRAM_NS)
    each = WEIGHED if weighed else 1.0
    by_rows = n_rows * n_symbols * each * (INDICATOR_NS + n_symbols * PRODUCT_NS)
    if n_symbols <= DENSE_SYMBOLS and by_rows < by_columns:
        return _count_rows
    if by_columns < reading + SAMPLE_NS:
        return count_columns
    per_row = _votes_per_row(votes, rows)
    by_votes = reading + SAMPLE_NS + n_rows * per_row * (VOTE_NS + per_row * PAIR_NS)
    return _count_each_vote if by_votes < by_columns else count_columns


def _votes_per_row(votes: Votes, rows: slice) -> float:
    """About how many votes a row has."""
    if isinstance(votes, SparseVotes):
        return votes.cells_per_row
    starts = np.linspace(rows.start, max(rows.start, rows.stop - SAMPLE_ROWS), SAMPLES, dtype=int)
    blocks = [votes.block(start, min(start + SAMPLE_ROWS, rows.stop)) for start in starts]
    return votes.n_lfs * float(np.mean([np.mean(block != votes.abstain_code) for block in blocks]))


def _count_rows(
    votes: Votes, gold: GoldLabels, rows: slice, weight: NDArray[np.float64] | None
) -> Counts:
    """Count a few rows by the product of all cells' indicators."""
    spoken = np.arange(votes.n_codes)
    spoken = spoken[spoken != votes.abstain_code].astype(votes.code_dtype)
    codes = votes.block(rows.start, rows.stop)
    held = [(codes[:, None] == spoken[:, None]).reshape(len(codes) * len(spoken), codes.shape[1])]
    symbol = (np.arange(votes.n_lfs)[:, None] * votes.n_codes + spoken).ravel()
    if len(gold.values):
        labels = np.arange(len(gold.values))
        held.append(gold.codes[rows] == labels[:, None])
        symbol = np.append(symbol, votes.n_lfs * votes.n_codes + labels)
    indicators: NDArray[Any] = np.concatenate(held).astype(
        np.float32 if weight is None else np.float64
    )
    weighed: NDArray[Any] = indicators if weight is None else indicators * weight
    pairs = (weighed @ indicators.T).astype(np.float64)
    return symbol, pairs


def _count_each_vote(
    votes: Votes, gold: GoldLabels, rows: slice, weight: NDArray[np.float64] | None
) -> Counts:
    """Count rows of few votes by the sparse product of the votes' indicators."""
    row, lf, code = votes.cells(rows.start, rows.stop)
    cell, n_cells = lf * votes.n_codes + code, votes.n_lfs * votes.n_codes
    if len(gold.values):
        labels = gold.codes[rows]
        labelled = np.flatnonzero(labels < len(gold.values))
        row = np.append(row, labelled)
        cell = np.append(cell, n_cells + labels[labelled])
    occur, symbol = observed(cell, n_cells + len(gold.values))
    shape = rows.stop - rows.start, len(occur)
    held = sp.coo_array((np.ones(len(row)), (row, symbol)), shape=shape).tocsr()
    weighed = held if weight is None else sp.diags_array(weight) @ held
    pairs = held.T @ weighed
    return occur, pairs.toarray() if len(occur) <= DENSE_SYMBOLS else sp.csr_array(pairs)


# Adding up ----------------------------------------------------------------------------------------


def _add(a: Counts, b: Counts) -> Counts:
    """The counts of a's and b's rows together."""
    (first, pairs), (second, more) = a, b
    if np.array_equal(first, second):
        return first, pairs + more
    union = np.union1d(first, second)
    pairs = _spread(pairs, np.searchsorted(union, first), len(union))
    return union, pairs + _spread(more, np.searchsorted(union, second), len(union))


def _spread(pairs: PairMatrix, places: NDArray[np.intp], n: int) -> PairMatrix:
    """Pair counts in a larger set of symbols."""
    if sp.issparse(pairs) or n > DENSE_SYMBOLS:
        coo = sp.coo_array(pairs)
        return sp.csr_array((coo.data, (places[coo.row], places[coo.col])), shape=(n, n))
    wide = np.zeros((n, n))
    wide[np.ix_(places, places)] = pairs
    return wide


def symbols_by_vote(vote: NDArray[Any]) -> list[NDArray[np.intp]]:
    """The symbols of each vote, ascending."""
    _, code = np.unique(vote, return_inverse=True)
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def sum_by_lf(matrix: PairMatrix, lf: NDArray[np.intp], n_lfs: int) -> NDArray[np.float64]:
    """Sums over the symbols of LFs, shape (n_lfs, n_lfs).

    Parameters
    ----------
    matrix : ndarray or CSR array of shape (n_symbols, n_symbols)
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol, ascending.
    n_lfs : int
    """
    if not sp.issparse(matrix) and len(lf):
        present, firsts = np.unique(lf, return_index=True)
        sums = np.zeros((n_lfs, n_lfs))
        sums[np.ix_(present, present)] = np.add.reduceat(
            np.add.reduceat(matrix, firsts), firsts, axis=1
        )
        return sums
    member = sp.csr_array((np.ones(len(lf)), (lf, np.arange(len(lf)))), (n_lfs, len(lf)))
    return dense(member @ matrix @ member.T)


def dense(matrix: PairMatrix) -> NDArray[np.float64]:
    """A sparse or dense matrix as an array."""
    return np.asarray(
        matrix if isinstance(matrix, np.ndarray) else matrix.toarray(), dtype=np.float64
    )
