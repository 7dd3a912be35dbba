"""A table as the command reads it, whatever the file: columns, and rows in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .content import READING
from .words import BadInputError, one_line

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 50_000


@dataclass(frozen=True)
class Source:
    """A table that can be read any number of times.

    Attributes
    ----------
    name : str
        For messages.
    columns : list of str
    blocks : callable
        Makes an iterator of DataFrames of at most `BLOCK` rows, whose index counts the rows from 0.
    index : tuple of str
        Columns that were the index of a frame, and are no votes.
    notes : tuple of str
        What was found out about the file and is to be told.
    decimal_comma : bool
        Whether a comma may stand in a number.
    n_cells : int
        About how many cells there are.
    """

    name: str
    columns: list[str]
    blocks: Callable[[], Iterator[pd.DataFrame]]
    index: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False
    n_cells: int = 0


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except READING as error:
        raise BadInputError(f"{name}: cannot be read ({one_line(error)}).") from None
