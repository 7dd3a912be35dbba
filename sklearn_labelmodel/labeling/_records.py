"""Raw records as labeling functions read them: row by row, or column by column."""

from __future__ import annotations

import difflib
from collections import Counter, namedtuple
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from .._utils import as_objects, kind_of, listed, quoted

if TYPE_CHECKING:
    from .._utils.types import RecordsLike

MOST_NAMES = 20


class LabelingFunctionError(ValueError):
    """A labeling function raised, returned no vote, or does not fit the records.

    Attributes
    ----------
    rows : ndarray of shape (n_samples,), dtype bool, or None
        Where single rows are at fault: True for each of them. None otherwise.
    """

    def __init__(self, message: str, rows: np.ndarray | None = None):
        super().__init__(message)
        self.rows = rows


class Records:
    """A batch of raw records, with the columns and texts that were read from it kept.

    Parameters
    ----------
    data : DataFrame, Series, array, sparse matrix or list of n_samples records
        From pandas, polars, NumPy or SciPy.
    """

    def __init__(self, data: RecordsLike):
        self.data = _as_records(data)
        self._columns: dict[Hashable, np.ndarray] = {}
        self._texts: dict[Hashable, Texts] = {}

    def __len__(self) -> int:
        return self.data.shape[0] if hasattr(self.data, "shape") else len(self.data)

    def rows(self) -> Sequence[object]:
        """Return what a row-wise labeling function is called with, one for each row."""
        if _is_table(self.data):
            return _table_rows(self.data)
        if _is_sparse(self.data):
            return [self.data[[position]] for position in range(len(self))]
        if isinstance(self.data, np.ndarray) and self.data.ndim > 1:
            return list(self.data)
        return _python_values(self.data)

    def take(self, rows: slice | np.ndarray) -> Records:
        """Return the records of a slice or of an array of positions."""
        if isinstance(self.data, (pd.DataFrame, pd.Series)):
            return Records(self.data.iloc[rows])
        if isinstance(self.data, list) and not isinstance(rows, slice):
            return Records([self.data[position] for position in rows])
        return Records(self.data[rows])

    def where(self, position: int) -> str:
        """Name a row by its position and, in pandas, its index label."""
        if isinstance(self.data, (pd.DataFrame, pd.Series)):
            return f"row {position} (index {quoted(self.data.index[position])})"
        return f"row {position}"

    def column(self, column: Hashable, reader: str) -> np.ndarray:
        """Return one column, or one-dimensional records themselves, as an array.

        Parameters
        ----------
        column : hashable or None
            A column's name or position. None: the only column that there is.
        reader : str
            Who asks, for the error message.

        Returns
        -------
        values : ndarray of shape (n_samples,)
        """
        if column not in self._columns:
            self._columns[column] = _as_array(self.select(column, reader))
        return self._columns[column]

    def select(self, column: Hashable | list[Hashable], reader: str) -> Any:
        """Return one column, or of a list of columns the table of them, in its own type."""
        table = self._table(column)
        if not hasattr(table, "shape") or len(table.shape) == 1:
            _check_one_dimensional(table, column, reader)
            return table
        names = list(table.columns) if _is_table(table) else list(range(table.shape[1]))
        if isinstance(column, list):
            return _take_columns(table, [_column_position(names, one, reader) for one in column])
        return _take_columns(table, _column_position(names, column, reader))

    def texts(self, column: Hashable, reader: str) -> Texts:
        """Return a column of texts; refuse other values than texts and missing ones."""
        if column not in self._texts:
            self._texts[column] = self._read_texts(column, reader)
        return self._texts[column]

    def _read_texts(self, column: Hashable, reader: str) -> Texts:
        values = self.column(column, reader).tolist()
        if set(map(type, values)) <= {str}:
            return Texts(values, np.ones(len(values), dtype=bool))
        present = ~missing(as_objects(values))
        is_text = np.fromiter((isinstance(value, str) for value in values), bool, len(values))
        self.refuse(
            present & ~is_text,
            values,
            f"{reader} reads texts",
            "Convert the column to strings, or leave such values missing.",
        )
        return Texts([value if isinstance(value, str) else "" for value in values], present)

    def refuse(self, rows: np.ndarray, values: Any, demand: str, remedy: str) -> None:
        """Raise an error that names the first of the rows marked, if any is."""
        if not rows.any():
            return
        first = int(np.argmax(rows))
        value = values[first]
        raise LabelingFunctionError(
            f"{demand}, but {self.where(first)} holds {quoted(value)} ({type(value).__name__}); such "
            f"rows: {int(rows.sum())}. {remedy}",
            rows,
        )

    def _table(self, column: Hashable | list[Hashable]) -> Any:
        if column is None or not isinstance(self.data, list) or not self.data:
            return self.data
        nested = isinstance(self.data[0], (Mapping, list, tuple, np.ndarray))
        return pd.DataFrame(self.data) if nested else self.data


