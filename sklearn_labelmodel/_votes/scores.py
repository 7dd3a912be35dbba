"""Columns of scores: found, read, and cut into bins, which are symbols as votes are."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._utils import as_objects, kind_of, listed_values, plain, quoted, warn_user
from .._utils.tables import is_arrow, is_pandas
from .coded_columns import NO_VOTES
from .codes import (
    Bin,
    ColumnVotes,
    SparseVotes,
    Votes,
    is_bin,
    lf_label,
    without_bins,
)
from .containers import as_array, column_of, columns_by_name, is_matrix, is_table
from .reader import is_missing, markers_of, read_votes

if TYPE_CHECKING:
    from .._utils.types import Columns, Marker, ScoreColumns, VoteMatrix

# Scores of one column, NaN where missing, and their rows: all of them in order, or some.
Cells: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.intp] | slice]"
# Bins that a column of scores is cut into. Chosen on half of the rows and judges of one set, checked on the others.
N_BINS = 4


def no_bins(values: NDArray[Any]) -> NDArray[Any]:
    """Votes without those that are bins, in an array as there would be without scores."""
    bins = is_bin(values)
    return without_bins(values, ~bins) if bins.any() else values


@dataclass(frozen=True, eq=False)
class Scores:
    """Columns of scores, and their bins.

    Attributes
    ----------
    columns : ndarray of shape (n_columns,), dtype intp
        Ascending.
    labels : list of n_columns scalars
        The class that each speaks for; None for the second of two.
    ranges : list of ndarray of shape (n_bins, 2)
        Least and greatest fitted score of each bin of each column, ascending; empty where none is fitted.
    """

    columns: NDArray[np.intp]
    labels: list[Any]
    ranges: list[NDArray[np.float64]]

    @property
    def bins(self) -> list[Bin]:
        """All bins that may occur, in order."""
        pairs = zip(self.labels, self.ranges, strict=True)
        return sorted({Bin(place, label) for label, cut in pairs for place in range(len(cut))})

    def words(self, lf: int, vote: Hashable) -> Hashable:
        """How users are shown a vote: the scores that a bin holds, any other as it is."""
        if not isinstance(vote, Bin):
            return vote
        low, high = self.ranges[int(np.searchsorted(self.columns, lf))][vote.place]
        return _short(low) if low == high else f"{_short(low)} to {_short(high)}"


def _short(score: float) -> str:
    return f"{score:.0f}" if float(score).is_integer() else f"{score:.3g}"


def n_columns(L: VoteMatrix) -> int:
    """Columns of a table, array, matrix or list of rows."""
    if isinstance(L, list | tuple):
        return len(L[0]) if len(L) and hasattr(L[0], "__len__") else 0
    shape = getattr(L, "shape", (0,))
    return int(shape[-1]) if len(shape) else 0


# Which columns ------------------------------------------------------------------------------------


def _find_scores(scores: ScoreColumns, n_lfs: int, names: NDArray[np.object_] | None) -> Scores:
    """The columns that the parameter `scores` names."""
    if isinstance(scores, str):
        if scores != "all":
            raise ValueError(
                f"scores is {quoted(scores)}; give a list of columns such as [{quoted(scores)}], or 'all'."
            )
        return _scores(range(n_lfs), [None] * n_lfs)
    given = list(scores)
    if given and all(isinstance(flag, bool | np.bool_) for flag in given):
        if len(given) != n_lfs:
            raise ValueError(
                f"scores is a mask of {len(given)} columns, and L has {n_lfs}. Give a flag for each column, or a list "
                "of columns."
            )
        given = np.flatnonzero(given).tolist()
        return _scores(given, [None] * len(given))
    column = columns_by_name(names, given, "scores")
    found = [_find_column(name, column, n_lfs) for name in given]
    for place, lf in enumerate(found):
        if lf in found[:place]:
            raise ValueError(f"scores names {quoted(given[place])} twice; leave one out.")
    labels = [plain(scores[name]) if isinstance(scores, Mapping) else None for name in given]
    return _scores(found, labels)


def _scores(columns: Iterable[int], labels: list[Hashable]) -> Scores:
    given = np.asarray(list(columns), dtype=np.intp)
    if not len(given):
        raise ValueError("scores names no column; leave it out (None) where all columns are votes.")
    order = np.argsort(given, kind="stable")
    return Scores(given[order], [labels[i] for i in order], [np.zeros((0, 2))] * len(order))


def _find_column(name: Hashable, column: dict[Hashable, int], n_lfs: int) -> int:
    if name in column:
        return column[name]
    if isinstance(name, numbers.Integral) and not isinstance(name, bool) and 0 <= name < n_lfs:
        return int(name)
    known = (
        f"columns are {listed_values(list(column))}" if column else f"columns are 0 to {n_lfs - 1}"
    )
    raise ValueError(f"scores names the column {quoted(name)}, which L does not have; its {known}.")


def check_speaks_for(
    scored: Scores, classes: NDArray[Any], names: NDArray[np.object_] | None
) -> None:
    """Raise a ValueError where it is not said, or not known, which class a column of scores speaks for."""
    for lf, label in zip(scored.columns.tolist(), scored.labels, strict=True):
        if label is None and len(classes) == 1:
            raise ValueError(
                f"{lf_label(names, lf)} holds scores, and {quoted(classes[0])} is the only class that votes or labels "
                "name. Say which classes there are with `classes`, such as classes=[0, 1]; of two, scores speak for "
                "the second."
            )
        if label is None and len(classes) != 2:
            raise ValueError(
                f"{lf_label(names, lf)} holds scores, and there are {len(classes)} classes {listed_values(classes)}. "
                "Say which class each column speaks for: scores={column: class}."
            )
        if label is not None and label not in classes.tolist():
            raise ValueError(
                f"scores says that {lf_label(names, lf)} speaks for {quoted(label)}, which is none of the classes "
                f"{listed_values(classes)}. Correct it, or add it to `classes`."
            )


# Reading ------------------------------------------------------------------------------------------


def read_beside(
    L: VoteMatrix,
    scores: ScoreColumns | Scores | None,
    *,
    abstain: Marker,
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> tuple[Votes, Scores | None, list[Cells]]:
    """Votes, which the columns of scores do not have; these columns; and apart from the votes the scores.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
    scores : "all", list or mask of columns, dict of column to class; Scores; None
        None: all columns hold votes.
    abstain, names, allow_fractions
        As in `read_votes`. No marker abstains in a column of scores: missing values alone do.

    Raises
    ------
    ValueError
        As `read_votes`; a score that is infinite; a column that L does not have, or one that is named twice; a mask of
        another length; no column.
    TypeError
        As `read_votes`; a score that is no number.

    Warns
    -----
    UserWarning
        A score that is rather the marker `abstain`.
    """
    if scores is None:
        alone = read_votes(L, abstain=abstain, names=names, allow_fractions=allow_fractions)
        return alone, None, []
    scored = scores if isinstance(scores, Scores) else _find_scores(scores, n_columns(L), names)
    held = _with_columns(L)
    cells = [_read_cells(held, lf, lf_label(names, lf)) for lf in scored.columns.tolist()]
    for lf, (column, _) in zip(scored.columns.tolist(), cells, strict=True):
        _warn_of_marker(column, markers_of(abstain), lf_label(names, lf))
    others = np.setdiff1d(np.arange(held.shape[1]), scored.columns)
    every = np.arange(held.shape[1]).astype(object) if names is None else names
    votes = _no_votes(held)
    if len(others):
        votes = read_votes(
            _columns(held, others),
            abstain=abstain,
            names=every[others],
            allow_fractions=allow_fractions,
        )
    return _widened(votes, others, held.shape, names), scored, cells


def _with_columns(L: VoteMatrix) -> Columns:
    if is_matrix(L) or is_table(L):
        check_array(np.broadcast_to(np.int8(0), L.shape))
        return L.tocsc() if is_matrix(L) else L
    return check_array(as_array(L), dtype=None, ensure_all_finite=False)


def rows_with_score(cells: list[Cells], n_samples: int) -> NDArray[np.bool_]:
    """Whether any column has a score in each row, shape (n_samples,)."""
    any_score = np.zeros(n_samples, dtype=bool)
    for column, rows in cells:
        any_score[rows] |= ~np.isnan(column)
    return any_score


def _columns(L: Columns, columns: NDArray[np.intp]) -> VoteMatrix:
    if is_arrow(L):
        return L.select(columns.tolist())
    return L.iloc[:, columns] if is_pandas(L) else L[:, columns.tolist()]


def _widened(
    votes: Votes,
    columns: NDArray[np.intp],
    shape: tuple[int, int],
    names: NDArray[np.object_] | None,
) -> Votes:
    """Votes of some columns among all, of which the others abstain."""
    n_samples, n_lfs = shape
    if isinstance(votes, SparseVotes):
        return replace(votes, n_lfs=n_lfs, names=names, indices=columns[votes.indices])
    codes = np.full((n_lfs, n_samples), votes.abstain_code, dtype=votes.code_dtype)
    codes[columns] = votes.block(0, n_samples)
    return ColumnVotes(n_samples, n_lfs, votes.values, votes.abstain_code, names, codes)


def _no_votes(L: Columns) -> Votes:
    """The votes of none of the columns."""
    n_samples, codes = L.shape[0], np.zeros((0, L.shape[0]), dtype=np.uint8)
    if not is_matrix(L):
        return ColumnVotes(n_samples, 0, *NO_VOTES, None, codes)
    nothing, indptr = np.zeros(0, dtype=np.intp), np.zeros(n_samples + 1, dtype=np.intp)
    return SparseVotes(n_samples, 0, *NO_VOTES, None, codes[:, 0], nothing, indptr)


def _read_cells(L: Columns, lf: int, label: str) -> Cells:
    rows: NDArray[np.intp] | None = None
    if is_matrix(L):
        entries = slice(L.indptr[lf], L.indptr[lf + 1])
        column, rows = L.data[entries], L.indices[entries].astype(np.intp)
    else:
        column = column_of(L, lf) if is_table(L) else L[:, lf]
    kind = getattr(column, "dtype", None)
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        numbers = np.asarray(column, dtype=np.float64)
    else:
        numbers = np.array([_number(cell, row, label) for row, cell in enumerate(column)], float)
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        row = infinite[0] if rows is None else rows[infinite[0]]
        raise ValueError(
            f"{label}, row {row}: the score is {numbers[infinite[0]]}. Put a number in its place that is beyond all "
            "others, or a missing value where there is no score."
        )
    return numbers, slice(None) if rows is None else rows


def _number(cell: object, row: int, label: str) -> float:
    if isinstance(cell, numbers.Real | Decimal | np.bool_):
        return float(cell)
    if not isinstance(cell, str) and is_missing(cell):
        return np.nan
    raise TypeError(
        f"{label}, row {row}: the score {quoted(cell)} is {kind_of(cell)}; a score is a number, or missing. "
        'Read texts such as "0.8" by pandas.to_numeric(column), such as "8/10" by '
        r'column.str.extract(r"(-?\d+\.?\d*)")[0].astype(float); or leave the column out of `scores` if it holds votes.'
    )


def _warn_of_marker(scores: NDArray[np.float64], markers: list[Hashable], label: str) -> None:
    """Warn of scores that equal an abstain marker and lie beyond zero, where no other score does."""
    for marker in markers:
        if isinstance(marker, numbers.Real) and marker < 0 and (scores == marker).any():
            others = scores[(scores != marker) & ~np.isnan(scores)]
            if len(others) and (others >= 0).all():
                warn_user(
                    f"{label}, row {np.flatnonzero(scores == marker)[0]}: the score {quoted(marker)} looks like the "
                    "marker of no vote. Among scores it is the lowest one, and only missing values abstain: put None "
                    "or NaN in its place, or set abstain=None if it is a score."
                )


# Bins ---------------------------------------------------------------------------------------------


def with_ranges(
    scored: Scores, cells: list[Cells], weight: NDArray[np.float64] | None = None
) -> Scores:
    """The same columns, cut into bins by quantiles of these scores, whose rows may have weights."""
    ranges = [
        quantile_bins(column, N_BINS, None if weight is None else weight[rows])
        for column, rows in cells
    ]
    return replace(scored, ranges=ranges)


def quantile_bins(
    scores: NDArray[np.float64], n_bins: int, weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Least and greatest score of each bin, which are as equal in number as ties allow.

    Parameters
    ----------
    scores : ndarray of shape (n_scores,)
        NaN where missing.
    n_bins : int
        At most; as many as there are distinct scores, where these are fewer.
    weight : ndarray of shape (n_scores,), default=None
        Of the scores.

    Returns
    -------
    ranges : ndarray of shape (n_found, 2)
    """
    told = ~np.isnan(scores) if weight is None else ~np.isnan(scores) & (weight > 0)
    # Zeros lose their sign, of which sorting keeps either.
    values, place = np.unique(scores[told] + 0.0, return_inverse=True)
    counts = np.bincount(place, None if weight is None else weight[told], minlength=len(values))
    if len(values) <= n_bins:
        return np.column_stack([values, values])
    below = np.cumsum(counts)[:-1] / counts.sum()
    last = np.unique([np.abs(below - part / n_bins).argmin() for part in range(1, n_bins)])
    first = np.append(0, last + 1)
    return np.column_stack([values[first], values[np.append(last, len(values) - 1)]])


