"""The distinct rows of a label matrix.

Rows with the same votes and the same gold label are one pattern, so that whatever is summed over rows costs
as much as there are patterns, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .codes import GoldLabels, Votes, check_any_vote, class_index
from .gold import GoldCounts

CHUNK_CELLS = 1 << 24
BLOCK_CELLS = 1 << 18
MAX_KEY = 1 << 62


@dataclass(frozen=True)
class Patterns:
    """The distinct rows of a label matrix, and how many rows are alike.

    Attributes
    ----------
    n_samples, n_lfs : int
    lf, vote : ndarray of shape (n_symbols,)
        LF and value of every vote that occurs, in ascending order.
    indicators : CSR array of shape (n_patterns, n_symbols)
        1 where the pattern holds the symbol.
    weight : ndarray of shape (n_patterns,), dtype float64
        Rows of the pattern.
    gold : ndarray of shape (n_patterns,), dtype intp
        Index of the gold label in `gold_values`, whose length stands for "unlabelled".
    gold_values : ndarray of shape (n_gold_values,)
    """

    n_samples: int
    n_lfs: int
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    indicators: Any
    weight: NDArray[np.float64]
    gold: NDArray[np.intp]
    gold_values: NDArray[Any]

    def counts(self) -> NDArray[np.float64]:
        """Rows in which each symbol occurs, shape (n_symbols,)."""
        return np.asarray(self.indicators.T @ self.weight)

    def coverage(self) -> NDArray[np.float64]:
        """Share of rows in which each LF votes, shape (n_lfs,)."""
        return np.bincount(self.lf, self.counts(), minlength=self.n_lfs) / self.n_samples

    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        shared = self.indicators[np.flatnonzero(np.diff(self.indicators.indptr) > 1)]
        overlaps = np.zeros(self.n_lfs, dtype=bool)
        overlaps[self.lf[shared.indices]] = True
        return overlaps

    def symbols(self) -> NDArray[Any]:
        """LF and vote of every symbol as one structured array."""
        symbols = np.empty(len(self.lf), dtype=[("lf", np.intp), ("vote", self.vote.dtype)])
        symbols["lf"], symbols["vote"] = self.lf, self.vote
        return symbols

    def with_symbols(self, lf: NDArray[np.intp], vote: NDArray[Any]) -> Patterns:
        """With more symbols, of which some do not occur; ascending, and those that do among them."""
        if len(lf) == len(self.lf):
            return self
        values, code = np.unique(vote, return_inverse=True)
        place = np.searchsorted(
            lf * len(values) + code,
            self.lf * len(values) + np.searchsorted(values, self.vote),
        ).astype(self.indicators.indices.dtype)
        indicators = sp.csr_array(
            (self.indicators.data, place[self.indicators.indices], self.indicators.indptr),
            shape=(len(self.weight), len(lf)),
        )
        return replace(self, lf=lf, vote=vote, indicators=indicators)

    def informed(self) -> Patterns:
        """Without the rows that have neither a vote nor a gold label."""
        has_gold = self.gold < len(self.gold_values)
        kept = np.flatnonzero(has_gold | (np.diff(self.indicators.indptr) > 0))
        if len(kept) == len(self.gold):
            return self
        return replace(
            self,
            indicators=self.indicators[kept],
            weight=self.weight[kept],
            gold=self.gold[kept],
        )

    def gold_counts(self, classes: NDArray[Any]) -> GoldCounts:
        """The labelled rows, in the order of the classes."""
        labelled = np.flatnonzero(self.gold < len(self.gold_values))
        column = class_index(self.gold_values, classes)[self.gold[labelled]]
        indicators, weight = self.indicators[labelled], self.weight[labelled]
        by_class = sp.csr_array(
            (weight, (np.arange(len(labelled)), column)), shape=(len(labelled), len(classes))
        )
        silent = np.diff(indicators.indptr) == 0
        return GoldCounts(
            (indicators.T @ by_class).toarray(),
            np.bincount(column, weight, minlength=len(classes)).astype(np.float64),
            np.bincount(column, weight * silent, minlength=len(classes)).astype(np.float64),
        )

    def cuts(self, n_classes: int) -> Iterator[tuple[slice, Any]]:
        """Rows, so many at a time that their posterior fits the cache, and their indicators."""
        # Every block adds up a table of all symbols, so that it should not have fewer rows than that.
        n_rows = max(BLOCK_CELLS // n_classes, len(self.lf))
        whole = len(self.weight) <= n_rows
        for rows in gen_batches(len(self.weight), n_rows):
            yield rows, self.indicators if whole else self.indicators[rows]


def read_patterns(votes: Votes, gold: GoldLabels) -> Patterns:
    """Find the distinct rows, in one pass over chunks of rows.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Rows with the same votes but unlike gold labels are distinct.

    Returns
    -------
    patterns : Patterns

    Raises
    ------
    ValueError
        L holds no vote.
    """
    repeated, unique = [], []
    for chunk in _chunks(votes, gold):
        few = _distinct(chunk, votes.n_codes, len(gold.values) + 1)
        # Chunks whose rows mostly differ will not merge with others either; sparse, they need less room.
        if 2 * few.codes.shape[1] <= chunk.codes.shape[1]:
            repeated.append(few)
        else:
            unique.append(_indicate(few, votes))
    if repeated:
        merged = _distinct(_joined(repeated), votes.n_codes, len(gold.values) + 1)
        unique.append(_indicate(merged, votes))
    return _with_observed_symbols(unique, votes, gold)


@dataclass(frozen=True)
class _Rows:
    """Vote codes (n_lfs, n_rows), gold codes and weights of some rows."""

    codes: NDArray[Any]
    gold: NDArray[np.intp]
    weight: NDArray[np.float64]


def _chunks(votes: Votes, gold: GoldLabels) -> Iterator[_Rows]:
    for rows in gen_batches(votes.n_samples, max(1, CHUNK_CELLS // votes.n_lfs)):
        codes = votes.block(rows.start, rows.stop)
        yield _Rows(codes, gold.codes[rows], np.ones(codes.shape[1]))


def _joined(parts: list[_Rows]) -> _Rows:
    return _Rows(
        np.hstack([part.codes for part in parts]),
        np.concatenate([part.gold for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def _distinct(rows: _Rows, n_codes: int, n_gold: int) -> _Rows:
    """The distinct rows, each with the weight of all that are like it."""
    key: NDArray[np.intp] = rows.gold
    n_keys = n_gold
    for column in rows.codes:
        if n_keys > MAX_KEY // n_codes:
            first, key = _ranks(key, n_keys)
            n_keys = len(first)
            if 2 * n_keys > len(key):
                return rows
        key = key * n_codes
        key += column
        n_keys *= n_codes
    first, rank = _ranks(key, n_keys)
    weight = np.bincount(rank, rows.weight, minlength=len(first)).astype(np.float64)
    return _Rows(rows.codes[:, first], rows.gold[first], weight)


def _ranks(key: NDArray[np.intp], n_keys: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A row of each distinct key, and each row's place among the distinct keys."""
    if n_keys > 4 * len(key):
        _, first, rank = np.unique(key, return_index=True, return_inverse=True)
        return first, rank
    row = np.full(n_keys, -1)
    row[key] = np.arange(len(key))
    occurs = np.flatnonzero(row >= 0)
    place = np.empty(n_keys, dtype=np.intp)
    place[occurs] = np.arange(len(occurs))
    return row[occurs], place[key]


