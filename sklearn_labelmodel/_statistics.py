"""All that training needs to know of the votes: how often symbols occur, alone and together.

A symbol is one (LF, vote) pair that was observed; U symbols in all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ._classes import GoldLabels
from ._votes import Votes

FEW_VALUES = 8
BLOCK_BYTES = 1 << 20
SPARSE_ROWS = 1 << 14
SAMPLE_ROWS = 4096
# Measured: nanoseconds for 64 rows of one pair of symbols as bits, and for one pair of votes in a
# row as a sparse product.
BITS_NS, SPARSE_NS = 1.0, 6.0
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
    cooccurrence : ndarray or CSR array of shape (n_symbols, n_symbols)
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
        return np.bincount(self.lf, weights=self.counts, minlength=self.n_lfs)

    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        pairs = sp.coo_array(self.cooccurrence)
        apart = self.lf[pairs.row] != self.lf[pairs.col]
        shared = np.zeros(self.n_lfs, dtype=bool)
        shared[self.lf[pairs.row[apart]]] = True
        return shared


@dataclass(frozen=True)
class _Columns:
    """Candidate symbols: the code to look for and the row of a block to look in; gold labels last."""

    lf: NDArray[np.intp]
    code: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.lf)


def count_votes(votes: Votes, gold: GoldLabels) -> VoteStatistics:
    """Count the symbols of a label matrix, in one pass over blocks of rows (two for many values).

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Their labels are counted against the symbols.

    Returns
    -------
    statistics : VoteStatistics
        Symbols that never occur are left out.
    """
    candidates = _candidates(votes, gold)
    pairs = _count_pairs(votes, gold, candidates)
    occurs = pairs.diagonal() > 0
    is_gold = candidates.lf == votes.n_lfs
    symbols = np.flatnonzero(occurs & ~is_gold)
    with_gold = pairs[symbols][:, np.flatnonzero(is_gold)]
    return VoteStatistics(
        n_samples=votes.n_samples,
        n_lfs=votes.n_lfs,
        lf=candidates.lf[symbols],
        vote=votes.values[candidates.code[symbols]],
        cooccurrence=_compact(pairs[symbols][:, symbols]),
        gold_counts=np.asarray(with_gold.todense() if sp.issparse(with_gold) else with_gold, float),
        gold_rows=np.asarray(pairs.diagonal()[is_gold], dtype=np.float64),
    )


def _candidates(votes: Votes, gold: GoldLabels) -> _Columns:
    possible = np.ones((votes.n_lfs, len(votes.values) + 1), dtype=bool)
    if len(votes.values) > FEW_VALUES:
        possible = _observed(votes)
    possible[:, [votes.abstain_code, len(votes.values)]] = False
    lf, code = np.nonzero(possible)
    gold_codes = np.arange(len(gold.values))
    return _Columns(
        np.concatenate([lf, np.full(len(gold_codes), votes.n_lfs)]),
        np.concatenate([code, gold_codes]),
    )


def _observed(votes: Votes) -> NDArray[np.bool_]:
    seen = np.zeros((votes.n_lfs, len(votes.values) + 1), dtype=bool)
    for _, codes in votes.blocks(SPARSE_ROWS):
        for lf in range(votes.n_lfs):
            seen[lf] |= np.bincount(codes[lf], minlength=seen.shape[1]) > 0
    return seen


def _count_pairs(votes: Votes, gold: GoldLabels, candidates: _Columns) -> Any:
    sample = votes.block(0, min(SAMPLE_ROWS, votes.n_samples))
    votes_per_row = (sample != votes.abstain_code).sum(axis=0)
    by_bits = BITS_NS * len(candidates) ** 2 / 128
    by_products = SPARSE_NS * float((votes_per_row.astype(float) ** 2).mean())
    count = _count_by_bits if by_bits <= by_products else _count_by_products
    return count(_blocks_with_gold(votes, gold, len(candidates)), candidates)


def _blocks_with_gold(
    votes: Votes, gold: GoldLabels, n_candidates: int
) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
    n_rows = max(64, min(1 << 16, 8 * BLOCK_BYTES // max(1, n_candidates)) // 64 * 64)
    for start, codes in votes.blocks(n_rows):
        yield codes, gold.codes[start : start + codes.shape[1]]


# Symbols as rows of bits: co-occurrence is the number of ones in their conjunction -------------------


def _count_by_bits(blocks: Any, candidates: _Columns) -> NDArray[np.int64]:
    pairs = np.zeros((len(candidates), len(candidates)), dtype=np.int64)
    for codes, gold_codes in blocks:
        bits = _pack(codes, gold_codes, candidates)
        for i in np.flatnonzero(bits.any(axis=1)):
            pairs[i, i:] += np.bitwise_count(bits[i] & bits[i:]).sum(axis=1, dtype=np.int64)
    return np.triu(pairs) + np.triu(pairs, 1).T


def _pack(
    codes: NDArray[Any], gold_codes: NDArray[np.intp], candidates: _Columns
) -> NDArray[np.uint64]:
    n_lfs, n_rows = codes.shape
    bits = np.zeros((len(candidates), -(-n_rows // 64) * 8), dtype=np.uint8)
    starts = np.searchsorted(candidates.lf, np.arange(n_lfs + 2))
    for lf in range(n_lfs + 1):
        group = slice(starts[lf], starts[lf + 1])
        column = codes[lf] if lf < n_lfs else gold_codes
        wanted = candidates.code[group, None].astype(column.dtype)
        bits[group, : -(-n_rows // 8)] = np.packbits(column == wanted, axis=1)
    return bits.view(np.uint64)


# Symbols as columns of a sparse matrix: co-occurrence is its product with itself ---------------------


def _count_by_products(blocks: Any, candidates: _Columns) -> Any:
    n = len(candidates)
    pairs: Any = sp.csr_array((n, n), dtype=np.float64)
    for codes, gold_codes in blocks:
        rows = _symbol_matrix(codes, gold_codes, candidates)
        product = rows.T @ rows
        pairs = pairs + product
    return pairs


def _symbol_matrix(codes: NDArray[Any], gold_codes: NDArray[np.intp], candidates: _Columns) -> Any:
    n_lfs, n_rows = codes.shape
    width = max(int(candidates.code.max(initial=0)), int(codes.max(initial=0)), gold_codes.max()) + 1
    position = np.full((n_lfs + 1, width), -1)
    position[candidates.lf, candidates.code] = np.arange(len(candidates))
    symbols = np.vstack(
        [np.take_along_axis(position[:-1], codes.astype(np.intp), axis=1), position[-1, gold_codes]]
    )
    lf, row = np.nonzero(symbols >= 0)
    indicators = np.ones(len(row))
    shape = (n_rows, len(candidates))
    return sp.csr_array((indicators, (row, symbols[lf, row])), shape=shape)


def _compact(pairs: Any) -> Any:
    """Dense where that is small or hardly larger than the sparse form."""
    if not sp.issparse(pairs):
        return pairs.astype(np.float64)
    n = pairs.shape[0]
    if n <= 1024 or pairs.nnz > SPARSE_DENSITY * n * n:
        return pairs.toarray()
    return sp.csr_array(pairs)
