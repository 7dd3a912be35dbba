"""The distinct rows of a label matrix.

Rows with the same votes and the same gold label are one pattern, so that whatever is summed over rows costs as much as
there are patterns, however many rows there are. Every row has a key that follows from its votes alone, not from its
place: patterns come in the order of their keys, and of very many those with the least keys are kept. So the same rows
give the same patterns in whatever order and in whatever parts they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .codes import (
    GOLDEN,
    NO_VOTE,
    PATTERNS_PER_ROW,
    GoldLabels,
    Votes,
    class_index,
    grouped,
    key_of_bytes,
    mixed,
    value_keys,
)
from .gold import GoldCounts

BLOCK_CELLS = 1 << 18
# Distinct rows with about as many votes each (from 2^(s - 1) to 2^s - 1) are kept up to so many votes in all.
MOST_KEPT_VOTES = 1 << 24
# Labelled rows are kept apart from others: few labels would be lost among many rows. So are those whose label -1 is
# not settled, which join the ones or the others.
STRATA_PER_GROUP, UNSETTLED = 64, 2
N_STRATA = 3 * STRATA_PER_GROUP
PER_ROW = ("identity", "key", "gold", "row", "n_votes", "group", "weight")
GOLD_KEY = key_of_bytes(b"gold")


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


def read_patterns(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None = None
) -> Patterns:
    """Find the distinct rows, in one pass over chunks of rows; a ValueError where L holds no vote.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Rows with the same votes but unlike gold labels are distinct.
    weight : ndarray of shape (n_samples,), default=None
        Of the rows, positive; ones where none is given.
    """
    votes, gold, weight = grouped(votes, gold, weight)
    found = find_rows(votes, gold, weight)
    patterns = patterns_of(found, votes, gold, found.scaled())
    if not len(patterns.lf):
        raise ValueError(NO_VOTE)
    return patterns


# Finding ------------------------------------------------------------------------------------------


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
        return self.scaled() is self.weight

    def scaled(self) -> NDArray[np.float64]:
        """Weights that stand for the rows of each stratum that are not kept, too."""
        stratum = strata(self.n_votes, self.group)
        kept = np.bincount(stratum, self.weight, N_STRATA)
        if np.array_equal(kept, self.totals):
            return self.weight
        scale = np.divide(self.totals, kept, out=np.ones(N_STRATA), where=kept > 0)
        return np.asarray(self.weight * scale[stratum])

    def in_order(self) -> FoundRows:
        """The same rows where nothing but these stands, one after the other."""
        return replace(self, row=np.arange(len(self.row)))

    def only(self, chosen: NDArray[Any]) -> FoundRows:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in PER_ROW})


def joined(parts: list[FoundRows]) -> FoundRows:
    """The rows of all parts, each distinct one once, and of very many those with the least keys."""
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in PER_ROW}
    totals = np.sum([part.totals for part in parts], axis=0)
    return least(distinct(FoundRows(**arrays, totals=totals)))


def distinct(found: FoundRows) -> FoundRows:
    """Each distinct row once, ascending by identity, with the weight of all that are like it."""
    order, first = runs_of(found.identity)
    return replace(found.only(order[first]), weight=np.add.reduceat(found.weight[order], first))


def runs_of(keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The order in which keys ascend, and where in it each one that is unlike that before stands."""
    order = np.argsort(keys)
    ascending = keys[order]
    return order, np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(keys)])


def strata(n_votes: NDArray[np.intp], group: NDArray[np.int8]) -> NDArray[np.intp]:
    """The stratum of rows: the number of bits of the number of votes, and 64 for each group before the row's."""
    return np.frexp(n_votes)[1].astype(np.intp) + STRATA_PER_GROUP * group.astype(np.intp)


def least(found: FoundRows) -> FoundRows:
    """Of each stratum the rows with the least keys of votes, no more keys than have some 16 million votes.

    By keys of votes alone, so that groups which are joined keep what they would have kept together.
    """
    stratum = strata(found.n_votes, found.group)
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
    parts: list[FoundRows] = []
    n_found = 0
    for rows in votes.chunks():
        parts.append(_found_among(votes, gold, weight, rows))
        n_found += len(parts[-1].key)
        if n_found > MOST_KEPT_VOTES:
            parts = [joined(parts)]
            n_found = len(parts[0].key)
    # No stratum of so few votes has more than are kept.
    few = len(parts) == 1 and parts[0].n_votes.sum() <= MOST_KEPT_VOTES // 2
    return parts[0] if few else joined(parts)


def _found_among(
    votes: Votes, gold: GoldLabels, weight: NDArray[np.float64] | None, rows: slice
) -> FoundRows:
    """The distinct ones of some rows, by their keys and gold labels."""
    key, n_votes = votes.row_keys(rows)
    label, group, identity = gold.codes[rows].astype(np.intp), np.zeros(len(key), np.int8), key
    if len(gold.values):
        group = (label < len(gold.values)).astype(np.int8)
        identity = identities(key, label, gold.values)
    if gold.unsettled is not None:
        # As if it had no label; and next to one that has none.
        unsettled = label == gold.unsettled
        group[unsettled] = UNSETTLED
        identity[unsettled] = key[unsettled] + np.uint64(1)
    order, first = runs_of(identity)
    one, of_rows = order[first], np.ones(len(key)) if weight is None else weight[rows]
    alike = np.add.reduceat(of_rows[order], first)
    n_votes, group = n_votes[one], group[one]
    return FoundRows(
        identity=identity[one],
        key=key[one],
        gold=label[one],
        row=rows.start + one,
        n_votes=n_votes,
        group=group,
        weight=alike,
        totals=np.bincount(strata(n_votes, group), alike, N_STRATA).astype(np.float64),
    )


