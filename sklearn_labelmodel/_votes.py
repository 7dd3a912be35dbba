"""Label matrices of any container, read as small integer vote codes.

A vote code indexes `Votes.values`, the sorted distinct votes of the whole matrix; one code stands for
the abstain. Codes are made a block of rows at a time, so that a large matrix is never copied.
"""

from __future__ import annotations

import numbers
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

MAX_FRACTIONAL_VOTES = 32
COMPACT_SPAN = 4096
SURVEY_CELLS = 1 << 18
NARROW = 16
TILE_CELLS = 1 << 16


@dataclass(frozen=True)
class Votes(ABC):
    """Votes of n_samples rows by n_lfs labeling functions, as codes.

    Attributes
    ----------
    n_samples, n_lfs : int
    values : ndarray of shape (n_values,)
        The vote that each code stands for, sorted; some may never occur.
    abstain_code : int
        The code of "no vote": an index of `values` that is the abstain marker, or n_values.
    names : ndarray of shape (n_lfs,) or None
        LF names, for messages.
    """

    n_samples: int
    n_lfs: int
    values: NDArray[Any]
    abstain_code: int
    names: NDArray[np.object_] | None

    @abstractmethod
    def block(self, start: int, stop: int) -> NDArray[Any]:
        """Vote codes of rows start to stop, shape (n_lfs, stop - start), unsigned integers."""

    @property
    def n_codes(self) -> int:
        """Codes there are, the abstain's included."""
        return max(len(self.values), self.abstain_code + 1)

    def runs(self, most_patterns: int) -> list[slice]:
        """Neighbouring LFs taken together, as many as have at most so many patterns of votes."""
        together = max(1, int(np.log(most_patterns) / np.log(max(self.n_codes, 2))))
        ends = range(0, self.n_lfs, together)
        return [slice(start, min(start + together, self.n_lfs)) for start in ends]

    def run_patterns(self, lfs: slice) -> NDArray[np.intp]:
        """Vote codes of every pattern of a run, shape (n_patterns, LFs of the run)."""
        n_lfs = lfs.stop - lfs.start
        return np.indices((self.n_codes,) * n_lfs).reshape(n_lfs, -1).T

    def run_codes(self, start: int, stop: int, runs: list[slice]) -> Iterator[NDArray[np.intp]]:
        """For each run, which pattern the rows start to stop have, shape (stop - start,)."""
        codes = self.block(start, stop)
        for lfs in runs:
            n_patterns = self.n_codes ** (lfs.stop - lfs.start)
            joint = codes[lfs.start].astype(np.min_scalar_type(n_patterns))
            for column in codes[lfs.start + 1 : lfs.stop]:
                joint *= joint.dtype.type(self.n_codes)
                joint += column
            yield joint.astype(np.intp)

    @property
    def code_dtype(self) -> np.dtype[Any]:
        return np.min_scalar_type(len(self.values))

    def first_cell(self, codes: NDArray[np.intp]) -> tuple[int, int, Any] | None:
        """Row, LF and vote of the first cell that holds one of these codes."""
        n_rows = max(1, SURVEY_CELLS // self.n_lfs)
        for start in range(0, self.n_samples, n_rows):
            block = self.block(start, min(start + n_rows, self.n_samples))
            rows, lfs = np.nonzero(np.isin(block.T, codes))
            if len(rows):
                value = self.values.tolist()[block[lfs[0], rows[0]]]
                return start + int(rows[0]), int(lfs[0]), value
        return None


@dataclass(frozen=True)
class DenseVotes(Votes):
    """Whole numbers (as integers, booleans or floats with NaN), read from the array block by block."""

    array: NDArray[Any]

    def block(self, start: int, stop: int) -> NDArray[Any]:
        cells = self.array[start:stop]
        if self.array.dtype.kind == "f":
            return self._float_block(cells)
        if not self._is_compact:
            return np.searchsorted(self.values, cells.T).astype(self.code_dtype)
        codes = np.empty(cells.shape[::-1], dtype=self.code_dtype)
        low = np.asarray(self.values[0]).astype(self.code_dtype)
        n_rows = max(1, TILE_CELLS // self.n_lfs)
        for first in range(0, len(cells), n_rows):
            # Unsigned differences wrap, so the low bytes suffice; they are the quicker to transpose.
            tile = cells[first : first + n_rows].astype(self.code_dtype)
            tile -= low
            codes[:, first : first + n_rows] = tile.T
        return codes

    def _float_block(self, cells: NDArray[Any]) -> NDArray[Any]:
        missing = np.isnan(cells)
        cells = np.where(missing, self.values[0], cells)
        if self._is_compact:
            codes = (cells - self.values[0]).astype(self.code_dtype)
        else:
            codes = np.searchsorted(self.values, cells).astype(self.code_dtype)
        codes[missing] = self.abstain_code
        return np.ascontiguousarray(codes.T)

    def run_codes(self, start: int, stop: int, runs: list[slice]) -> Iterator[NDArray[np.intp]]:
        if not self._is_narrow:
            yield from super().run_codes(start, stop, runs)
            return
        cells = self.array[start:stop].astype(np.int64, copy=False)
        for lfs in runs:
            places = self.n_codes ** np.arange(lfs.stop - lfs.start)[::-1]
            joint = cells[:, lfs] @ places
            joint -= int(self.values[0]) * int(places.sum())
            yield joint

    @property
    def _is_compact(self) -> bool:
        return len(self.values) - 1 == int(self.values[-1]) - int(self.values[0])

    @property
    def _is_narrow(self) -> bool:
        """Whether rows of whole numbers are so short that a product reads them best."""
        rows = self.array.flags.c_contiguous and self.n_lfs <= NARROW
        return rows and self.array.dtype.kind != "f" and self._is_compact


@dataclass(frozen=True)
class ColumnVotes(Votes):
    """Columns of any kind, coded as they were read."""

    codes: NDArray[Any]

    def block(self, start: int, stop: int) -> NDArray[Any]:
        return self.codes[:, start:stop]


@dataclass(frozen=True)
class SparseVotes(Votes):
    """The stored entries of a sparse matrix, in CSR order; what is not stored abstains."""

    codes: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]

    def block(self, start: int, stop: int) -> NDArray[Any]:
        dense = np.full((self.n_lfs, stop - start), self.abstain_code, dtype=self.code_dtype)
        entries = slice(self.indptr[start], self.indptr[stop])
        rows = np.repeat(np.arange(stop - start), np.diff(self.indptr[start : stop + 1]))
        dense[self.indices[entries], rows] = self.codes[entries]
        return dense


def lf_label(names: NDArray[np.object_] | None, lf: int) -> str:
    """How messages call an LF: by its name, else by its column."""
    return f"LF {lf}" if names is None else f"LF {str(names[lf])!r}"


def read_votes(
    L: Any,
    *,
    abstain: Any = -1,
    names: NDArray[np.object_] | None = None,
    allow_fractions: bool = False,
) -> Votes:
    """Read a label matrix of any kind.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Numbers, booleans or strings; missing values abstain. In a sparse matrix the stored entries are
        votes. (BSR and DIA store zeros as padding: theirs are no votes.)
    abstain : scalar or None, default=-1
        A vote that means "abstain", besides every missing value.
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
        Not two-dimensional, empty, infinite or continuous votes, numbers mixed with strings.
    TypeError
        A vote that is neither a number nor a string.
    """
    if sp.issparse(L):
        return _read_sparse(L, abstain, names, allow_fractions)
    if _is_dataframe(L):
        check_array(np.broadcast_to(np.int8(0), L.shape))
        array = _as_one_block(L)
        if array is None:
            columns = (_column_of(L, j) for j in range(L.shape[1]))
            return _read_columns(columns, L.shape, abstain, names, allow_fractions)
    else:
        array = check_array(_as_array(L), dtype=None, ensure_all_finite=False)
    if array.dtype.kind in "biuf":
        return _read_numbers(array, abstain, names, allow_fractions)
    if array.dtype.kind in "OUST":
        columns = (array[:, j].astype(object) for j in range(array.shape[1]))
        return _read_columns(columns, array.shape, abstain, names, allow_fractions)
    raise TypeError(f"Votes are numbers, booleans or strings; got an array of {array.dtype}.")


def is_missing(value: Any) -> bool:
    """Whether a scalar is None, NaN, NaT or pandas.NA."""
    if value is None:
        return True
    if isinstance(value, str | numbers.Integral):
        return False
    import pandas as pd

    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def is_text(values: NDArray[Any]) -> bool:
    """Whether an array of votes or labels holds strings (else numbers)."""
    return values.dtype.kind in "OUST" and any(isinstance(value, str) for value in values)


# Containers ---------------------------------------------------------------------------------------


def _is_dataframe(L: Any) -> bool:
    return hasattr(L, "columns") and hasattr(L, "shape") and hasattr(L, "__getitem__")


def _as_array(L: Any) -> Any:
    """An array; of objects where NumPy would turn numbers or missing values into strings."""
    if isinstance(L, np.ndarray) or hasattr(L, "__array__"):
        return np.asarray(L)
    array = np.asarray(L)
    return np.array(L, dtype=object) if array.dtype.kind in "US" else array


def _as_one_block(frame: Any) -> NDArray[Any] | None:
    """The values of a pandas DataFrame whose columns are all plain numbers or all booleans."""
    if not hasattr(frame, "iloc"):
        return None
    dtypes = set(frame.dtypes)
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in dtypes):
        wide = np.result_type(*dtypes)
        return None if wide.kind == "f" and len(dtypes) > 1 else frame.to_numpy()
    return frame.to_numpy() if dtypes == {np.dtype(bool)} else None


