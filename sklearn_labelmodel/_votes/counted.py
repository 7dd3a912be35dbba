"""Counts of pairs of votes, and distinct rows with their counts: both add up over rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from .._utils import listed_values, quoted
from .codes import (
    GoldLabels,
    SparseVotes,
    Votes,
    class_index,
    is_text,
    lf_label,
    no_gold,
)
from .containers import check_container, check_row_order, column_names
from .gold import UNLABELLED, read_gold
from .keys import combined
from .pairs import PairCounts, add_pairs, compacted, count_votes, drop_gold
from .patterns import (
    N_STRATA,
    FoundRows,
    Patterns,
    distinct,
    find_rows,
    joined,
    keys_of_gold,
    least,
    patterns_of,
    places_among,
    strata,
    weight_sums,
)
from .reader import read_votes, values_of
from .weights import read_weights

# Read as labels until all rows are counted.
MARKS = [UNLABELLED, str(UNLABELLED)]
# Pairs are counted in the distinct rows where these are so few.
FEW_DISTINCT = 4


def read_block(
    L: Any, y: Any, sample_weight: Any, *, abstain: Any, classes: list[Any] | None = None
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
    check_container(L)
    check_row_order(L=L, y=y, sample_weight=sample_weight)
    n_samples = _num_samples(L)
    labels = no_gold(n_samples) if y is None else read_gold(y, n_samples, classes=classes or MARKS)
    if classes is None:
        unsettled = np.flatnonzero(labels.values == unlabelled_mark(labels.values))
        labels = replace(labels, unsettled=int(unsettled[0]) if len(unsettled) else None)
    # Fractions may be votes where something else than the votes names the classes: fit says so.
    votes = read_votes(L, abstain=abstain, names=column_names(L), allow_fractions=True)
    return votes, labels, read_weights(sample_weight, n_samples)


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of pairs of votes, and distinct rows with the symbols that they hold.

    Attributes
    ----------
    names : ndarray of shape (n_lfs,) or None
    pairs : PairCounts
    found : FoundRows
        Whose `row` says where in `cells` each is.
    cells : CSR array of shape (n_found, n_symbols), dtype int8
        1 where the row holds the symbol.
    """

    names: NDArray[np.object_] | None
    pairs: PairCounts
    found: FoundRows
    cells: Any

    @property
    def patterns(self) -> Patterns:
        """The distinct rows as learners read them."""
        pairs, found = self.pairs, self.found
        return Patterns(
            n_samples=pairs.n_samples,
            n_lfs=pairs.n_lfs,
            lf=pairs.lf,
            vote=pairs.vote,
            indicators=self.cells.astype(np.float64),
            weight=found.scaled(),
            gold=found.gold,
            gold_values=pairs.gold_values,
            key=found.key,
            complete=found.complete,
        )


def count(votes: Votes, labels: GoldLabels, weight: NDArray[np.float64] | None) -> Counted:
    """Count votes that were read, those of rows of weight 0 not."""
    votes, labels, weight = without_zeros(votes, labels, weight)
    found = find_rows(votes, labels, weight)
    rows = patterns_of(found, votes, labels, found.weight)
    few = FEW_DISTINCT * len(found.identity) <= votes.n_samples
    if found.complete and (few or weight is not None):
        pairs = count_pattern_pairs(rows)
    else:
        pairs = count_votes(votes, labels, weight)
    cells = rows.with_symbols(pairs.lf, pairs.vote).indicators.astype(np.int8)
    return Counted(votes.names, pairs, replace(found, row=np.arange(len(found.identity))), cells)


def count_pattern_pairs(patterns: Patterns) -> PairCounts:
    """Count the symbols of all distinct rows."""
    held, gold = patterns.indicators, patterns.gold_counts(patterns.gold_values)
    return PairCounts(
        n_samples=patterns.n_samples,
        n_lfs=patterns.n_lfs,
        lf=patterns.lf,
        vote=patterns.vote,
        cooccurrence=compacted(sp.csr_array(held.T @ (sp.diags_array(patterns.weight) @ held))),
        gold_counts=gold.by_symbol,
        gold_rows=gold.rows,
        gold_voteless=gold.voteless,
        gold_values=patterns.gold_values,
    )


def without_zeros(
    votes: Votes, labels: GoldLabels, weight: NDArray[np.float64] | None
) -> tuple[Votes, GoldLabels, NDArray[np.float64] | None]:
    """Without the rows of weight 0, and the labels that only these have."""
    if weight is None or weight.all():
        return votes, labels, weight
    rows = np.flatnonzero(weight)
    return votes.take(rows), labels.take(rows).occurring(), weight[rows]


# Adding up ----------------------------------------------------------------------------------------


