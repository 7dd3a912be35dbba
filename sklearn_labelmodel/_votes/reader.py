"""Label matrices of any container, read into vote codes, and the names of their columns."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._utils import as_objects, is_comparable, largest_exact, quoted, warn_user
from .._utils.tables import is_arrow
from .coded_columns import NO_VOTES, Column, coded_column, read_columns
from .codes import SURVEY_CELLS, ColumnVotes, DenseVotes, SparseVotes, Votes, lf_label
from .containers import (
    as_array,
    as_one_block,
    check_container,
    column_of,
    is_matrix,
    is_table,
    warn_of_fill_values,
)

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Marker, Table, VoteMatrix
    from .coded_columns import Coded

COMPACT_SPAN = 4096
# Names that a message shows.
NAMED = 5


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
    markers = markers_of(abstain)
    held: NDArray[Any] | Table
    if type(L) is np.ndarray and L.dtype.kind in "biuf" and L.ndim == 2 and L.size:
        held = L
    else:
        check_container(L)
        if is_matrix(L):
            return _read_sparse(L, markers, names, allow_fractions)
        held = _held(L, markers)
    if isinstance(held, np.ndarray) and held.dtype.kind in "biuf":
        votes = _read_numbers(held, markers, names)
        if votes is not None:
            return votes
    if isinstance(held, np.ndarray) and held.dtype.kind == "U":
        # NumPy makes strings of all cells where some are.
        markers = [str(marker) for marker in markers]
    n_samples, n_lfs = held.shape
    columns = ((lf_label(names, j), _cells_of(held, j)) for j in range(n_lfs))
    codes, values, abstain_code = read_columns(columns, n_samples, n_lfs, markers, allow_fractions)
    return ColumnVotes(n_samples, n_lfs, values, abstain_code, names, codes)


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
    given: list[Any] = [abstain]
    if isinstance(abstain, Iterable) and not isinstance(abstain, str):
        given = list(abstain)
    if all(isinstance(marker, str | numbers.Integral) for marker in given):
        return given
    markers: list[Hashable] = [marker for marker in given if not is_missing(marker)]
    wrong = [marker for marker in markers if not is_comparable(marker)]
    if wrong:
        raise ValueError(
            f"abstain holds {quoted(wrong[0])}, which does not compare with votes; give numbers or strings."
        )
    return markers


def _held(L: VoteMatrix, markers: list[Hashable]) -> NDArray[Any] | Table:
    """The cells as one array; a table itself where its columns are of unlike kinds."""
    if is_table(L):
        check_array(np.broadcast_to(np.int8(0), L.shape))
        block = as_one_block(L)
        warn_of_fill_values(L, markers)
        return L if block is None else block
    array = check_array(as_array(L), dtype=None, ensure_all_finite=False)
    if array.dtype.kind not in "biufOUST":
        raise TypeError(f"Votes are numbers, booleans or strings; got an array of {array.dtype}.")
    return array


def _cells_of(held: NDArray[Any] | Table, j: int) -> NDArray[Any] | pd.Series | Coded:
    if not isinstance(held, np.ndarray):
        return coded_column(held, j) or column_of(held, j)
    return held[:, j] if held.dtype.kind == "f" else held[:, j].astype(object)


# Numbers ------------------------------------------------------------------------------------------


def _read_numbers(
    array: NDArray[Any], markers: list[Hashable], names: NDArray[np.object_] | None
) -> DenseVotes | None:
    """Whole numbers or booleans; None where some are infinite or fractional."""
    values = _survey(array)
    if values is None:
        return None
    known = set(markers)
    silent = np.flatnonzero([value in known for value in values.tolist()])
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
    # A part at a time stays in the cache, as it lies in memory.
    rows = array.T if array.flags.f_contiguous else array
    n_rows = max(1, SURVEY_CELLS // rows.shape[1])
    tiles = [rows[start : start + n_rows] for start in range(0, len(rows), n_rows)]
    if array.dtype.kind == "f":
        bounds = _bounds_of_floats(tiles)
    else:
        least, most = zip(*((tile.min(), tile.max()) for tile in tiles), strict=True)
        bounds = int(min(least)), int(max(most))
    if bounds is None:
        return None
    low, high = bounds
    if high - low < COMPACT_SPAN:
        wide = np.uint64 if high > np.iinfo(np.int64).max else np.int64
        return np.arange(high - low + 1).astype(wide) + wide(low)
    distinct = np.unique(np.concatenate([np.unique(tile) for tile in tiles]))
    return distinct if array.dtype.kind != "f" else distinct[~np.isnan(distinct)].astype(np.int64)


def _bounds_of_floats(tiles: list[NDArray[Any]]) -> tuple[int, int] | None:
    """Least and greatest number, NaN apart; None if some are infinite or fractional."""
    low, high = np.inf, -np.inf
    for tile in tiles:
        with np.errstate(invalid="ignore"):
            whole = np.rint(tile) == tile
        present = ~np.isnan(tile)
        if not np.array_equal(whole, present):
            return None
        low = min(low, tile.min(where=present, initial=np.inf))
        high = max(high, tile.max(where=present, initial=-np.inf))
    if low > high:
        return 0, 0
    exact = max(-float(low), float(high)) < largest_exact(tiles[0].dtype)
    return (int(low), int(high)) if exact else None


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
    values, places = getattr(csr, "labels", None), csr.data
    present = np.ones(len(places), dtype=bool)
    # Texts, which no sparse matrix holds: the entries index them (`labeling.votes_from_long`).
    if values is None:
        if not len(csr.data):
            return np.empty(0, np.uint8), *NO_VOTES
        votes = _read_numbers(csr.data.reshape(-1, 1), markers, None)
        if votes is not None:
            return votes.block(0, len(csr.data))[0], votes.values, votes.abstain_code
        _check_fractions(csr, names, allow_fractions)
        present = ~np.isnan(csr.data)
        values, places = np.unique(csr.data[present], return_inverse=True)
    known = set(markers)
    silent = np.flatnonzero([value in known for value in values.tolist()])
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
        reader = Column(lf_label(names, j), csc.data[entries], csc.indices[entries])
        reader.check(allow_fractions)


# Names --------------------------------------------------------------------------------------------


def column_names(L: object) -> NDArray[np.object_] | None:
    """Names of the columns of a table, of any kind; None without names, or where they are the positions.

    Returns
    -------
    names : ndarray of shape (n_lfs,) or None
        A name of two-level columns is a tuple.

    Raises
    ------
    TypeError
        L is no container of votes.
    """
    if isinstance(L, np.ndarray) and L.dtype.kind not in "OV":
        return None
    check_container(L)
    if not is_table(L):
        return None
    names = list(L.column_names if is_arrow(L) else L.columns)
    return None if names == list(range(len(names))) else as_objects(names)


def check_lf_names(estimator: object, L: object) -> NDArray[np.object_] | None:
    """Hold L to the names of LFs that `fit` saw.

    Parameters
    ----------
    estimator : label model
        With `feature_names_in_`, or without.
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)

    Returns
    -------
    names : ndarray of shape (n_lfs,) or None
        As `fit` saw them.

    Raises
    ------
    TypeError
        L is no container of votes.
    ValueError
        Other names than in `fit`, or another order.

    Warns
    -----
    UserWarning
        Names only in `fit`, or only now.
    """
    names = column_names(L)
    fitted: NDArray[np.object_] | None = getattr(estimator, "feature_names_in_", None)
    model = type(estimator).__name__
    if names is None and fitted is not None:
        warn_user(f"X does not have valid feature names, but {model} was fitted with feature names")
    elif names is not None and fitted is None:
        _check_positions(names)
        warn_user(f"X has feature names, but {model} was fitted without feature names")
    elif names is not None and fitted is not None:
        _check_names_match(names.tolist(), fitted.tolist())
    return fitted


def _check_positions(names: NDArray[np.object_]) -> None:
    """The columns of a table without names are called 0, 1, ...: in another order they are others."""
    if set(names.tolist()) == set(range(len(names))):
        _check_names_match(names.tolist(), list(range(len(names))))


def _check_names_match(names: list[Hashable], fitted: list[Hashable]) -> None:
    if names == fitted:
        return
    unseen, missing = set(names) - set(fitted), set(fitted) - set(names)
    message = "The feature names should match those that were passed during fit.\n"
    if unseen:
        message += "Feature names unseen at fit time:\n" + _in_lines(unseen)
    if missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _in_lines(missing)
    if not (unseen or missing):
        message += "Feature names must be in the same order as they were in fit.\n"
    raise ValueError(message)


def _in_lines(names: set[Hashable]) -> str:
    ordered = sorted(map(str, names))
    more = ["- ...\n"] if len(ordered) > NAMED else []
    return "".join([*(f"- {name}\n" for name in ordered[:NAMED]), *more])


def check_width(estimator: object, n_lfs: int, expected: int) -> None:
    """Raise a ValueError where L has another number of columns than expected."""
    if n_lfs != expected:
        raise ValueError(
            f"X has {n_lfs} features, but {type(estimator).__name__} is expecting {expected} features as input"
        )
