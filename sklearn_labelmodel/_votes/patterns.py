"""The distinct rows of a label matrix.

Rows with the same votes and the same gold label are one pattern, so that whatever is summed over rows costs as much as
there are patterns, however many rows there are. Every row has a key that follows from its votes alone, not from its
place: patterns come in the order of their keys, and of very many those with the least keys are kept. So the same rows
give the same patterns in whatever order and in whatever parts they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .codes import GoldLabels, Votes, check_any_vote, class_index
from .columns import PATTERNS_PER_ROW
from .gold import GoldCounts
from .keys import combined, row_keys, runs_of, value_keys

BLOCK_CELLS = 1 << 18
# All else is counted in the distinct rows where these are so few times fewer than rows.
FEW_DISTINCT = 4
# Distinct rows with about as many votes each (from 2^(s - 1) to 2^s - 1) are kept up to so many votes in all.
MOST_KEPT_VOTES = 1 << 24
# Labelled rows are kept apart from others: few labels would be lost among many rows. So are those whose label -1 is
# not settled, which join the ones or the others.
STRATA_PER_GROUP, UNSETTLED = 64, 2
N_STRATA = 3 * STRATA_PER_GROUP
PER_ROW = ("identity", "key", "gold", "row", "n_votes", "group", "weight")


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct rows of a label matrix, and how many rows are alike.

    Attributes
    ----------
    n_samples : float
        Rows, or the sum of their weights.
    n_lfs : int
    lf, vote : ndarray of shape (n_symbols,)
        LF and value of every vote that occurs, in ascending order.
    indicators : CSR array of shape (n_patterns, n_symbols)
        1 where the pattern holds the symbol.
    weight : ndarray of shape (n_patterns,), dtype float64
        Rows of the pattern.
    gold : ndarray of shape (n_patterns,), dtype intp
        Index of the gold label in `gold_values`, whose length stands for "unlabelled".
    gold_values : ndarray of shape (n_gold_values,)
    key : ndarray of shape (n_patterns,), dtype uint64
        Of the votes.
    complete : bool
        Whether these are all patterns that there are; else their weights stand for those left out.
    """

    n_samples: float
    n_lfs: int
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    indicators: sp.csr_array
    weight: NDArray[np.float64]
    gold: NDArray[np.intp]
    gold_values: NDArray[Any]
    key: NDArray[np.uint64]
    complete: bool = True

    def counts(self) -> NDArray[np.float64]:
        """Rows in which each symbol occurs, shape (n_symbols,)."""
        return np.asarray(self.indicators.T @ self.weight)

    def coverage(self) -> NDArray[np.float64]:
        """Share of rows in which each LF votes, shape (n_lfs,)."""
        return np.bincount(self.lf, self.counts(), minlength=self.n_lfs) / self.n_samples

    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        shared = self.indicators[np.flatnonzero(self.n_votes > 1)]
        overlaps = np.zeros(self.n_lfs, dtype=bool)
        overlaps[self.lf[shared.indices]] = True
        return overlaps

    @property
    def n_votes(self) -> NDArray[np.intp]:
        """Votes of each pattern, shape (n_patterns,)."""
        return np.diff(self.indicators.indptr)

    def symbols(self) -> NDArray[Any]:
        """LF and vote of every symbol as one structured array."""
        symbols = np.empty(len(self.lf), dtype=[("lf", np.intp), ("vote", self.vote.dtype)])
        symbols["lf"], symbols["vote"] = self.lf, self.vote
        return symbols

    def with_symbols(self, lf: NDArray[np.intp], vote: NDArray[Any]) -> Patterns:
        """With more symbols, of which some do not occur; ascending, and those that do among them."""
        if len(lf) == len(self.lf):
            return self
        place = places_among(self.lf, self.vote, lf, vote).astype(self.indicators.indices.dtype)
        indicators = sp.csr_array(
            (self.indicators.data, place[self.indicators.indices], self.indicators.indptr),
            shape=(len(self.weight), len(lf)),
        )
        return replace(self, lf=lf, vote=vote, indicators=indicators)

    def only(self, kept: NDArray[np.intp], weight: NDArray[np.float64] | None = None) -> Patterns:
        """Some of the patterns, with other weights where they are given."""
        return replace(
            self,
            indicators=self.indicators[kept],
            weight=self.weight[kept] if weight is None else weight,
            gold=self.gold[kept],
            key=self.key[kept],
        )

    def unlabelled(self) -> Patterns:
        """Without the gold labels."""
        no_label = np.zeros(len(self.gold), dtype=np.intp)
        return replace(self, gold=no_label, gold_values=self.gold_values[:0])

    def informed(self) -> Patterns:
        """Without the rows that have neither a vote nor a gold label."""
        has_gold = self.gold < len(self.gold_values)
        kept = np.flatnonzero(has_gold | (self.n_votes > 0))
        return self if len(kept) == len(self.gold) else self.only(kept)

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

    def cuts(self, n_classes: int) -> Iterator[tuple[slice, sp.csr_array]]:
        """Rows, so many at a time that their posterior fits the cache, and their indicators."""
        # Every block adds up a table of all symbols, so that it should not have fewer rows than that.
        n_rows = max(BLOCK_CELLS // n_classes, len(self.lf))
        whole = len(self.weight) <= n_rows
        for rows in gen_batches(len(self.weight), n_rows):
            yield rows, self.indicators if whole else self.indicators[rows]


def places_among(
    lf: NDArray[np.intp], vote: NDArray[Any], all_lf: NDArray[np.intp], all_vote: NDArray[Any]
) -> NDArray[np.intp]:
    """Where some symbols stand among others that hold them all, both ascending."""
    values, code = np.unique(all_vote, return_inverse=True)
    return np.searchsorted(
        all_lf * len(values) + code, lf * len(values) + np.searchsorted(values, vote)
    )


def read_patterns(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None = None
) -> Patterns:
    """Find the distinct rows, in one pass over chunks of rows.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Rows with the same votes but unlike gold labels are distinct.
    weight : ndarray of shape (n_samples,), default=None
        Of the rows, positive; ones where none is given.

    Returns
    -------
    patterns : Patterns

    Raises
    ------
    ValueError
        L holds no vote.
    """
    votes, gold, weight = grouped(votes, gold, weight)
    found = find_rows(votes, gold, weight)
    patterns = patterns_of(found, votes, gold, found.scaled())
    check_any_vote(patterns.lf)
    return patterns


# Finding ------------------------------------------------------------------------------------------


def grouped(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None
) -> tuple[Votes, GoldLabels, NDArray[np.float64] | None]:
    """Rows of few LFs and votes as one row of each pattern, which weighs as many as are like it; others as given."""
    chunks, n_patterns = votes.chunks() or [slice(0, 0)], _n_patterns(votes, gold)
    if n_patterns > PATTERNS_PER_ROW * (chunks[0].stop - chunks[0].start):
        return votes, gold, weight
    n_labels, total = len(gold.values) + 1, np.zeros(n_patterns)
    for rows in chunks:
        (code,) = votes.run_codes(rows.start, rows.stop, [slice(0, votes.n_lfs)])
        if len(gold.values):
            code = code * n_labels + gold.codes[rows]
        total += np.bincount(code, None if weight is None else weight[rows], minlength=n_patterns)
    occurs = np.flatnonzero(total)
    pattern, label = np.divmod(occurs, n_labels)
    codes = np.empty((votes.n_lfs, len(pattern)), dtype=votes.code_dtype)
    for code in codes[::-1]:
        left = pattern // votes.n_codes
        code[:] = pattern - left * votes.n_codes
        pattern = left
    return votes.coded(codes), replace(gold, codes=label, weight=None), total[occurs]


@dataclass(frozen=True, eq=False)
class FoundRows:
    """Distinct rows by their keys, ascending by identity.

    Attributes
    ----------
    identity : ndarray of shape (n_found,), dtype uint64
        Of the votes and the gold label together.
    key : ndarray of shape (n_found,), dtype uint64
        Of the votes.
    gold : ndarray of shape (n_found,), dtype intp
        Code of the gold label.
    row : ndarray of shape (n_found,), dtype intp
        Where one of these rows stands.
    n_votes : ndarray of shape (n_found,), dtype intp
    group : ndarray of shape (n_found,), dtype int8
        0 where the row is unlabelled, 1 where it is labelled, 2 where its label -1 is not settled.
    weight : ndarray of shape (n_found,), dtype float64
        Rows that are alike.
    totals : ndarray of shape (192,), dtype float64
        Rows of each stratum, those not kept included.
    """

    identity: NDArray[np.uint64]
    key: NDArray[np.uint64]
    gold: NDArray[np.intp]
    row: NDArray[np.intp]
    n_votes: NDArray[np.intp]
    group: NDArray[np.int8]
    weight: NDArray[np.float64]
    totals: NDArray[np.float64]

    @property
    def complete(self) -> bool:
        """Whether no distinct row was left out."""
        return np.array_equal(self.kept, self.totals)

    @property
    def stratum(self) -> NDArray[np.intp]:
        """The number of bits of the number of votes, and 64 for each group before the row's, shape (n_found,)."""
        return strata(self.n_votes, self.group)

    @property
    def kept(self) -> NDArray[np.float64]:
        """Rows of each stratum that are kept, shape (192,)."""
        return weight_sums(self.stratum, self.weight, N_STRATA)

    def scaled(self) -> NDArray[np.float64]:
        """Weights that stand for the rows of each stratum that are not kept, too."""
        kept = self.kept
        if np.array_equal(kept, self.totals):
            return self.weight
        scale = np.divide(self.totals, kept, out=np.ones(N_STRATA), where=kept > 0)
        return np.asarray(self.weight * scale[self.stratum])

    def only(self, chosen: NDArray[Any]) -> FoundRows:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in PER_ROW})


