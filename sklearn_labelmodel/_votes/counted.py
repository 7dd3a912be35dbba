"""Counts of pairs of votes, and distinct rows with their counts: both add up over rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils import listed_values, quoted
from .coded_columns import values_of
from .codes import (
    FEW_DISTINCT,
    ColumnVotes,
    GoldLabels,
    SparseVotes,
    Votes,
    are_unlike,
    class_index,
    grouped,
    lf_label,
)
from .gold import UNLABELLED, read_labels, unlabelled_mark, which_are_labels
from .pairs import PairCounts, among, count_votes, drop_gold
from .patterns import N_STRATA, FoundRows, distinct, find_rows, identities, joined, least, strata
from .reader import column_names, read_votes

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, Marker, VoteMatrix

# Read as labels until all rows are counted.
MARKS = [UNLABELLED, str(UNLABELLED)]
# Votes are moved together where so many times fewer rows are left.
MOST_HELD = 2
# Of a vote that is stored with its LF.
SPARSE_BYTES = 5


def read_block(
    L: VoteMatrix,
    y: LabelsLike | None,
    sample_weight: ArrayLike | None,
    *,
    abstain: Marker,
    classes: list[Hashable] | None = None,
) -> tuple[Votes, GoldLabels, NDArray[np.float64] | None]:
    """Votes, gold labels and weights of some rows, as they are counted.

    Parameters
    ----------
    L, y, sample_weight, abstain
        As `VoteStatistics` takes them.
    classes : list or None
        Where they are known. Else whether the label -1 is a class shows when all rows are counted: here it is a label
        like others.
    """
    names = column_names(L)
    labels, weight = read_labels(L, y, sample_weight, classes or MARKS)
    if classes is None:
        unsettled = np.flatnonzero(labels.values == unlabelled_mark(labels.values))
        labels = replace(labels, unsettled=int(unsettled[0]) if len(unsettled) else None)
    # Fractions may be votes where something else than the votes names the classes: fit says so.
    votes = read_votes(L, abstain=abstain, names=names, allow_fractions=True)
    return votes, labels, weight


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of pairs of votes, and the distinct rows.

    Attributes
    ----------
    names : ndarray of shape (n_lfs,) or None
    pairs : PairCounts
    found : FoundRows
        Whose `row` says where in `votes` each is.
    votes : ColumnVotes or SparseVotes
        Of the distinct rows, and of others.
    """

    names: NDArray[np.object_] | None
    pairs: PairCounts
    found: FoundRows
    votes: ColumnVotes | SparseVotes

    @property
    def rows(self) -> tuple[Votes, GoldLabels, NDArray[np.float64]]:
        """Votes, labels and weights of the distinct rows."""
        weight = self.found.scaled()
        votes = self.votes.take(self.found.row)
        return replace(votes, names=self.names, weight=weight), self.labels, weight

    @property
    def labels(self) -> GoldLabels:
        """The gold labels of the distinct rows."""
        weight = self.found.scaled()
        return GoldLabels(self.pairs.gold_values, self.found.gold, weight=weight)

    def compact(self) -> Counted:
        """Without the votes of other rows, where these are many."""
        found = self.found
        if MOST_HELD * len(found.row) >= self.votes.n_samples:
            return self
        return replace(self, found=found.in_order(), votes=self.votes.take(found.row))


def count(votes: Votes, labels: GoldLabels, weight: NDArray[np.float64] | None) -> Counted:
    """Count votes that were read, those of rows of weight 0 not."""
    if weight is not None:
        votes, labels, weight = without_zeros(votes, labels, weight)
    votes, labels, weight = grouped(votes, labels, weight)
    found = find_rows(votes, labels, weight)
    rows = votes.take(found.row)
    if found.complete and FEW_DISTINCT * len(found.row) <= votes.n_samples:
        votes, labels, weight = rows, labels.take(found.row), found.weight
    pairs = count_votes(votes, labels, weight)
    held = coded(rows, np.unique(pairs.vote), found.n_votes)
    return Counted(votes.names, pairs, found.in_order(), held)


def without_zeros(
    votes: Votes, labels: GoldLabels, weight: NDArray[np.float64]
) -> tuple[Votes, GoldLabels, NDArray[np.float64]]:
    """Without the rows of weight 0."""
    if weight.all():
        return votes, labels, weight
    rows = np.flatnonzero(weight)
    return votes.take(rows), labels.take(rows), weight[rows]


