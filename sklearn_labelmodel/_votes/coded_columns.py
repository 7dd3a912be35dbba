"""Columns of any kind, each coded by its library, by Arrow or by pandas, and read as votes."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils import is_comparable, kind_of, largest_exact, listed, quoted, warn_user
from .._utils.spelling import marks
from .._utils.tables import is_arrow, is_pandas
from .._utils.texts import TILE_ROWS, coded_texts, codes_of, presence

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from .._utils.types import Ordered, Table

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
MAX_FRACTIONAL_VOTES = 32
# Values and abstain code where every cell is missing.
NO_VOTES = np.array([0]), 0


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


# Votes --------------------------------------------------------------------------------------------


def read_columns(
    columns: Iterable[tuple[str, NDArray[Any] | pd.Series | Coded]],
    n_samples: int,
    n_lfs: int,
    markers: list[Hashable],
    allow_fractions: bool,
) -> tuple[NDArray[np.unsignedinteger], NDArray[Any], int]:
    """Codes of the votes, shape (n_lfs, n_samples), the votes that they index, and the abstain's code.

    Parameters
    ----------
    columns : iterable of tuples
        What messages call each, and its cells.
    n_samples, n_lfs : int
    markers : list
    allow_fractions : bool
        As in `read_votes`.
    """
    read: list[Column] = []
    for label, cells in columns:
        read.append(Column(label, cells))
        read[-1].check(allow_fractions)
    values = _common_values(read, markers)
    code_of = {value: code for code, value in enumerate(values.tolist())}
    abstain_code = len(values)
    if not len(values):
        values, abstain_code = NO_VOTES
    code_of |= dict.fromkeys(markers, abstain_code)
    codes = np.empty((n_lfs, n_samples), dtype=np.min_scalar_type(len(values)))
    for column, vote_codes in zip(read, codes, strict=True):
        table = [*(code_of[vote] for vote in column.votes), abstain_code]
        column.coded.write(np.array(table, codes.dtype), vote_codes)
    return codes, values, abstain_code


class Column:
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
        return TypeError(
            f"{self.label}, row {row}: the vote {quoted(value)} is {kind_of(value)}; the argument "
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
            f"fractional values ({len(fractions)} distinct ones) are read as votes, not as scores.",
        )


def _common_values(columns: list[Column], markers: list[Hashable]) -> NDArray[Any]:
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


def _first_cell(columns: list[Column], j: int, place: int) -> str:
    column = columns[j]
    return f"{column.label}, row {column.row_of(place)}: {quoted(column.votes[place])}"
