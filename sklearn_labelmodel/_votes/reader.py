"""Label matrices of any container, read into vote codes."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._utils import warn_user
from .codes import SURVEY_CELLS, ColumnVotes, DenseVotes, SparseVotes, Votes, lf_label

MAX_FRACTIONAL_VOTES = 32


COMPACT_SPAN = 4096


LARGEST_VOTE = 2.0**63


# Values and abstain code where every cell is missing.
NO_VOTES = np.array([0]), 0


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
    elif type(L) is np.ndarray and L.dtype.kind in "biuf" and L.ndim == 2 and L.size:
        array = L
    else:
        array = check_array(_as_array(L), dtype=None, ensure_all_finite=False)
    if array.dtype.kind in "biuf":
        return _read_numbers(array, abstain, names, allow_fractions)
    if array.dtype.kind in "OUST":
        if array.dtype.kind == "U" and not is_missing(abstain):
            # NumPy makes strings of all cells where some are.
            abstain = str(abstain)
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
        return np.arange(low, high + 1)
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
    return (int(low), int(high)) if max(-float(low), float(high)) < LARGEST_VOTE else None


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
    if csr.data.dtype.kind not in "biuf":
        raise TypeError(f"A sparse label matrix holds numbers; got {csr.data.dtype}.")
    codes, values, abstain_code = _entry_codes(csr, abstain, names, allow_fractions)
    return SparseVotes(
        L.shape[0], L.shape[1], values, abstain_code, names, codes, csr.indices, csr.indptr
    )


def _entry_codes(
    csr: Any, abstain: Any, names: NDArray[np.object_] | None, allow_fractions: bool
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Codes of the stored entries, the votes that they index, and the abstain's code."""
    labels = getattr(csr, "labels", None)
    if labels is not None:
        # Texts, which no sparse matrix holds: the entries index them (`labeling.votes_from_long`).
        codes = csr.data.astype(np.min_scalar_type(len(labels)), copy=False)
        return codes, labels, [*labels.tolist(), abstain].index(abstain)
    if not len(csr.data):
        values, abstain_code = NO_VOTES
        return np.empty(0, np.uint8), values, abstain_code
    data = csr.data.reshape(-1, 1)
    if _survey(data) is not None:
        votes = _read_numbers(data, abstain, None, allow_fractions)
        return votes.block(0, len(data))[0], votes.values, votes.abstain_code
    _check_fractions(csr, names, allow_fractions)
    present = ~np.isnan(csr.data)
    values, places = np.unique(csr.data[present], return_inverse=True)
    abstain_code = _abstain_code(values, abstain)
    codes = np.full(len(csr.data), abstain_code, dtype=np.min_scalar_type(len(values)))
    codes[present] = places
    return codes, values, abstain_code


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
    values = _common_values(distinct, raw_codes, abstain, names)
    code_of = {value: code for code, value in enumerate(values.tolist())}
    # The marker may be of another kind than the votes, as -1 among strings: then it has no code.
    abstain_code = code_of.get(abstain, len(values))
    if not len(values):
        values, abstain_code = NO_VOTES
    code_of.setdefault(abstain, abstain_code)
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
        number = float(value)
        if np.isinf(number):
            raise ValueError(
                f"{self.label}, row {self._row_of(code)}: the vote is infinity. A vote is a class "
                "label; put the abstain marker or a missing value where there is none."
            )
        if abs(number) >= LARGEST_VOTE:
            raise ValueError(
                f"{self.label}, row {self._row_of(code)}: the vote {value!r} is too large for a class label."
            )
        return int(number) if number.is_integer() else number

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
                f"(distinct fractional values: {len(fractions)}). Threshold it first: a label model "
                "takes votes (class labels) and abstains."
            )
        warn_user(
            f"{where} is fractional; its column's fractional values ({len(fractions)} distinct ones) are kept as "
            "votes whose meaning is learned.",
        )


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _common_values(
    distinct: list[list[Any]],
    codes: NDArray[np.int32],
    abstain: Any,
    names: NDArray[np.object_] | None,
) -> NDArray[Any]:
    """Sorted union of the columns' votes without the abstain marker; numbers and strings do not mix."""
    places: dict[bool, list[tuple[int, int]]] = {}
    for j, votes in enumerate(distinct):
        for code, vote in enumerate(votes):
            if vote != abstain:
                places.setdefault(isinstance(vote, str), []).append((j, code))
    if len(places) == 2:
        both = {j for j, _ in places[True]} & {j for j, _ in places[False]}
        shown = "; ".join(
            _first_cell(
                min(places[kind], key=lambda place: place[0] not in both), distinct, codes, names
            )
            for kind in (False, True)
        )
        raise ValueError(
            f"Votes are all numbers or all strings, not both ({shown}). "
            "Write every class label in one way, and leave out columns that are no LF's votes."
        )
    union = sorted({vote for votes in distinct for vote in votes if vote != abstain})
    return np.array(union, dtype=object if True in places else None)


def _first_cell(
    place: tuple[int, int],
    distinct: list[list[Any]],
    codes: NDArray[np.int32],
    names: NDArray[np.object_] | None,
) -> str:
    lf, code = place
    row = int(np.flatnonzero(codes[lf] == code)[0])
    return f"{lf_label(names, lf)}, row {row}: {distinct[lf][code]!r}"