def add(a: Counted, b: Counted) -> Counted:
    """The counts of all rows of both."""
    _check_same_lfs(a, b)
    vote = _union(a.pairs.vote, b.pairs.vote, "votes")
    gold = _union(a.pairs.gold_values, b.pairs.gold_values, "labels")
    lf, vote = _all_symbols(a.pairs, b.pairs, vote)
    places = [places_among(one.pairs.lf, one.pairs.vote, lf, vote) for one in (a, b)]
    shift = a.cells.shape[0]
    parts = [_with_gold(a, gold, 0), _with_gold(b, gold, shift)]
    found = joined(parts)
    cells = sp.vstack(
        [_widened(one.cells, place, len(lf)) for one, place in zip((a, b), places, strict=True)],
        format="csr",
    )[found.row]
    return Counted(
        a.names,
        add_pairs(a.pairs, b.pairs, places, lf, vote, gold),
        replace(found, row=np.arange(len(found.identity))),
        cells,
    )


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
    if len(first) and len(second) and is_text(first) != is_text(second):
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
) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """LF and vote of the symbols of both."""
    width = max(1, len(values))
    keys = [one.lf * width + np.searchsorted(values, one.vote) for one in (a, b) if len(one.lf)]
    union = np.unique(np.concatenate([np.zeros(0, dtype=np.intp), *keys]))
    return union // width, values[union % width]


def _widened(cells: Any, place: NDArray[np.intp], n_symbols: int) -> Any:
    indices = place.astype(cells.indices.dtype)[cells.indices]
    return sp.csr_array((cells.data, indices, cells.indptr), shape=(cells.shape[0], n_symbols))


def _with_gold(one: Counted, values: NDArray[Any], shift: int) -> FoundRows:
    """The distinct rows with codes of other gold values, and further down."""
    code = np.append(class_index(one.pairs.gold_values, values), len(values))
    return replace(one.found, gold=code[one.found.gold], row=one.found.row + shift)


def settle_unlabelled(counted: Counted, classes: Any) -> Counted:
    """Without the labels -1, unless -1 is a class.

    It is one where `classes` names it, or where these are not given and there is one other label only.
    """
    values = counted.pairs.gold_values
    marker = unlabelled_mark(values)
    if marker not in values.tolist():
        return counted
    is_class = len(values) == 2 if classes is None else marker in list(classes)
    return settled(counted, is_class | (values != marker))


def unlabelled_mark(values: NDArray[Any]) -> Any:
    """What marks rows without a gold label among labels like these."""
    return str(UNLABELLED) if is_text(values) else UNLABELLED


def without_gold(counted: Counted) -> Counted:
    """Without any gold label."""
    n_values = len(counted.pairs.gold_values)
    return settled(counted, np.zeros(n_values, dtype=bool)) if n_values else counted


def labels_of(counted: Counted) -> GoldLabels:
    """The gold labels of the distinct rows."""
    return GoldLabels(counted.pairs.gold_values, counted.found.gold)


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
            "score. Threshold it first (BinLF), or name all classes with `classes`."
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
    gold = np.append(code, len(values))[counted.found.gold]
    keys = keys_of_gold(values)
    group = (gold < len(values)).astype(np.int8)
    moved = replace(
        counted.found,
        identity=combined(counted.found.key, keys[gold]),
        gold=gold.astype(np.intp),
        group=group,
        totals=_moved_totals(counted.found, group),
    )
    found = least(distinct(moved))
    cells = counted.cells[found.row]
    found = replace(found, row=np.arange(len(found.row)))
    return replace(counted, pairs=drop_gold(counted.pairs, kept), found=found, cells=cells)


def _moved_totals(found: FoundRows, group: NDArray[np.int8]) -> NDArray[np.float64]:
    """Rows of each stratum where all rows of a group join another one."""
    moves = np.stack([found.stratum, strata(found.n_votes, group)])
    before, after = np.unique(moves, axis=1)
    return weight_sums(after, found.totals[before], N_STRATA)


# Votes to look at ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CountedVotes(SparseVotes):
    """Distinct rows for votes: for checks that look at some rows, and for what they say of them."""

    weight: NDArray[np.float64]

    @property
    def n_rows(self) -> float:
        return float(self.weight.sum())

    def some_rows(self, n_rows: int) -> NDArray[np.intp]:
        ends = np.cumsum(self.weight)
        places = (np.arange(n_rows) + 0.5) * (ends[-1] / n_rows)
        return np.minimum(np.searchsorted(ends, places), len(ends) - 1)

    def place(self, lf: int, row: int) -> str:  # noqa: ARG002
        return lf_label(self.names, lf)


def counted_votes(counted: Counted) -> CountedVotes:
    """The distinct rows as votes."""
    pairs, cells = counted.pairs, counted.cells
    values = np.unique(pairs.vote)
    code = np.searchsorted(values, pairs.vote).astype(np.min_scalar_type(len(values)))
    return CountedVotes(
        n_samples=cells.shape[0],
        n_lfs=pairs.n_lfs,
        values=values,
        abstain_code=len(values),
        names=counted.names,
        codes=code[cells.indices],
        indices=pairs.lf[cells.indices],
        indptr=cells.indptr,
        weight=counted.found.scaled(),
    )