class Texts:
    """A column of texts.

    Parameters
    ----------
    values : list of str
        Missing texts are empty.
    present : ndarray of shape (n_samples,), dtype bool
        False where the text is missing.
    """

    def __init__(self, values: list[str], present: np.ndarray):
        self.values = values
        self.present = present

    @cached_property
    def casefolded(self) -> list[str]:
        return list(map(str.casefold, self.values))

    @cached_property
    def is_ascii(self) -> np.ndarray:
        return np.fromiter(map(str.isascii, self.values), bool, len(self.values))


class _NoColumnError(KeyError):
    # KeyError prints the repr of its message.
    __str__ = Exception.__str__


class _RowMixin(tuple[object, ...]):
    """What a row has beyond a namedtuple: items by name, and names that are no identifiers."""

    __slots__ = ()
    _fields: tuple[object, ...] = ()
    _positions: dict[Any, int] = {}

    def __getitem__(self, key: object) -> Any:
        if isinstance(key, slice):
            return tuple.__getitem__(self, key)
        if key in self._positions:
            return tuple.__getitem__(self, self._positions[key])
        raise _NoColumnError(_no_column(self._fields, key, "row"))

    def __getattr__(self, name: str) -> Any:
        # Reached only where the namedtuple has no such field.
        if name in self._positions:
            return tuple.__getitem__(self, self._positions[name])
        raise AttributeError(_no_column(self._fields, name, "row"))

    def __repr__(self) -> str:
        cells = [f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)]
        return f"Row({', '.join(cells)})"

    def __reduce__(self) -> tuple[object, ...]:
        return _make_row, (self._fields, tuple(self))


@lru_cache(maxsize=64)
def _row_class(columns: tuple[Hashable, ...]) -> type[tuple[object, ...]]:
    counts = Counter(columns)
    fields = [name if isinstance(name, str) and counts[name] == 1 else "" for name in columns]
    positions = {name: position for position, name in enumerate(columns) if counts[name] == 1}
    for position in range(len(columns)):
        positions.setdefault(position, position)
        positions.setdefault(position - len(columns), position - len(columns))
    # rename=True gives fields that are no identifiers a name of their own, to be reached by item.
    base = namedtuple("Row", fields, rename=True)  # type: ignore[misc]
    members = {"__slots__": (), "_fields": columns, "_positions": positions}
    return type("Row", (_RowMixin, base), members)


def _make_row(columns: tuple[Hashable, ...], values: Iterable[object]) -> tuple[object, ...]:
    return tuple.__new__(_row_class(columns), values)


def _table_rows(table: Any) -> list[tuple[object, ...]]:
    row_class = _row_class(tuple(table.columns))
    n_rows, n_columns = table.shape
    if n_columns == 0:
        return [_make_row((), ()) for _ in range(n_rows)]
    columns = (_python_values(_take_columns(table, position)) for position in range(n_columns))
    return list(map(partial(tuple.__new__, row_class), zip(*columns, strict=True)))


def _python_values(values: Any) -> list[Any]:
    """List a column's elements, numbers as Python's own where they have no other meaning."""
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        return list(values)
    return values.to_list() if _is_polars(values) else values.tolist()