def _column_of(frame: Any, j: int) -> Any:
    if hasattr(frame, "iloc"):
        return frame.iloc[:, j]
    return np.asarray(frame[frame.columns[j]].to_numpy(), dtype=object)


# Numbers ------------------------------------------------------------------------------------------


def _read_numbers(
    array: NDArray[Any], abstain: Any, names: NDArray[np.object_] | None, allow_fractions: bool
) -> Votes:
    values = _survey(array)
    if values is None:
        columns = (array[:, j] for j in range(array.shape[1]))
        return _read_columns(columns, array.shape, abstain, names, allow_fractions)
    code = _abstain_code(values, abstain)
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    return DenseVotes(array.shape[0], array.shape[1], values, code, names, array)


def _survey(array: NDArray[Any]) -> NDArray[Any] | None:
    """Sorted candidate votes of an array of numbers; None if some are infinite or fractional."""
    if array.dtype.kind == "b":
        return np.array([False, True])
    bounds = _integer_bounds(array)
    if bounds is None:
        return None
    low, high = bounds
    if high - low < COMPACT_SPAN:
        return np.arange(low, high + 1)
    return _distinct(array)


def _integer_bounds(array: NDArray[Any]) -> tuple[int, int] | None:
    """Least and greatest number, NaN apart; None if some are infinite or fractional."""
    if array.dtype.kind in "iu":
        return int(array.min()), int(array.max())
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
    return (int(low), int(high)) if np.isfinite([low, high]).all() else None