# Adding up ----------------------------------------------------------------------------------------


def add(a: Counted, b: Counted) -> Counted:
    """The counts of all rows of both."""
    _check_same_lfs(a, b)
    vote = _union(a.pairs.vote, b.pairs.vote, "votes")
    gold = _union(a.pairs.gold_values, b.pairs.gold_values, "labels")
    lf, vote, places = _all_symbols(a.pairs, b.pairs, vote)
    found = joined([_with_gold(a, gold, 0), _with_gold(b, gold, a.votes.n_samples)])
    votes = one_after_other(a.votes, b.votes, np.unique(vote))
    first, second = (
        among(one.pairs, at, lf, vote, gold) for one, at in zip((a, b), places, strict=True)
    )
    return Counted(a.names, first + second, found, votes).compact()


def _check_same_lfs(a: Counted, b: Counted) -> None:
    if a.pairs.n_lfs != b.pairs.n_lfs:
        raise ValueError(
            f"Votes of {a.pairs.n_lfs} LFs and of {b.pairs.n_lfs} LFs do not add up. Give every part the same "
            "columns; where an LF has no vote in a part, its column is all missing."
        )
    names = [None if one.names is None else one.names.tolist() for one in (a, b)]
    if names[0] == names[1]:
        return
    if None in names:
        raise ValueError(
            "Some parts have names of LFs and others have none. Give all parts the same column names, or none."
        )
    for place, (first, second) in enumerate(zip(*names, strict=True)):
        if first != second:
            raise ValueError(
                f"Column {place} is {quoted(first)} in one part and {quoted(second)} in another. Give every part "
                "the same columns in the same order; where an LF has no vote in a part, its column is all missing."
            )


def _union(first: NDArray[Any], second: NDArray[Any], what: str) -> NDArray[Any]:
    """Distinct values of both, ascending."""
    if are_unlike(first, second):
        raise ValueError(
            f"The {what} of one part are numbers and those of another strings (such as {quoted(first[0])} and "
            f"{quoted(second[0])}). Write all as numbers or all as strings."
        )
    if not (len(first) and len(second)):
        return np.unique(first if len(first) else second)
    if first.dtype.kind != second.dtype.kind:
        # True and 1 are one value; beside numbers, as in one table, it is a number.
        first, second = (
            values + 0 if values.dtype.kind == "b" else values for values in (first, second)
        )
    return values_of({*first.tolist(), *second.tolist()})


def _all_symbols(
    a: PairCounts, b: PairCounts, values: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[Any], list[NDArray[np.intp]]]:
    """LF and vote of the symbols of both, and where those of each stand among them."""
    width = max(1, len(values))
    keys = [
        one.lf * width + np.searchsorted(values, one.vote) if len(one.lf) else one.lf
        for one in (a, b)
    ]
    union = np.union1d(*keys)
    places = [np.searchsorted(union, key) for key in keys]
    return union // width, values[union % width], places


def _with_gold(one: Counted, values: NDArray[Any], shift: int) -> FoundRows:
    """The distinct rows with codes of other gold values, and further down."""
    code = np.append(class_index(one.pairs.gold_values, values), len(values))
    return replace(one.found, gold=code[one.found.gold], row=one.found.row + shift)


def settle_unlabelled(counted: Counted, classes: Iterable[Hashable] | None) -> Counted:
    """Without the labels -1, unless -1 is a class.

    It is one where `classes` names it, or where these are not given and there is one other label only.
    """
    values = counted.pairs.gold_values
    if unlabelled_mark(values) not in values.tolist():
        return counted
    return settled(counted, which_are_labels(values, classes))


def without_gold(counted: Counted) -> Counted:
    """Without any gold label."""
    n_values = len(counted.pairs.gold_values)
    return settled(counted, np.zeros(n_values, dtype=bool)) if n_values else counted


def check_gold_of_classes(counted: Counted, classes: NDArray[Any]) -> None:
    """Raise a ValueError where a gold label is none of the classes."""
    values = counted.pairs.gold_values
    unknown = values[class_index(values, classes) == len(classes)]
    if len(unknown):
        raise ValueError(
            f"The gold label {quoted(unknown[0])} is none of the classes {listed_values(classes)}. Correct it or add "
            "it to `classes`."
        )