def with_bins(votes: Votes, scored: Scores, cells: list[Cells]) -> Votes:
    """Votes, and in the columns of scores the bins that these fall into.

    Parameters
    ----------
    votes : ColumnVotes or SparseVotes
        Without a vote in these columns.
    scored : Scores
    cells : list of Cells
    """
    bins = scored.bins
    spoken = np.flatnonzero(np.arange(len(votes.values)) != votes.abstain_code)
    values = as_objects([*votes.values[spoken].tolist(), *bins])
    table = np.full(votes.n_codes, len(values), dtype=np.min_scalar_type(len(values)))
    table[spoken] = np.arange(len(spoken))
    nothing = table.dtype.type(len(values))
    codes = [
        _bin_codes(column, cut, len(spoken) + _first_of(bins, label), nothing)
        for (column, _), cut, label in zip(cells, scored.ranges, scored.labels, strict=True)
    ]
    recoded = votes.recoded(table, values)
    if isinstance(recoded, SparseVotes):
        return _with_entries(recoded, scored, cells, codes)
    recoded.codes[scored.columns] = codes
    return recoded


def _first_of(bins: list[Bin], label: Hashable) -> int:
    return next((code for code, one in enumerate(bins) if one.label == label), len(bins))


def _bin_codes(
    numbers: NDArray[np.float64],
    ranges: NDArray[np.float64],
    first: int,
    nothing: np.unsignedinteger,
) -> NDArray[Any]:
    """The code of each score's bin: the first one whose greatest score it does not exceed, else the last."""
    if not len(ranges):
        return np.full(len(numbers), nothing)
    codes = (first + np.searchsorted(ranges[:-1, 1], numbers)).astype(nothing.dtype)
    codes[np.isnan(numbers)] = nothing
    return codes


def _with_entries(
    votes: SparseVotes, scored: Scores, cells: list[Cells], codes: list[NDArray[Any]]
) -> SparseVotes:
    """Sparse votes with more entries, in CSR order."""
    rows = [np.repeat(np.arange(votes.n_samples), np.diff(votes.indptr))]
    rows += [of_column for _, of_column in cells if not isinstance(of_column, slice)]
    lengths = [len(column) for column in codes]
    lfs = np.concatenate([votes.indices, np.repeat(scored.columns, lengths)])
    row = np.concatenate(rows)
    order = np.lexsort((lfs, row))
    return replace(
        votes,
        codes=np.concatenate([votes.codes, *codes])[order],
        indices=lfs[order],
        indptr=np.searchsorted(row[order], np.arange(votes.n_samples + 1)),
    )