def _indicate(rows: _Rows, votes: Votes) -> tuple[Any, _Rows]:
    """Indicators of every (LF, code), and the rows without their codes."""
    row, lf = (rows.codes != votes.abstain_code).T.nonzero()
    cells = lf * votes.n_codes + rows.codes[lf, row]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows.codes.shape[1]))])
    shape = (rows.codes.shape[1], votes.n_lfs * votes.n_codes)
    indicators = sp.csr_array((np.ones(len(cells)), _narrow(cells), _narrow(indptr)), shape=shape)
    return indicators, replace(rows, codes=rows.codes[:0])


def _narrow(values: NDArray[np.intp]) -> NDArray[Any]:
    fits = values.max(initial=0) <= np.iinfo(np.int32).max
    return values.astype(np.int32 if fits else np.int64)


def _with_observed_symbols(
    parts: list[tuple[Any, _Rows]], votes: Votes, gold: GoldLabels
) -> Patterns:
    indicators = parts[0][0] if len(parts) == 1 else sp.vstack([part for part, _ in parts], "csr")
    observed = np.flatnonzero(np.bincount(indicators.indices, minlength=indicators.shape[1]))
    check_any_vote(observed)
    symbol = np.zeros(indicators.shape[1], dtype=indicators.indices.dtype)
    symbol[observed] = np.arange(len(observed))
    lf, code = np.divmod(observed, votes.n_codes)
    return Patterns(
        n_samples=votes.n_samples,
        n_lfs=votes.n_lfs,
        lf=lf,
        vote=votes.values[code],
        indicators=sp.csr_array(
            (indicators.data, symbol[indicators.indices], indicators.indptr),
            shape=(indicators.shape[0], len(observed)),
        ),
        weight=np.concatenate([rows.weight for _, rows in parts]),
        gold=np.concatenate([rows.gold for _, rows in parts]),
        gold_values=gold.values,
    )


def votes_by_lf(patterns: Patterns) -> Any:
    """CSR array of shape (n_patterns, n_lfs): 1 where the LF votes."""
    return sp.csr_array(
        (
            np.ones(patterns.indicators.nnz),
            patterns.lf[patterns.indicators.indices],
            patterns.indicators.indptr,
        ),
        shape=(len(patterns.weight), patterns.n_lfs),
    )
