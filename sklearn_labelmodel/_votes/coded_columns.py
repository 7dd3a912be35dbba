"""Columns of tables that their library, or Arrow, turns into codes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils.tables import is_arrow, is_pandas
from .._utils.texts import TILE_ROWS, coded_texts, codes_of, presence

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from .._utils.types import Table

# Types whose values Arrow hands over as they are.
TEXTS = {"string", "large_string", "string_view"}
BYTES = {"int8", "uint8"}
CODED_BY_ARROW = TEXTS | {
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}
# With fewer rows, Arrow is the quicker.
LEAST_ROWS = 1 << 14
# Bytes that an array of type string surely holds; of the other types no number is too large.
BYTES_OF_AN_ARRAY = 2**31 - 1


class Coded(NamedTuple):
    """A column as codes.

    Attributes
    ----------
    codes : ndarray of shape (n_rows,), dtype integer
        As the library hands them over.
    places : ndarray of shape (n_codes,), dtype int32
        Each code's place among the values, -1 where it stands for missing cells.
    values : list
        Distinct values in the order of their first rows.
    """

    codes: NDArray[np.integer]
    places: NDArray[np.int32]
    values: list[Hashable]

    def cells(self) -> NDArray[np.int32]:
        """The place of each cell's value, -1 where it is missing, shape (n_rows,)."""
        return self.places.take(self.codes)

    def write(self, table: NDArray[Any], out: NDArray[Any]) -> None:
        """Write each cell's entry of a table: one for each value, and a last one for missing cells."""
        of_codes = table[self.places]
        # Tiles, as codes are widened to be looked up.
        for start in range(0, len(self.codes), TILE_ROWS):
            rows = slice(start, start + TILE_ROWS)
            of_codes.take(self.codes[rows], mode="wrap", out=out[rows])


def coded_column(table: Table, j: int) -> Coded | None:
    """One column of a table, coded by its library; None where it has no quick way to, or might lose something."""
    if is_pandas(table):
        return _coded_by_pandas(table.iloc[:, j])
    if is_arrow(table):
        return _coded_by_arrow(table.column(j))
    return _coded_by_polars(table.to_series(j))


def _coded_by_pandas(column: pd.Series) -> Coded | None:
    if hasattr(column, "cat"):
        codes = column.cat.codes.to_numpy() + 1
        return in_order_of_rows(codes, [None, *column.cat.categories.tolist()])
    dtype = column.dtype
    if hasattr(dtype, "pyarrow_dtype") or getattr(dtype, "storage", None) == "pyarrow":
        return _coded_by_arrow(column.array.__arrow_array__())
    return None


def _coded_by_polars(column: pl.Series) -> Coded | None:
    kind = column.dtype.base_type().__name__
    is_coded = kind in ("String", "Categorical", "Enum", "Boolean") or column.dtype.is_integer()
    try:
        import pyarrow as pa

        if kind == "String" and hasattr(column, "__arrow_c_stream__"):
            # As a stream, views come as they are.
            return _coded_by_arrow(pa.chunked_array(column))
        if len(column) >= LEAST_ROWS and kind == "Categorical":
            return _coded_categories(column)
        return _coded_by_arrow(column.to_arrow()) if is_coded else None
    except ImportError:
        return None


def _coded_categories(column: pl.Series) -> Coded:
    """Categories of polars, whose codes may be those of other columns too: each is read in its first row."""
    physical = column.to_physical()
    greatest: Any = physical.max()
    indices = physical.to_arrow()
    codes = codes_of(indices, (greatest or 0) + 2, presence(indices))
    first_rows = _first_rows(codes, np.arange(int(codes.max(initial=0)) + 1) > 0)
    found = np.flatnonzero(first_rows < len(codes))
    values = np.full(len(first_rows), None, dtype=object)
    values[found] = column.gather(first_rows[found]).to_list()
    return in_order_of_rows(codes, values.tolist())


