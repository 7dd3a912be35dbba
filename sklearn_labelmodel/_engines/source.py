"""What a source of rows can do: count its rows, and make other columns of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._utils import Warned, quoted, warn_user

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class AddsUp(Protocol):
    """What is counted of rows: exact, associative and commutative in `+`."""

    def __add__(self, other: Self, /) -> Self: ...


Sum = TypeVar("Sum", bound=AddsUp)
# Rows as an engine hands them over.
Block: TypeAlias = "pa.Table | pd.DataFrame | NDArray[Any]"
# Of a block of rows (a table or an array), and how many rows each of them stands for where they were grouped.
OfBlock = Callable[[Block, NDArray[np.int64] | None], Sum]
Made = Mapping[str, NDArray[Any]]
Makes = Callable[[Block], Made]
# The columns that a function makes, and their dtypes: NumPy's, object standing for strings, or one of pandas where
# values may be missing (Int64, boolean, Float64).
Schema = Mapping[str, Any]
Progress = Callable[[int], object]
# Rows, what was counted of them, and the warnings of it.
Counted: TypeAlias = tuple[int, Sum, frozenset[Warned]]
NO_ROWS = "There are no rows. (A reader of record batches can be read only once: make another.)"


class Source(ABC):
    """Rows of named columns that are not in memory.

    Attributes
    ----------
    columns : list
        Names of the columns, in order; positions where there are no names.
    named : bool
        Whether columns have names.
    extra : str or None
        The extra of this package that installs pyarrow, where rows cannot be read without it.
    """

    columns: list[Any]
    named = True
    extra: str | None = None

    def count(
        self, of_block: OfBlock[Sum], columns: Sequence[Any], progress: Progress | None = None
    ) -> Sum:
        """Add up what is counted of all blocks of rows.

        Parameters
        ----------
        of_block : callable
            Of a block, a table or array of `columns`, and a weight: None, or of rows that were grouped the number of
            rows that each stands for, shape (n_rows,), dtype int64. What it returns adds up exactly, in any order. It
            runs in threads, or is pickled and sent to workers.
        columns : list
        progress : callable, default=None
            Called with the number of rows that were counted since the last call.

        Raises
        ------
        ValueError
            There is no row, or no such column; the error of a block names its file or partition.
        """
        self.check_columns(columns)
        self.check_pyarrow()
        counted = self._count(of_block, list(columns), progress)
        if counted is None:
            raise ValueError(NO_ROWS)
        _, found, warned = counted
        give_warnings(warned)
        return found

    @abstractmethod
    def _count(
        self, of_block: OfBlock[Sum], columns: list[Any], progress: Progress | None
    ) -> Counted[Sum] | None:
        """As `count`, of columns that are there; None where there is no row."""

    def map(
        self, of_block: Makes, columns: Sequence[Any], schema: Schema, keep: Sequence[Any] = ()
    ) -> Any:
        """Make columns of every row, when they are asked for.

        Parameters
        ----------
        of_block : callable
            Of a block of `columns`, an array of each column of `schema`, one entry for each row.
        columns : list
        schema : mapping of str to dtype
        keep : list, default=()
            Columns that go along, before those that are made.

        Returns
        -------
        made
            Of the kind of the source where that computes when it is asked, else a pyarrow RecordBatchReader. Where the
            source has no names of columns, those that are made stand side by side in an array of two dimensions.
        """
        self.check_columns(columns)
        if len(keep) and not self.named:
            raise ValueError("An array has no names of columns to keep. Pass a Dask DataFrame.")
        self.check_columns(keep, schema)
        self.check_pyarrow()
        return self._map(of_block, list(columns), schema, list(keep))

    @abstractmethod
    def _map(self, of_block: Makes, columns: list[Any], schema: Schema, keep: list[Any]) -> Any:
        """As `map`, of columns that are there."""

    def check_columns(self, columns: Sequence[Any], schema: Schema | None = None) -> None:
        """Raise a ValueError where a column is not there, or is to be made although it is kept."""
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise ValueError(
                f"There is no column {quoted(missing[0])}; the columns are {self.columns}."
            )
        twice = [name for name in columns if name in (schema or {})]
        if twice:
            raise ValueError(
                f"The column {quoted(twice[0])} cannot be kept, since the result has one of this name. Rename it."
            )

    def check_pyarrow(self) -> None:
        """Raise an ImportError that says what to install where pyarrow is needed and not there."""
        if self.extra is None:
            return
        try:
            # Asked only whether it is there.
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"These rows cannot be read without pyarrow. Install it: pip install "
                f'"sklearn-labelmodel[{self.extra}]"'
            ) from error


class Frame(Source):
    """Rows whose engine computes them on its workers."""

    @abstractmethod
    def head(self, n_rows: int) -> pd.DataFrame:
        """The first rows, or as many as there are, as a pandas DataFrame."""


def give_warnings(warned: Iterable[Warned]) -> None:
    """Give warnings that were kept, in an order that follows from what they say."""
    for message, category in sorted(warned, key=str):
        warn_user(message, category)
