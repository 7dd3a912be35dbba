"""Sources that are read as a stream of Arrow tables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils import Warned
from .blocks import (
    Counted,
    Piece,
    Pieces,
    count_block,
    count_weighted,
    give_warnings,
    heard,
    in_blocks,
    in_threads,
    joined,
    map_blocks,
    rows_of_a_block,
    told,
    total,
    with_place,
)
from .source import Block, Made, OfBlock, Progress, Schema, Source, Sum, needs

if TYPE_CHECKING:
    import pyarrow as pa

N_ROWS = "n_rows"
# The first rows, which tell whether the engine shall group all.
TRIAL_ROWS = 1 << 18


class Stream(Source):
    """Rows that come as Arrow tables, one after the other."""

    extra = "parquet"

    @abstractmethod
    def pieces(self, columns: Sequence[str]) -> Pieces:
        """The rows in order, with these columns in this order, as Arrow tables of any length."""

    def votes(self, columns: Sequence[str], keep: Sequence[str] = ()) -> Pieces:
        """As `pieces`, and behind these columns those that are kept; texts that are not kept may be dictionaries."""
        return self.pieces(list(dict.fromkeys([*columns, *keep])))

    @abstractmethod
    def schema(self) -> pa.Schema:
        """The columns' types."""

    def count(
        self, of_block: OfBlock[Sum], columns: Sequence[str], progress: Progress | None = None
    ) -> Sum:
        self.check_columns(columns)
        with needs("pyarrow", self.extra):
            import pyarrow as pa
        threads = partial(in_threads, n_threads=pa.cpu_count())
        with closing(self.votes(columns)) as pieces:
            blocks = in_blocks(pieces, rows_of_a_block(len(columns)))
            return told(total(map_blocks(of_block, blocks, threads), progress))

    def map(
        self,
        of_block: Callable[[Block], Made],
        columns: Sequence[str],
        schema: Schema,
        keep: Sequence[str] = (),
    ) -> pa.RecordBatchReader:
        self.check_columns(columns)
        self.check_columns(keep, schema)
        with needs("pyarrow", self.extra):
            import pyarrow as pa
        types = self.schema()
        made = arrow_schema([types.field(name) for name in keep], schema)
        pieces = self.votes(columns, keep)
        blocks = in_blocks(pieces, rows_of_a_block(len(columns)))
        function = partial(map_block, of_block, list(columns), list(keep), made)
        heard_of = in_threads(lambda block: heard(partial(function, block)), blocks, pa.cpu_count())
        return pa.RecordBatchReader.from_batches(made, _batches(_told_once(heard_of), pieces))


class GroupedStream(Stream):
    """Rows that their engine groups where many are alike."""

    # Whether `groups` calls `progress` as it reads; else that is called with the numbers of rows of the groups.
    tells = False

    @abstractmethod
    def groups(self, columns: Sequence[str], progress: Progress | None) -> Pieces | None:
        """The distinct rows with, in a last column, their numbers; None where rows are better read one by one."""

    def count(
        self, of_block: OfBlock[Sum], columns: Sequence[str], progress: Progress | None = None
    ) -> Sum:
        self.check_columns(columns)
        with needs("pyarrow", self.extra):
            import pyarrow  # noqa: F401
        groups = self.groups(columns, progress)
        if groups is None:
            return self._count_rows(of_block, columns, progress)
        try:
            with closing(groups):
                blocks = in_blocks(groups, rows_of_a_block(len(columns)))
                counted = map(partial(_count_groups, of_block, list(columns)), blocks)
                return told(total(counted, None if self.tells else progress))
        except (ValueError, TypeError):
            # Rows that were grouped have no place. They are read one by one to name it.
            return super().count(of_block, columns)

    def _count_rows(
        self, of_block: OfBlock[Sum], columns: Sequence[str], progress: Progress | None
    ) -> Sum:
        """Count rows that are not worth grouping."""
        import pyarrow as pa

        with closing(self.votes(columns)) as pieces:
            blocks = in_blocks(pieces, rows_of_a_block(len(columns)))
            counted = in_threads(partial(count_block, of_block), blocks, pa.cpu_count())
            return told(total(counted, progress))


def _batches(tables: Iterator[pa.Table], pieces: Pieces) -> Iterator[pa.RecordBatch]:
    """The batches of what is made of pieces, which are closed even where nobody reads to the end."""
    with closing(pieces):
        for table in tables:
            yield from table.to_batches()


def _told_once(heard_of: Iterator[tuple[pa.Table, frozenset[Warned]]]) -> Iterator[pa.Table]:
    """Tables alone; of what they warn, each is said once."""
    said: frozenset[Warned] = frozenset()
    for table, warned in heard_of:
        give_warnings(warned - said)
        said |= warned
        yield table


def _count_groups(of_block: OfBlock[Sum], columns: list[str], block: list[Piece]) -> Counted[Sum]:
    return count_weighted(of_block, joined(block), columns)


def map_block(
    of_block: Callable[[Block], Made],
    columns: Sequence[str],
    keep: Sequence[str],
    schema: pa.Schema,
    block: list[Piece],
) -> pa.Table:
    """The table of what is made of a block, after the columns that are kept."""
    import pyarrow as pa

    rows = joined(block)
    alone = [
        Piece(joined([piece]).select(columns), piece.place, piece.first_row) for piece in block
    ]
    made = with_place(of_block, rows.select(columns), alone)
    kept = [rows.column(name).cast(schema.field(name).type) for name in keep]
    arrays = [
        pa.array(made[name], type=schema.field(name).type) for name in schema.names[len(keep) :]
    ]
    return pa.table([*kept, *arrays], schema=schema)


def arrow_schema(kept: list[pa.Field], made: Schema) -> pa.Schema:
    """Arrow's types of the columns that are kept and of those that are made."""
    import pyarrow as pa

    return pa.schema([*kept, *((name, arrow_type(dtype)) for name, dtype in made.items())])


def arrow_type(dtype: Any) -> pa.DataType:
    """Arrow's type of a dtype; of objects, a string."""
    import pyarrow as pa

    dtype = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return pa.string() if dtype.kind in "OUT" else pa.from_numpy_dtype(dtype)
