"""What L may come in: tables, arrays and sparse matrices, and their columns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import as_objects, kind_of, largest_exact, quoted, warn_user
from .._utils.tables import is_arrow, is_pandas

if TYPE_CHECKING:
    from .._utils.types import Table, VoteMatrix

# Libraries whose tables, arrays and matrices hold their rows.
IN_MEMORY = {"builtins", "numpy", "pandas", "scipy"}
# What is not in memory, and what gives its rows: it has one of these methods, and no shape.
NOT_IN_MEMORY = {
    "get_fragments": "some of them, such as L.head(100_000)",
    "to_reader": "L.to_table()",
    "read_all": "L.read_all()",
    "collect": "L.collect()",
}
WHOLE_NUMBERS_OF_POLARS = {
    "Boolean",
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
}


# Containers ---------------------------------------------------------------------------------------


def is_in_memory(L: object) -> bool:
    """Whether L surely holds its rows; of other libraries, some do and some are read by an engine."""
    return type(L).__module__.partition(".")[0] in IN_MEMORY


def check_container(L: object) -> None:
    """Raise a TypeError where L is no table, array or sparse matrix, and say how to make one of it."""
    remedy = None if sp.issparse(L) else _remedy(L)
    if remedy is not None:
        what, how = remedy
        raise TypeError(
            f"{what}; pass {how}. A label matrix has a row for each record and a column for each LF."
        )


def _remedy(L: object) -> tuple[str, str] | None:
    """What L is, and what to pass in its place; None for what can be read."""
    kind = kind_of(L)
    if getattr(getattr(L, "dtype", None), "names", None):
        return "L is an array of records", "pandas.DataFrame(L)"
    if isinstance(L, Mapping):
        nested = isinstance(next(iter(L.values()), None), Mapping)
        frame = (
            'pandas.DataFrame.from_dict(L, orient="index") if its keys are rows, pandas.DataFrame(L) if they are LFs'
            if nested
            else "pandas.DataFrame(L), where its keys are LFs"
        )
        return f"L is {kind}", frame
    if _first_row_is(L, Mapping):
        return "The rows of L are dicts", "pandas.DataFrame(list(L))"
    if getattr(L, "ndim", 0) == 1 and _first_row_is(L, list | tuple | np.ndarray):
        return f"L is a one-dimensional {type(L).__name__} of rows", "L.tolist()"
    elsewhere = _elsewhere(L)
    if elsewhere is not None:
        return f"L is {kind}, whose rows are not in memory", elsewhere
    if hasattr(L, "to_pandas") and not (is_table(L) or hasattr(L, "__array__")):
        return f"L is {kind}", "L.to_pandas()"
    if isinstance(L, Iterator):
        return f"L is {kind}, which can be read once only", "list(L)"
    if isinstance(L, set | frozenset):
        return f"L is {kind}, which has no order", "a list of rows"
    return None


def _elsewhere(L: object) -> str | None:
    """How rows that are not in memory are had; None where L holds its rows."""
    if isinstance(L, str | os.PathLike):
        return "what is at this path: pandas.read_csv(L), pyarrow.dataset.dataset(L)"
    if hasattr(L, "compute") and hasattr(L, "columns"):
        return "L.compute()"
    methods = () if hasattr(L, "shape") else NOT_IN_MEMORY.items()
    return next((how for method, how in methods if hasattr(L, method)), None)


def _first_row_is(L: object, kind: type | UnionType) -> bool:
    """Whether the first row of a list or Series is of a kind."""
    rows = isinstance(L, list | tuple) or getattr(L, "ndim", 0) == 1
    return rows and isinstance(L, Iterable) and isinstance(next(iter(L), None), kind)


def is_table(L: object) -> TypeGuard[Table]:
    """Whether L is a table of pandas, polars or Arrow, with columns of unlike types."""
    return hasattr(L, "shape") and (
        (hasattr(L, "columns") and (hasattr(L, "iloc") or hasattr(L, "get_column")))
        or (hasattr(L, "column_names") and hasattr(L, "column"))
    )


def is_matrix(L: object) -> TypeGuard[sp.sparray]:
    """Whether L is a sparse matrix or array."""
    return bool(sp.issparse(L))


def as_one_block(table: Table) -> NDArray[Any] | None:
    """The values of a frame whose columns are all plain numbers or all booleans; of polars, of one type."""
    if not is_pandas(table) and hasattr(table, "get_column"):
        kinds = {dtype.base_type().__name__ for dtype in table.dtypes}
        plain = len(kinds) == 1 and kinds <= WHOLE_NUMBERS_OF_POLARS
        has_null = any(column.null_count() for column in table.get_columns())
        return table.to_numpy() if plain and not has_null else None
    if not is_pandas(table):
        return None
    dtypes = set(table.dtypes)
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in dtypes):
        wide = np.result_type(*dtypes)
        return None if wide.kind == "f" and len(dtypes) > 1 else table.to_numpy()
    return table.to_numpy() if dtypes == {np.dtype(bool)} else None


def warn_of_fill_values(table: Table, markers: list[Hashable]) -> None:
    """Warn where sparse columns of a pandas DataFrame say that cells which are not stored are votes."""
    dtypes = getattr(table, "dtypes", ()) if hasattr(table, "iloc") else ()
    fills = [dtype.fill_value for dtype in dtypes if hasattr(dtype, "fill_value")]
    votes = [fill for fill in fills if fill == fill and fill is not None and fill not in markers]
    if votes:
        warn_user(
            f"L has sparse columns, whose cells that are not stored count as votes for {quoted(votes[0])}. If they are "
            f"abstains, set abstain={quoted(votes[0])}, or pass the sparse matrix itself (L.sparse.to_coo())."
        )


def column_of(table: Table, j: int) -> Any:
    """One column of a table, exactly as it is: what its library would round or lose stays a Python object."""
    if is_pandas(table):
        column = table.iloc[:, j]
        return column.astype(object) if hasattr(column.dtype, "pyarrow_dtype") else column
    if is_arrow(table):
        return as_objects(table.column(j).to_pylist())
    cells = table.to_series(j)
    plain = cells.dtype.is_integer() or cells.dtype.is_float()
    return cells.to_numpy() if plain and not cells.null_count() else as_objects(cells.to_list())


def as_array(L: VoteMatrix) -> NDArray[Any]:
    """An array; of objects where NumPy would turn numbers or missing values into strings, or round numbers."""
    if np.ma.isMaskedArray(L):
        return without_masked(L)
    if isinstance(L, np.ndarray) or hasattr(L, "__array__"):
        return np.asarray(L)
    try:
        array = np.asarray(L)
    except ValueError:
        _check_rows_alike(L)
        raise
    return np.array(L, dtype=object) if loses_cells(array) else array


def without_masked(array: NDArray[Any]) -> NDArray[np.object_]:
    """A masked array as objects, None where it is masked."""
    cells: NDArray[np.object_] = np.asarray(array).astype(object)
    cells[np.ma.getmaskarray(array)] = None
    return cells


def loses_cells(array: NDArray[Any]) -> bool:
    """Whether an array made of a list may be without what the list held: missing values, or the last digits."""
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return bool((np.abs(array) >= largest_exact(array.dtype)).any())
    return array.dtype.kind in "US"


def _check_rows_alike(L: VoteMatrix) -> None:
    rows: Iterable[Any] = L if isinstance(L, Iterable) else ()
    lengths = [len(row) if hasattr(row, "__len__") else 1 for row in rows]
    other = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
    if other is not None:
        raise ValueError(
            f"Row {other} of L holds {lengths[other]} votes and row 0 holds {lengths[0]}. Give every row a cell for "
            "each LF, None where it does not vote."
        ) from None


def columns_by_name(
    names: NDArray[np.object_] | None, asked: Iterable[Hashable], parameter: str
) -> dict[Hashable, int]:
    """The column of each LF's name; a ValueError where the parameter names one that several LFs have."""
    called = [] if names is None else names.tolist()
    times = Counter(called)
    again = next((name for name in asked if isinstance(name, Hashable) and times[name] > 1), None)
    if again is not None:
        raise ValueError(
            f"{parameter} names {quoted(again)}, and L has several columns of this name. Rename them."
        )
    return {name: lf for lf, name in enumerate(called)}