def check_no_fractions(counted: Counted) -> None:
    """Raise a ValueError where a vote is no whole number: alone, votes name classes."""
    vote = counted.pairs.vote
    if vote.dtype.kind != "f":
        return
    fractions = np.flatnonzero(vote != np.rint(vote))
    if len(fractions):
        where = lf_label(counted.names, int(counted.pairs.lf[fractions[0]]))
        raise ValueError(
            f"{where}: the vote {quoted(vote[fractions[0]])} is not a class label; the column looks like a continuous "
            "score. Make whole numbers of it by thresholds, or name all classes with `classes`."
        )


def settled(counted: Counted, kept: NDArray[np.bool_]) -> Counted:
    """With some of the gold values only: rows of others are unlabelled.

    Parameters
    ----------
    counted : Counted
    kept : ndarray of shape (n_gold_values,)
        All but the label -1 that is not settled, all, or none.
    """
    old = counted.pairs.gold_values
    values = old[kept]
    code = np.where(kept, np.cumsum(kept) - 1, len(values))
    gold = np.append(code, len(values))[counted.found.gold].astype(np.intp)
    group = (gold < len(values)).astype(np.int8)
    moved = replace(
        counted.found,
        identity=identities(counted.found.key, gold, values),
        gold=gold,
        group=group,
        totals=_moved_totals(counted.found, group),
    )
    found = least(distinct(moved))
    return replace(counted, pairs=drop_gold(counted.pairs, kept), found=found)


def _moved_totals(found: FoundRows, group: NDArray[np.int8]) -> NDArray[np.float64]:
    """Rows of each stratum where all rows of a group join another one."""
    moves = np.stack([strata(found.n_votes, found.group), strata(found.n_votes, group)])
    before, after = np.unique(moves, axis=1)
    return np.bincount(after, found.totals[before], N_STRATA).astype(np.float64)


# Votes that are kept ------------------------------------------------------------------------------


def coded(
    votes: Votes, values: NDArray[Any], n_votes: NDArray[np.intp]
) -> ColumnVotes | SparseVotes:
    """Votes of some rows by codes of these values, in the form that takes less room.

    Parameters
    ----------
    votes : Votes
    values : ndarray of shape (n_values,)
        All that occur.
    n_votes : ndarray of shape (n_samples,)
        Votes of each row.
    """
    is_dense = SPARSE_BYTES * n_votes.sum() >= votes.n_samples * votes.n_lfs
    held = votes.coded(votes.block(0, votes.n_samples)) if is_dense else as_sparse(votes)
    return recoded(held, values)


def as_sparse(votes: Votes) -> SparseVotes:
    """Votes without the cells that hold none."""
    row, lf, code = votes.cells(0, votes.n_samples)
    indptr = np.append(0, np.cumsum(np.bincount(row, minlength=votes.n_samples)))
    entries = code, lf.astype(np.int32), indptr
    return SparseVotes(
        votes.n_samples, votes.n_lfs, votes.values, votes.abstain_code, votes.names, *entries
    )


def recoded(votes: ColumnVotes | SparseVotes, values: NDArray[Any]) -> ColumnVotes | SparseVotes:
    """The same votes by codes of these values, the one after them for an abstain."""
    kind = np.min_scalar_type(len(values))
    if votes.abstain_code == len(values) and votes.values.tolist() == values.tolist():
        return replace(votes, values=values, codes=votes.codes.astype(kind, copy=False))
    code = np.full(votes.n_codes, len(values))
    code[: len(votes.values)] = class_index(votes.values, values)
    code[votes.abstain_code] = len(values)
    return votes.recoded(code.astype(kind), values)


def one_after_other(
    a: ColumnVotes | SparseVotes, b: ColumnVotes | SparseVotes, values: NDArray[Any]
) -> ColumnVotes | SparseVotes:
    """The rows of a, and those of b, by codes of these values."""
    a, b = recoded(a, values), recoded(b, values)
    n_samples = a.n_samples + b.n_samples
    if isinstance(a, ColumnVotes) and isinstance(b, ColumnVotes):
        return replace(a, codes=np.hstack([a.codes, b.codes]), n_samples=n_samples)
    first, second = as_sparse(a), as_sparse(b)
    return replace(
        first,
        n_samples=n_samples,
        codes=np.append(first.codes, second.codes),
        indices=np.append(first.indices, second.indices),
        indptr=np.append(first.indptr, first.indptr[-1] + second.indptr[1:]),
    )