def _as_records(data: Any) -> Any:
    if isinstance(data, (pd.DataFrame, pd.Series, np.ndarray)) or _is_polars(data):
        return _checked_container(data)
    if _is_sparse(data):
        return data.tocsr()
    if hasattr(data, "__array__"):
        return _checked_container(np.asarray(data))
    if isinstance(data, (str, bytes, Mapping)) or not hasattr(data, "__len__"):
        remedy = "Pass list(X) if it can be iterated over."
        if isinstance(data, Mapping):
            remedy = (
                "Pass pandas.DataFrame(X) if it maps names to columns, [X] if it is one record."
            )
        elif isinstance(data, (str, bytes)):
            remedy = "Pass [X] to label one record."
        raise TypeError(
            f"X holds the records to label: a DataFrame, a Series, an array or a list of them, not "
            f"{kind_of(data)}. {remedy}"
        )
    return data if isinstance(data, list) else list(data)


def _checked_container(data: Any) -> Any:
    if hasattr(data, "collect") and not hasattr(data, "shape"):
        raise TypeError("X is a polars LazyFrame; pass X.collect().")
    if isinstance(data, np.ndarray) and data.ndim == 0:
        raise ValueError("X is a single value; pass a list of records.")
    return data


def _is_sparse(data: object) -> bool:
    # Unlike issparse, narrows no type: SciPy's base class has no methods for type checkers.
    return bool(issparse(data))


def _is_polars(data: object) -> bool:
    return type(data).__module__.partition(".")[0] == "polars"


def _is_table(data: object) -> bool:
    return hasattr(data, "columns")


def _take_columns(table: Any, positions: int | list[int]) -> Any:
    if isinstance(table, pd.DataFrame):
        return table.iloc[:, positions]  # type: ignore[index]
    if _is_sparse(table) and isinstance(positions, int):
        return table[:, [positions]].toarray().ravel()
    return table[:, positions]


def _as_array(values: Any) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, pd.Series):
        extension = not isinstance(values.dtype, np.dtype)
        return values.to_numpy(dtype=object) if extension and values.hasnans else values.to_numpy()
    if _is_polars(values) and not (values.dtype.is_integer() and values.null_count()):
        return values.to_numpy()
    return as_objects(values)


def _check_one_dimensional(data: object, column: Hashable | list[Hashable], reader: str) -> None:
    if column is None or column == getattr(data, "name", None):
        return
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    raise LabelingFunctionError(
        f"{reader} reads column {quoted(column)}, but X is one-dimensional "
        f"({kind.removeprefix('builtins.')}). Leave column=None, or pass a DataFrame."
    )


def _column_position(names: list[Hashable], column: Hashable, reader: str) -> int:
    if column is None:
        if len(names) == 1:
            return 0
        shown = listed(list(map(quoted, names)), MOST_NAMES)
        raise LabelingFunctionError(
            f"{reader} reads one column, and X has {len(names)} ({shown}). Name it: column=..."
        )
    found = [position for position, name in enumerate(names) if name == column]
    if len(found) == 1:
        return found[0]
    if isinstance(column, (int, np.integer)) and not found and -len(names) <= column < len(names):
        return int(column)
    raise LabelingFunctionError(f"{reader} reads X: {_no_column(names, column, 'X')}")


def _no_column(names: Sequence[Hashable], column: Hashable, owner: str) -> str:
    found = [position for position, name in enumerate(names) if name == column]
    if found:
        return (
            f"{owner} has {len(found)} columns named {quoted(column)}; give the position of one, "
            f"{' or '.join(map(str, found))}."
        )
    near = difflib.get_close_matches(str(column), list({str(name): None for name in names}))
    hint = f"Did you mean {' or '.join(map(quoted, near))}? " if near else ""
    known = listed(list(map(quoted, names)), MOST_NAMES)
    return f"{owner} has no column {quoted(column)}. {hint}The columns are {known}."


def missing(values: Any) -> np.ndarray:
    """Mark None, NaN, NaT and pandas.NA."""
    return np.asarray(pd.isna(values), dtype=bool)
