"""Label matrices of any container, read into vote codes."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._utils import is_comparable, listed, quoted, warn_user
from .._utils.spelling import marks
from .coded_columns import Coded, coded_column, factorized
from .codes import SURVEY_CELLS, ColumnVotes, DenseVotes, SparseVotes, Votes, lf_label
from .containers import (
    as_array,
    as_one_block,
    check_container,
    column_of,
    is_matrix,
    is_table,
    largest_exact,
    warn_of_fill_values,
)

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Marker, Ordered, VoteMatrix

MAX_FRACTIONAL_VOTES = 32
COMPACT_SPAN = 4096
# Values and abstain code where every cell is missing.
NO_VOTES = np.array([0]), 0


def read_votes(
    L: VoteMatrix,
    *,
    abstain: Marker = -1,
    names: NDArray[np.object_] | None = None,
    allow_fractions: bool = False,
) -> Votes:
    """Read a label matrix of any kind.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Numbers, booleans or strings; missing values abstain. In a sparse matrix the stored entries are
        votes. (BSR and DIA store zeros as padding: theirs are no votes.)
    abstain : scalar, list of scalars or None, default=-1
        Votes that mean "abstain", besides every missing value.
    names : ndarray of shape (n_lfs,), default=None
        LF names, for messages.
    allow_fractions : bool, default=False
        Whether a column may hold fractional numbers, up to 32 distinct ones, as votes.

    Returns
    -------
    votes : Votes

    Raises
    ------
    ValueError
        Not two-dimensional, empty, infinite or continuous votes, numbers mixed with strings, cells that are there
        twice, numbers that were rounded.
    TypeError
        A vote that is neither a number nor a string; a container that is no table, array or sparse matrix.
    """
    check_container(L)
    markers = markers_of(abstain)
    if is_matrix(L):
        return _read_sparse(L, markers, names, allow_fractions)
    if is_table(L):
        check_array(np.broadcast_to(np.int8(0), L.shape))
        array = as_one_block(L)
        warn_of_fill_values(L, markers)
        if array is None:
            columns = (coded_column(L, j) or column_of(L, j) for j in range(L.shape[1]))
            return _read_columns(columns, L.shape, markers, names, allow_fractions)
    elif type(L) is np.ndarray and L.dtype.kind in "biuf" and L.ndim == 2 and L.size:
        array = L
    else:
        array = check_array(as_array(L), dtype=None, ensure_all_finite=False)
    if array.dtype.kind in "biuf":
        return _read_numbers(array, markers, names, allow_fractions)
    if array.dtype.kind in "OUST":
        if array.dtype.kind == "U":
            # NumPy makes strings of all cells where some are.
            markers = [str(marker) for marker in markers]
        columns = (array[:, j].astype(object) for j in range(array.shape[1]))
        return _read_columns(columns, array.shape, markers, names, allow_fractions)
    raise TypeError(f"Votes are numbers, booleans or strings; got an array of {array.dtype}.")


def is_missing(value: object) -> bool:
    """Whether a scalar is None, NaN, NaT or pandas.NA."""
    if value is None:
        return True
    if isinstance(value, str | numbers.Integral):
        return False
    import pandas as pd

    scalar: Any = value
    return pd.api.types.is_scalar(scalar) and bool(pd.isna(scalar))


def markers_of(abstain: Marker) -> list[Hashable]:
    """The votes that mean "abstain" as a list, without missing values, which always do.

    Parameters
    ----------
    abstain : scalar, list of scalars or None
    """
    several = isinstance(abstain, Iterable) and not isinstance(abstain, str)
    given: Any = abstain if several else [abstain]
    markers: list[Hashable] = [marker for marker in given if not is_missing(marker)]
    wrong = [marker for marker in markers if not is_comparable(marker)]
    if wrong:
        raise ValueError(
            f"abstain holds {quoted(wrong[0])}, which does not compare with votes; give numbers or strings."
        )
    return markers


# Numbers ------------------------------------------------------------------------------------------


def _read_numbers(
    array: NDArray[Any],
    markers: list[Hashable],
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> Votes:
    values = _survey(array)
    if values is None:
        columns = (array[:, j] for j in range(array.shape[1]))
        return _read_columns(columns, array.shape, markers, names, allow_fractions)
    silent = _places_of(markers, values)
    if len(silent) > 1:
        array = np.where(np.isin(array, values[silent[1:]]), values[silent[0]], array)
        array = array.astype(np.result_type(array, values[silent[0]]), copy=False)
    code = int(silent[0]) if len(silent) else len(values)
    if array.dtype.kind == "f" and len(values) == 1 and np.isnan(array).all():
        code = 0
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    return DenseVotes(array.shape[0], array.shape[1], values, code, names, array)


def _survey(array: NDArray[Any]) -> NDArray[Any] | None:
    """Sorted candidate votes of an array of numbers, 0 if all are missing; None if some are infinite or fractional."""
    if array.dtype.kind == "b":
        return np.array([False, True])
    bounds = _integer_bounds(array)
    if bounds is None:
        return None
    low, high = bounds
    if high - low < COMPACT_SPAN:
        wide = np.uint64 if high > np.iinfo(np.int64).max else np.int64
        return np.arange(high - low + 1).astype(wide) + wide(low)
    return _distinct(array)


def _integer_bounds(array: NDArray[Any]) -> tuple[int, int] | None:
    """Least and greatest number, NaN apart; None if some are infinite or fractional."""
    if array.dtype.kind in "iu":
        chunks = _row_chunks(array.T if array.flags.f_contiguous else array)
        bounds = [(int(chunk.min()), int(chunk.max())) for chunk in chunks]
        return min(low for low, _ in bounds), max(high for _, high in bounds)
    low, high = np.inf, -np.inf
    for chunk in _row_chunks(array):
        with np.errstate(invalid="ignore"):
            whole = np.rint(chunk) == chunk
        present = ~np.isnan(chunk)
        if not np.array_equal(whole, present):
            return None
        low = min(low, chunk.min(where=present, initial=np.inf))
        high = max(high, chunk.max(where=present, initial=-np.inf))
    if low > high:
        return 0, 0
    exact = max(-float(low), float(high)) < largest_exact(array.dtype)
    return (int(low), int(high)) if exact else None


def _distinct(array: NDArray[Any]) -> NDArray[Any]:
    distinct = np.unique(np.concatenate([np.unique(chunk) for chunk in _row_chunks(array)]))
    if distinct.dtype.kind == "f":
        return distinct[~np.isnan(distinct)].astype(np.int64)
    return distinct


def _row_chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    n_rows = max(1, SURVEY_CELLS // array.shape[1])
    for start in range(0, len(array), n_rows):
        yield array[start : start + n_rows]


def _places_of(markers: list[Hashable], values: NDArray[Any]) -> NDArray[np.intp]:
    """Where among the values the markers stand."""
    known = set(markers)
    return np.flatnonzero([value in known for value in values.tolist()])


# Sparse matrices ----------------------------------------------------------------------------------


def _read_sparse(
    L: sp.sparray, markers: list[Hashable], names: NDArray[np.object_] | None, allow_fractions: bool
) -> Votes:
    check_array(np.broadcast_to(np.int8(0), L.shape))
    _check_no_cell_twice(L, names)
    csr = L.tocsr()
    if L.format in ("bsr", "dia"):
        csr.eliminate_zeros()
    if not csr.has_sorted_indices:
        # A row's votes in one order, so that sums over them have the same bits.
        csr = csr.sorted_indices()
    if csr.data.dtype.kind not in "biuf":
        raise TypeError(f"A sparse label matrix holds numbers; got {csr.data.dtype}.")
    codes, values, abstain_code = _entry_codes(csr, markers, names, allow_fractions)
    return SparseVotes(
        L.shape[0], L.shape[1], values, abstain_code, names, codes, csr.indices, csr.indptr
    )


def _check_no_cell_twice(L: sp.sparray, names: NDArray[np.object_] | None) -> None:
    """Refuse cells that are stored twice: SciPy adds their votes up."""
    if L.format == "bsr" or (L.format in ("csr", "csc") and L.has_canonical_format):
        L = L if L.has_canonical_format else L.tocoo()
    if L.format not in ("coo", "csr", "csc") or getattr(L, "has_canonical_format", False):
        return
    coo = L.tocoo()
    cell = coo.row.astype(np.int64) * coo.shape[1] + coo.col
    distinct, first, times = np.unique(cell, return_index=True, return_counts=True)
    if len(distinct) < len(cell):
        entry = first[times > 1].min()
        raise ValueError(
            f"L holds {np.count_nonzero(times > 1)} cells twice (first: {lf_label(names, int(coo.col[entry]))}, row "
            f"{coo.row[entry]}), and a sum of votes is no vote. Keep one vote of each LF and row before you build the "
            "matrix."
        )


def _entry_codes(
    csr: sp.csr_array,
    markers: list[Hashable],
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Codes of the stored entries, the votes that they index, and the abstain's code."""
    labels = getattr(csr, "labels", None)
    if labels is not None:
        # Texts, which no sparse matrix holds: the entries index them (`labeling.votes_from_long`).
        silent = _places_of(markers, labels)
        abstain_code = int(silent[0]) if len(silent) else len(labels)
        codes = np.where(np.isin(csr.data, silent), abstain_code, csr.data)
        return codes.astype(np.min_scalar_type(len(labels))), labels, abstain_code
    if not len(csr.data):
        values, abstain_code = NO_VOTES
        return np.empty(0, np.uint8), values, abstain_code
    data = csr.data.reshape(-1, 1)
    if _survey(data) is not None:
        votes = _read_numbers(data, markers, None, allow_fractions)
        return votes.block(0, len(data))[0], votes.values, votes.abstain_code
    _check_fractions(csr, names, allow_fractions)
    present = ~np.isnan(csr.data)
    values, places = np.unique(csr.data[present], return_inverse=True)
    silent = _places_of(markers, values)
    abstain_code = int(silent[0]) if len(silent) else len(values)
    codes = np.full(len(csr.data), abstain_code, dtype=np.min_scalar_type(len(values)))
    codes[present] = np.where(np.isin(places, silent), abstain_code, places)
    return codes, values, abstain_code


