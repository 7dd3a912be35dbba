"""What a source of rows can do: count its rows, and make other columns of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._utils import quoted

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
# The columns that a function makes, and their dtypes: NumPy's, object standing for strings, or one of pandas where
# values may be missing (Int64, boolean, Float64).
Schema = Mapping[str, Any]
Progress = Callable[[int], object]


class Source(ABC):
    """Rows of named columns that are not in memory.

    Attributes
    ----------
    columns : list
        Names of the columns, in order; positions where there are no names.
    named : bool
        Whether columns have names.
    """

    columns: list[Any]
    named = True

    @abstractmethod
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

    @abstractmethod
    def map(
        self,
        of_block: Callable[[Block], Made],
        columns: Sequence[Any],
        schema: Schema,
        keep: Sequence[Any] = (),
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
            Of the kind of the source where that computes when it is asked, else a pyarrow RecordBatchReader.
        """

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


class Frame(Source):
    """Rows whose engine computes them on its workers."""

    @abstractmethod
    def head(self, n_rows: int) -> pd.DataFrame:
        """The first rows, or as many as there are, as a pandas DataFrame."""


NO_ROWS = "There are no rows. (A reader of record batches can be read only once: make another.)"


@contextmanager
def needs(package: str, extra: str) -> Iterator[None]:
    """Say what to install where an import in the body fails."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f'These rows cannot be read without {package}. Install it: pip install "sklearn-labelmodel[{extra}]"'
        ) from error
