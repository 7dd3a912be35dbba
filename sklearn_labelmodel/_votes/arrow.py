"""Columns of Arrow and polars as codes of their distinct values, without a Python object for every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def whole_numbers(table: Any) -> NDArray[Any] | None:
    """A table of Arrow or polars as an array, where all cells are whole numbers of one kind; else None."""
    columns = _columns(table)
    if columns is None or not all(map(_is_whole, columns)):
        return None
    arrays = [column.to_numpy() for column in columns]
    dtype = np.result_type(*arrays)
    if dtype.kind not in "iu":
        return None
    return np.array(arrays, dtype=dtype).T


def _columns(table: Any) -> list[Any] | None:
    if hasattr(table, "iloc") or not table.shape[1]:
        return None
    return list(table.columns) if hasattr(table, "column_names") else list(table.get_columns())


def _is_whole(column: Any) -> bool:
    if hasattr(column, "dtype"):
        return column.dtype.is_integer() and not column.null_count()
    from pyarrow.types import is_integer

    return is_integer(column.type) and not column.null_count


def coded_column(table: Any, j: int) -> pd.Categorical | None:
    """One column of a table of Arrow or polars as Arrow codes it; None where it does not."""
    column = None if hasattr(table, "iloc") else _as_arrow(table, j)
    return None if column is None else _coded(column)


def _as_arrow(table: Any, j: int) -> Any:
    """A column of Arrow, of polars where pyarrow is there; None for plain numbers of polars, which need no codes."""
    if hasattr(table, "column_names"):
        return table.column(j)
    column = table.to_series(j)
    if (column.dtype.is_numeric() and not column.null_count()) or column.dtype.is_nested():
        return None
    try:
        return column.to_arrow()
    except ImportError:
        return None


def _coded(column: Any) -> pd.Categorical | None:
    """Codes of an Arrow column; None where Arrow has none, or where they are not one for each value."""
    import pyarrow as pa

    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    try:
        encoded = chunks.dictionary_encode().unify_dictionaries()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    values = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    if not _are_distinct(values):
        return None
    codes = [
        chunk.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        for chunk in encoded.chunks
    ]
    joined = np.concatenate([*codes, np.empty(0, dtype=np.int32)])
    return pd.Categorical.from_codes(joined, pd.Index(values, dtype=object), validate=False)


def _are_distinct(values: list[Any]) -> bool:
    """Whether the values of a dictionary are those of distinct votes, none of them missing."""
    try:
        return len(set(values)) == len(values) and not pd.isna(np.array([*values, 0], object)).any()
    except (TypeError, ValueError):
        return False