def has_few_patterns(votes: Votes, gold: GoldLabels) -> bool:
    """Whether many rows are alike, whatever they hold."""
    return FEW_DISTINCT * _n_patterns(votes, gold) <= votes.n_samples


def _n_patterns(votes: Votes, gold: GoldLabels) -> int:
    return int(votes.n_codes**votes.n_lfs * (len(gold.values) + 1))


def joined(parts: list[FoundRows]) -> FoundRows:
    """The rows of all parts, each distinct one once, and of very many those with the least keys."""
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in PER_ROW}
    totals = np.sum([part.totals for part in parts], axis=0)
    return least(distinct(FoundRows(**arrays, totals=totals)))


def distinct(found: FoundRows) -> FoundRows:
    """Each distinct row once, ascending by identity, with the weight of all that are like it."""
    order, first = runs_of(found.identity)
    return replace(found.only(order[first]), weight=np.add.reduceat(found.weight[order], first))


def strata(n_votes: NDArray[np.intp], group: NDArray[np.int8]) -> NDArray[np.intp]:
    """The stratum of rows of so many votes."""
    return np.frexp(n_votes)[1].astype(np.intp) + STRATA_PER_GROUP * group.astype(np.intp)


def weight_sums(
    place: NDArray[np.intp], weight: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Weights of the rows of each place, shape (n,)."""
    return np.bincount(place, weight, minlength=n).astype(np.float64)


def least(found: FoundRows) -> FoundRows:
    """Of each stratum the rows with the least keys of votes, no more keys than have some 16 million votes.

    By keys of votes alone, so that groups which are joined keep what they would have kept together.
    """
    stratum = found.stratum
    kept = np.ones(len(stratum), dtype=bool)
    most = np.maximum(1, MOST_KEPT_VOTES >> (np.arange(N_STRATA) % STRATA_PER_GROUP))
    for large in np.flatnonzero(np.bincount(stratum, minlength=N_STRATA) > most):
        rows = np.flatnonzero(stratum == large)
        key = found.key[rows]
        order, first = runs_of(key)
        kept[rows] = key <= key[order[first[: most[large]][-1]]]
    return found if kept.all() else found.only(kept)


def find_rows(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None = None
) -> FoundRows:
    """Find the distinct rows; parameters as in `read_patterns`."""
    chunks = votes.chunks() or [slice(0, 0)]
    parts: list[FoundRows] = []
    n_found = 0
    for rows in chunks:
        row = np.arange(rows.start, rows.stop)
        row_weight = np.ones(len(row)) if weight is None else weight[rows]
        keys = row_keys(votes, rows.start, rows.stop)
        parts.append(_told_apart(gold, row, row_weight, *keys))
        n_found += len(parts[-1].identity)
        if n_found > MOST_KEPT_VOTES:
            parts = [joined(parts)]
            n_found = len(parts[0].identity)
    return least(parts[0]) if len(parts) == 1 else joined(parts)


def identities(
    key: NDArray[np.uint64], label: NDArray[np.intp], gold_values: NDArray[Any]
) -> NDArray[np.uint64]:
    """Keys of votes and gold labels together: without a label the key of the votes."""
    identity = key.copy()
    labelled = np.flatnonzero(label < len(gold_values))
    gold_keys = value_keys(gold_values, b"gold")
    identity[labelled] = combined(key[labelled], gold_keys[label[labelled]])
    return identity


def _told_apart(
    gold: GoldLabels,
    row: NDArray[np.intp],
    row_weight: NDArray[np.float64],
    key: NDArray[np.uint64],
    n_votes: NDArray[np.intp],
) -> FoundRows:
    """The distinct ones of some rows, by their keys and gold labels."""
    label = gold.codes[row].astype(np.intp)
    group = (label < len(gold.values)).astype(np.int8)
    if not len(gold.values):
        label[:] = 0
    identity = identities(key, label, gold.values)
    if gold.unsettled is not None:
        # As if it had no label; and next to one that has none.
        unsettled = label == gold.unsettled
        group[unsettled] = UNSETTLED
        identity[unsettled] = key[unsettled] + np.uint64(1)
    found = FoundRows(
        identity=identity,
        key=key,
        gold=label,
        row=row,
        n_votes=n_votes,
        group=group,
        weight=row_weight,
        totals=np.zeros(N_STRATA),
    )
    found = distinct(found)
    return replace(found, totals=found.kept)


# Cells --------------------------------------------------------------------------------------------


def patterns_of(
    found: FoundRows, votes: Votes, gold: GoldLabels, weight: NDArray[np.float64]
) -> Patterns:
    """Distinct rows that were found, with the cells that they hold."""
    some = votes.take(found.row)
    # As many rows at a time as their cells fit the cache.
    n_rows = max(1, int(BLOCK_CELLS / max(1.0, some.cells_per_row)))
    starts = range(0, max(1, some.n_samples), n_rows)
    batches = [slice(start, min(start + n_rows, some.n_samples)) for start in starts]
    lengths, cells = zip(*(_cells_of(some, rows) for rows in batches), strict=True)
    observed, symbol = _symbols(cells, votes.n_lfs * votes.n_codes)
    ends = np.append(0, np.cumsum(np.concatenate(lengths)))
    held = sp.csr_array(
        (np.ones(len(symbol)), symbol, _narrow(ends)), shape=(some.n_samples, len(observed))
    )
    return Patterns(
        n_samples=float(found.totals.sum()),
        n_lfs=votes.n_lfs,
        lf=observed // votes.n_codes,
        vote=votes.values[observed % votes.n_codes],
        indicators=held,
        weight=weight,
        gold=found.gold,
        gold_values=gold.values,
        key=found.key,
        complete=found.complete,
    )


def _cells_of(votes: Votes, rows: slice) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Votes of each of some rows, and which cell of all LFs and codes each vote is."""
    row, lf, code = votes.cells(rows.start, rows.stop)
    return np.bincount(row, minlength=rows.stop - rows.start), _narrow(lf * votes.n_codes + code)


def _symbols(parts: Sequence[NDArray[Any]], n_cells: int) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The cells that occur, and each one's place among them."""
    if n_cells > PATTERNS_PER_ROW * sum(map(len, parts)):
        occurs, place = np.unique(np.concatenate(parts), return_inverse=True)
        return occurs.astype(np.intp), _narrow(place)
    seen = np.zeros(n_cells, dtype=bool)
    for cells in parts:
        seen[cells] = True
    place = _narrow(np.cumsum(seen) - 1)
    return np.flatnonzero(seen), np.concatenate([place[cells] for cells in parts])


def _narrow(values: NDArray[np.integer[Any]]) -> NDArray[Any]:
    fits = values.max(initial=0) <= np.iinfo(np.int32).max
    return values.astype(np.int32 if fits else np.int64)


def votes_by_lf(patterns: Patterns) -> sp.csr_array:
    """CSR array of shape (n_patterns, n_lfs): 1 where the LF votes."""
    return sp.csr_array(
        (
            np.ones(patterns.indicators.nnz),
            patterns.lf[patterns.indicators.indices],
            patterns.indicators.indptr,
        ),
        shape=(len(patterns.weight), patterns.n_lfs),
    )