def _coded_by_arrow(column: pa.Array | pa.ChunkedArray) -> Coded | None:
    import pyarrow as pa

    is_coded = hasattr(column.type, "index_type")
    if str(column.type.value_type if is_coded else column.type) not in CODED_BY_ARROW:
        return None
    try:
        return _joined([in_order_of_rows(*_coded_chunk(chunk)) for chunk in _chunks(column)])
    except pa.ArrowNotImplementedError:
        return None


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    """The chunks of an Arrow column; of texts and bytes, which are quickly joined, one."""
    if not hasattr(column, "chunks"):
        return [column]
    kind = str(column.type)
    fits = kind in TEXTS | BYTES and (kind != "string" or column.nbytes <= BYTES_OF_AN_ARRAY)
    return [column.combine_chunks()] if fits and column.num_chunks > 1 else list(column.chunks)


def _coded_chunk(chunk: pa.Array) -> tuple[NDArray[np.integer], Sequence[Hashable]]:
    """Codes of an Arrow array, and what each stands for."""
    kind = str(chunk.type)
    coded = coded_texts(chunk) if kind in TEXTS and len(chunk) >= LEAST_ROWS else None
    if coded is not None:
        return coded
    if kind in BYTES and len(chunk) and not chunk.null_count:
        return _coded_bytes(chunk)
    coded_by_arrow = chunk if hasattr(chunk.type, "index_type") else chunk.dictionary_encode()
    values = [None, *coded_by_arrow.dictionary.to_pylist()]
    return codes_of(coded_by_arrow.indices, len(values), presence(chunk)), values


def _coded_bytes(chunk: pa.Array) -> tuple[NDArray[np.uint8], list[int]]:
    """Bytes, none of which is missing, counted from the least one on."""
    cells = chunk.to_numpy()
    least, most = cells.min(), cells.max()
    return (cells - least).view(np.uint8), list(range(int(least), int(most) + 1))


def factorized(cells: NDArray[Any] | pd.Series) -> Coded:
    """Cells of any kind, coded by pandas."""
    import pandas as pd

    places, distinct = pd.factorize(cells)
    codes = (places + 1).astype(np.int32)
    return Coded(codes, np.arange(-1, len(distinct), dtype=np.int32), distinct.tolist())


def in_order_of_rows(codes: NDArray[np.integer], values: Sequence[Hashable]) -> Coded:
    """Codes of values that may be missing, there twice, or in no row."""
    first_rows = _first_rows(codes, np.array([value is not None for value in values], dtype=bool))
    places = np.full(len(values), -1, dtype=np.int32)
    place: dict[Hashable, int] = {}
    for code in np.argsort(first_rows, kind="stable")[: np.count_nonzero(first_rows < len(codes))]:
        if values[code] is not None:
            places[code] = place.setdefault(values[code], len(place))
    return Coded(codes, places, list(place))


def _joined(parts: list[Coded]) -> Coded:
    """Parts of a column, one below the other."""
    if len(parts) == 1:
        return parts[0]
    place: dict[Hashable, int] = {}
    places = [np.zeros(0, dtype=np.int32)]
    for part in parts:
        table = [place.setdefault(value, len(place)) for value in part.values]
        places.append(np.array([*table, -1], dtype=np.int32)[part.places])
    starts = np.cumsum([0, *(len(part.places) for part in parts)])
    kind = np.min_scalar_type(starts[-1])
    codes = [
        part.codes.astype(kind) + start
        for part, start in zip(parts, starts[:-1].astype(kind), strict=True)
    ]
    return Coded(np.concatenate([np.zeros(0, kind), *codes]), np.concatenate(places), list(place))


def _first_rows(codes: NDArray[np.integer], wanted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The first row of each code, n_rows where there is none; not sought further when all that are wanted are found."""
    first = np.full(len(wanted), len(codes))
    n_rows = max(TILE_ROWS, len(wanted))
    for start in range(0, len(codes), n_rows):
        tile = codes[start : start + n_rows]
        rows = np.full(len(wanted), len(codes))
        rows[tile[::-1]] = np.arange(start, start + len(tile))[::-1]
        np.minimum(first, rows, out=first)
        if (first[wanted] < len(codes)).all():
            break
    return first