def _distinct(array: NDArray[Any]) -> NDArray[Any]:
    distinct = np.unique(np.concatenate([np.unique(chunk) for chunk in _row_chunks(array)]))
    if distinct.dtype.kind == "f":
        return distinct[~np.isnan(distinct)].astype(np.int64)
    return distinct


def _row_chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    n_rows = max(1, SURVEY_CELLS // array.shape[1])
    for start in range(0, len(array), n_rows):
        yield array[start : start + n_rows]


def _abstain_code(values: NDArray[Any], abstain: Any) -> int:
    if is_missing(abstain) or isinstance(abstain, str):
        return len(values)
    hits = np.flatnonzero(values == abstain)
    return int(hits[0]) if len(hits) else len(values)


# Sparse matrices ----------------------------------------------------------------------------------


def _read_sparse(
    L: Any, abstain: Any, names: NDArray[np.object_] | None, allow_fractions: bool
) -> Votes:
    check_array(np.broadcast_to(np.int8(0), L.shape))
    csr = L.tocsr()
    if L.format in ("bsr", "dia"):
        csr.eliminate_zeros()
    data = csr.data.reshape(-1, 1)
    if not len(data):
        codes, values, abstain_code = np.empty(0, np.uint8), np.array([0]), 1
    else:
        votes = _read_entries(csr, data, abstain, names, allow_fractions)
        codes, values, abstain_code = votes.block(0, len(data))[0], votes.values, votes.abstain_code
    return SparseVotes(
        L.shape[0], L.shape[1], values, abstain_code, names, codes, csr.indices, csr.indptr
    )


def _read_entries(
    csr: Any,
    data: NDArray[Any],
    abstain: Any,
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> Votes:
    if data.dtype.kind not in "biuf":
        raise TypeError(f"A sparse label matrix holds numbers; got {data.dtype}.")
    if _survey(data) is None:
        _check_fractions(csr, names, allow_fractions)
    return _read_numbers(data, abstain, None, allow_fractions=True)


def _check_fractions(csr: Any, names: NDArray[np.object_] | None, allow_fractions: bool) -> None:
    csc = csr.tocsc()
    for j in range(csc.shape[1]):
        entries = slice(csc.indptr[j], csc.indptr[j + 1])
        reader = _Column(lf_label(names, j), csc.data[entries], csc.indices[entries])
        reader.check(allow_fractions)


# Columns of any kind ------------------------------------------------------------------------------


def _read_columns(
    columns: Iterable[Any],
    shape: tuple[int, int],
    abstain: Any,
    names: NDArray[np.object_] | None,
    allow_fractions: bool,
) -> Votes:
    raw_codes = np.empty((shape[1], shape[0]), dtype=np.int32)
    distinct: list[list[Any]] = []
    for j, cells in enumerate(columns):
        column = _Column(lf_label(names, j), cells)
        column.check(allow_fractions)
        raw_codes[j] = column.codes
        distinct.append(column.votes)
    values = _common_values(distinct, raw_codes, names)
    code_of = {value: code for code, value in enumerate(values.tolist())}
    abstain_code = code_of.get(abstain, len(values)) if _is_hashable(abstain) else len(values)
    codes = np.empty(raw_codes.shape, dtype=np.min_scalar_type(len(values)))
    for j, votes in enumerate(distinct):
        # The last entry serves pandas' code -1, a missing value.
        table = np.array([code_of[vote] for vote in votes] + [abstain_code], dtype=codes.dtype)
        codes[j] = table[raw_codes[j]]
    return ColumnVotes(shape[0], shape[1], values, abstain_code, names, codes)


class _Column:
    """One column as integer codes (-1 where missing) of its distinct votes."""

    def __init__(self, label: str, cells: Any, rows: Sequence[int] | None = None):
        import pandas as pd

        self.label, self.rows = label, rows
        try:
            self.codes, distinct = pd.factorize(cells)
        except TypeError:
            row, cell = next((i, c) for i, c in enumerate(cells) if not _is_hashable(c))
            raise self._not_a_vote(row, cell) from None
        self.votes = [self._vote(code, value) for code, value in enumerate(distinct.tolist())]

    def _vote(self, code: int, value: Any) -> Any:
        if isinstance(value, str | bool | numbers.Integral | np.bool_):
            return value
        if not isinstance(value, numbers.Real):
            raise self._not_a_vote(self._row_of(code), value)
        if np.isinf(value):
            raise ValueError(
                f"{self.label}, row {self._row_of(code)}: the vote is infinity. A vote is a class "
                "label; put the abstain marker or a missing value where there is none."
            )
        return int(value) if value == int(value) else float(value)

    def _not_a_vote(self, row: int, value: Any) -> TypeError:
        row = row if self.rows is None else int(self.rows[row])
        return TypeError(
            f"{self.label}, row {row}: the vote {value!r} is a {type(value).__name__}; the argument "
            "must be a string or a number (a class label, or a missing value to abstain)."
        )

    def _row_of(self, code: int) -> int:
        position = int(np.flatnonzero(self.codes == code)[0])
        return position if self.rows is None else int(self.rows[position])

    def check(self, allow_fractions: bool) -> None:
        """Refuse continuous scores; warn of the few fractional votes that are kept."""
        fractions = [code for code, vote in enumerate(self.votes) if isinstance(vote, float)]
        if not fractions:
            return
        example = self.votes[fractions[0]]
        where = f"{self.label}, row {self._row_of(fractions[0])}: the vote {example!r}"
        if not allow_fractions or len(fractions) > MAX_FRACTIONAL_VOTES:
            raise ValueError(
                f"{where} is not a class label; the column looks like a continuous score "
                f"({len(fractions)} distinct fractional values). Threshold it first: a label model "
                "takes votes (class labels) and abstains."
            )
        warnings.warn(
            f"{where} is fractional; the column's {len(fractions)} fractional values are kept as "
            "votes whose meaning is learned.",
            UserWarning,
            stacklevel=2,
        )


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _common_values(
    distinct: list[list[Any]], codes: NDArray[np.int32], names: NDArray[np.object_] | None
) -> NDArray[Any]:
    """Sorted union of the columns' votes; numbers and strings do not mix."""
    kinds: dict[bool, str] = {}
    for j, votes in enumerate(distinct):
        for code, vote in enumerate(votes):
            if isinstance(vote, str) not in kinds:
                row = int(np.flatnonzero(codes[j] == code)[0])
                kinds[isinstance(vote, str)] = f"{lf_label(names, j)}, row {row}: {vote!r}"
    if len(kinds) == 2:
        raise ValueError(
            f"Votes are all numbers or all strings, not both ({kinds[False]}; {kinds[True]}). "
            "Write every class label in one way."
        )
    union = sorted({vote for votes in distinct for vote in votes})
    if not union:
        return np.array([0])
    return np.array(union, dtype=object if kinds.get(True) else None)