def identities(
    key: NDArray[np.uint64], label: NDArray[np.intp], gold_values: NDArray[Any]
) -> NDArray[np.uint64]:
    """Keys of votes and gold labels together: without a label the key of the votes."""
    identity = key.copy()
    labelled = np.flatnonzero(label < len(gold_values))
    gold_keys = mixed(mixed(value_keys(gold_values) ^ GOLD_KEY))
    identity[labelled] = mixed(key[labelled] ^ gold_keys[label[labelled]])
    return identity


# Rows drawn by their keys ---------------------------------------------------------------------------


def as_share(key: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Keys as numbers in (0, 1], such that those of any set of keys look drawn at random, and unlike their order."""
    return np.asarray((mixed(key ^ GOLDEN) >> np.uint64(11)) + np.uint64(1)) * 2.0**-53


def draw(
    key: NDArray[np.uint64],
    n_votes: NDArray[np.intp],
    weight: NDArray[np.float64],
    most_votes: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Distinct rows that have a vote, gold labels aside: all, or some that stand for all.

    Rows of which at least so many are alike are all drawn, others as probably as they are frequent (Poisson sampling
    with probabilities in proportion to size; Hajék 1964): by their keys, so that the same rows are drawn wherever they
    stand.

    Parameters
    ----------
    key, n_votes, weight : ndarray of shape (n_rows,)
        Of rows that are distinct by votes and gold label.
    most_votes : int
        About how many votes the rows drawn have at most.

    Returns
    -------
    rows : ndarray of shape (n_drawn,)
        In the order of their keys.
    weight : ndarray of shape (n_drawn,)
        Adding up to the weight of all rows that have a vote.
    """
    rows = np.flatnonzero(n_votes)
    keys, weight = key[rows], weight[rows]
    if not (keys[1:] > keys[:-1]).all():
        order, first = runs_of(keys)
        rows, weight = rows[order[first]], np.add.reduceat(weight[order], first)
    size = n_votes[rows]
    if size.sum() <= most_votes:
        return rows, weight
    least_sure = _least_sure(size, weight, most_votes)
    drawn = np.flatnonzero(as_share(key[rows]) * least_sure <= weight)
    stands_for = np.maximum(weight[drawn], least_sure)
    return rows[drawn], stands_for * (weight.sum() / stands_for.sum())


def _least_sure(size: NDArray[np.intp], weight: NDArray[np.float64], most: int) -> float:
    """The weight from which on rows are drawn for sure, such that the sizes of those drawn add up to `most`."""
    level, n_sure, sure = np.inf, -1, np.zeros(len(size), dtype=bool)
    # Whatever is above the level of all rows is above that of the others, too, which is lower.
    while np.count_nonzero(sure) > n_sure:
        n_sure = int(np.count_nonzero(sure))
        level = (size * weight)[~sure].sum() / (most - size[sure].sum())
        sure = weight > level
    return float(level)


# Cells --------------------------------------------------------------------------------------------


def patterns_of(
    found: FoundRows,
    votes: Votes,
    gold: GoldLabels,
    weight: NDArray[np.float64],
    symbols: tuple[NDArray[np.intp], NDArray[Any]] | None = None,
) -> Patterns:
    """Distinct rows that were found, with the cells that they hold.

    Parameters
    ----------
    found : FoundRows
    votes : Votes
    gold : GoldLabels
    weight : ndarray of shape (n_found,)
    symbols : tuple of two ndarrays (n_symbols,), default=None
        LF and vote of symbols that hold all those of these rows, ascending; by default none but these.
    """
    some, n_cells = votes.take(found.row), votes.n_lfs * votes.n_codes
    parts = []
    for rows in some.chunks(cells=BLOCK_CELLS):
        _, lf, code = some.cells(rows.start, rows.stop)
        parts.append((lf * votes.n_codes + code).astype(np.min_scalar_type(n_cells)))
    if symbols is None:
        known = _occurring(parts, n_cells)
        symbols = known // votes.n_codes, votes.values[known % votes.n_codes]
    else:
        known = symbols[0] * votes.n_codes + np.searchsorted(votes.values, symbols[1])
    if n_cells > PATTERNS_PER_ROW * sum(map(len, parts)):
        places = [np.searchsorted(known, cells).astype(np.int32) for cells in parts]
    else:
        table = np.zeros(n_cells, dtype=np.int32)
        table[known] = np.arange(len(known))
        places = [table[cells] for cells in parts]
    place = np.concatenate(places)
    # SciPy makes all indices as wide as the widest.
    kind = np.int32 if len(place) <= np.iinfo(np.int32).max else np.int64
    ends = np.append(0, np.cumsum(found.n_votes)).astype(kind)
    return Patterns(
        n_samples=float(found.totals.sum()),
        n_lfs=votes.n_lfs,
        lf=symbols[0],
        vote=symbols[1],
        indicators=sp.csr_array(
            (np.ones(len(place)), place, ends), shape=(some.n_samples, len(known))
        ),
        weight=weight,
        gold=found.gold,
        gold_values=gold.values,
        key=found.key,
    )


def _occurring(parts: list[NDArray[Any]], n_cells: int) -> NDArray[np.intp]:
    """The cells that occur, ascending."""
    if n_cells > PATTERNS_PER_ROW * sum(map(len, parts)):
        return np.unique(np.concatenate(parts)).astype(np.intp)
    occurs = np.zeros(n_cells, dtype=bool)
    for cells in parts:
        occurs[cells] = True
    return np.flatnonzero(occurs)


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