def _check_fractions(
    csr: sp.csr_array, names: NDArray[np.object_] | None, allow_fractions: bool
) -> None:
    csc = csr.tocsc()
    for j in range(csc.shape[1]):
        entries = slice(csc.indptr[j], csc.indptr[j + 1])
        reader = _Column(lf_label(names, j), csc.data[entries], csc.indices[entries])
        reader.check(allow_fractions)


# Columns of any kind ------------------------------------------------------------------------------


def _read_columns(
    columns: Iterable[NDArray[Any] | pd.Series | Coded],
    shape: tuple[int, int],
    markers: list[Hashable],
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> Votes:
    read: list[_Column] = []
    for j, cells in enumerate(columns):
        read.append(_Column(lf_label(names, j), cells))
        read[-1].check(allow_fractions)
    values = _common_values(read, markers)
    code_of = {value: code for code, value in enumerate(values.tolist())}
    abstain_code = len(values)
    if not len(values):
        values, abstain_code = NO_VOTES
    code_of |= dict.fromkeys(markers, abstain_code)
    codes = np.empty((shape[1], shape[0]), dtype=np.min_scalar_type(len(values)))
    for column, vote_codes in zip(read, codes, strict=True):
        table = [*(code_of[vote] for vote in column.votes), abstain_code]
        column.coded.write(np.array(table, codes.dtype), vote_codes)
    return ColumnVotes(shape[0], shape[1], values, abstain_code, names, codes)


class _Column:
    """One column as codes of its distinct votes."""

    def __init__(
        self, label: str, cells: NDArray[Any] | pd.Series | Coded, rows: Sequence[int] | None = None
    ):
        self.label, self.rows = label, rows
        kind: Any = getattr(cells, "dtype", None)
        is_float = isinstance(kind, np.dtype) and kind.kind == "f"
        self.exact = largest_exact(kind if is_float else np.dtype(np.float64))
        try:
            self.coded = cells if isinstance(cells, Coded) else factorized(cells)
        except Exception as error:
            # Methods of cells, which are not this package's, may raise anything.
            unfit = ((row, cell) for row, cell in enumerate(cells) if not is_comparable(cell))
            raise self._not_a_vote(*next(unfit, (0, error))) from None
        self.votes = [self._vote(code, value) for code, value in enumerate(self.coded.values)]

    def _vote(self, code: int, value: object) -> Any:
        if isinstance(value, str | bool | numbers.Integral | np.bool_):
            return value
        if isinstance(value, Decimal) and value.is_finite() and value == int(value):
            return int(value)
        if not isinstance(value, numbers.Real | Decimal):
            raise self._not_a_vote(self.row_of(code), value)
        number = float(value)
        if np.isinf(number):
            raise ValueError(
                f"{self.label}, row {self.row_of(code)}: the vote is infinity. A vote is a class "
                "label; put the abstain marker or a missing value where there is none."
            )
        if abs(number) >= self.exact:
            raise ValueError(
                f"{self.label}, row {self.row_of(code)}: the vote {quoted(value)} is too large for a class label: "
                f"floats of this kind are rounded from {self.exact:.0f} on. Write classes as integers or strings."
            )
        return int(number) if number.is_integer() else number

    def _not_a_vote(self, row: int, value: object) -> TypeError:
        row = row if self.rows is None else int(self.rows[row])
        return TypeError(
            f"{self.label}, row {row}: the vote {quoted(value)} is a {type(value).__name__}; the argument "
            "must be a string or a number (a class label, or a missing value to abstain)."
        )

    def row_of(self, place: int) -> int:
        """The first row of one of the votes."""
        position = int(np.flatnonzero(self.coded.cells() == place)[0])
        return position if self.rows is None else int(self.rows[position])

    def check(self, allow_fractions: bool) -> None:
        """Refuse continuous scores; warn of the few fractional votes that are kept."""
        fractions = [code for code, vote in enumerate(self.votes) if isinstance(vote, float)]
        if not fractions:
            return
        example = self.votes[fractions[0]]
        where = f"{self.label}, row {self.row_of(fractions[0])}: the vote {quoted(example)}"
        if not allow_fractions or len(fractions) > MAX_FRACTIONAL_VOTES:
            raise ValueError(
                f"{where} is not a class label; the column looks like a continuous score "
                f"(distinct fractional values: {len(fractions)}). Threshold it first, or name the "
                "column in `scores`: what is no score is a vote (a class label) or an abstain."
            )
        # The least one: the first would be another one in each part of the rows.
        least = min(fractions, key=self.votes.__getitem__)
        warn_user(
            f"{self.label}, row {self.row_of(least)}: the vote {quoted(self.votes[least])} is fractional; its column's "
            f"fractional values ({len(fractions)} distinct ones) are kept as votes whose meaning is learned.",
        )


def _common_values(columns: list[_Column], markers: list[Hashable]) -> NDArray[Any]:
    """Sorted union of the columns' votes without the abstain markers; numbers and strings do not mix."""
    silent = set(markers)
    places: dict[bool, list[tuple[int, int]]] = {}
    for j, column in enumerate(columns):
        for place, vote in enumerate(column.votes):
            if vote not in silent:
                places.setdefault(isinstance(vote, str), []).append((j, place))
    if len(places) == 2:
        both = {j for j, _ in places[True]} & {j for j, _ in places[False]}
        shown = "; ".join(
            _first_cell(columns, *min(places[kind], key=lambda place: place[0] not in both))
            for kind in (False, True)
        )
        raise ValueError(
            f"Votes are all numbers or all strings, not both ({shown}). "
            + _remedy_of_mixture(
                *({columns[j].votes[place] for j, place in places[kind]} for kind in (False, True))
            )
        )
    return values_of({vote for column in columns for vote in column.votes} - silent)


def _remedy_of_mixture(few_numbers: set[Ordered], texts: set[Ordered]) -> str:
    """What to do where votes are numbers and strings: the marker there is, or one way to write classes."""
    for some, others in ((texts, few_numbers), (few_numbers, texts)):
        odd = sorted(some)
        if len(odd) == 1 < len(others) or (some is texts and len(marks(odd)) == len(odd)):
            marker = quoted(odd[0]) if len(odd) == 1 else quoted(odd)
            return (
                f"If {listed([quoted(vote) for vote in odd], 5)} means no vote, set abstain={marker} or replace it by "
                "None; else write every class label in one way."
            )
    return (
        "Write every class label in one way, and leave out columns that are no LF's votes; inspection.check_votes "
        "says what each column looks like."
    )


def values_of(distinct: Iterable[Ordered]) -> NDArray[Any]:
    """Distinct votes or labels of one kind, sorted, as an array that holds each exactly.

    Raises
    ------
    ValueError
        Whole numbers that no dtype of NumPy holds together.
    """
    ordered: list[Any] = sorted(distinct)
    if any(isinstance(value, str) for value in ordered):
        return np.array(ordered, dtype=object)
    large = all(isinstance(value, int) for value in ordered) and ordered and ordered[-1] >= 2**63
    values = np.array(
        ordered, dtype=np.uint64 if large and 0 <= ordered[0] < ordered[-1] < 2**64 else None
    )
    rounded = values.dtype.kind == "f" and not any(isinstance(value, float) for value in ordered)
    if ordered and (rounded or values.dtype.kind == "O" or values.tolist() != ordered):
        raise ValueError(
            f"The class labels {quoted(ordered[0])} and {quoted(ordered[-1])} are too large for one kind of number; "
            "write them as strings."
        )
    return values


def _first_cell(columns: list[_Column], j: int, place: int) -> str:
    column = columns[j]
    return f"{column.label}, row {column.row_of(place)}: {quoted(column.votes[place])}"
