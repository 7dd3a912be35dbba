"""Sources that are read as a stream of Arrow tables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils import Warned
from .blocks import (
    Piece,
    Pieces,
    count_block,
    count_weighted,
    heard,
    in_blocks,
    in_threads,
    joined,
    map_blocks,
    total,
    with_place,
)
from .source import Counted, Makes, OfBlock, Progress, Schema, Source, Sum, give_warnings

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

    def _count(
        self, of_block: OfBlock[Sum], columns: list[str], progress: Progress | None
    ) -> Counted[Sum] | None:
        with closing(self.votes(columns)) as pieces:
            blocks = in_blocks(pieces, len(columns))
            return total(map_blocks(of_block, blocks, in_threads), progress)

    def _map(
        self, of_block: Makes, columns: list[str], schema: Schema, keep: list[str]
    ) -> pa.RecordBatchReader:
        import pyarrow as pa

        made = arrow_schema(self.schema(), keep, schema)
        pieces = self.votes(columns, keep)
        blocks = in_blocks(pieces, len(columns))
        function = partial(map_block, of_block, columns, keep, made)
        heard_of = in_threads(lambda block: heard(partial(function, block)), blocks)
        return pa.RecordBatchReader.from_batches(made, _batches(_told_once(heard_of), pieces))


class GroupedStream(Stream):
    """Rows that their engine groups where many are alike."""

    # Whether `groups` calls `progress` as it reads; else that is called with the numbers of rows of the groups.
    tells = False

    @abstractmethod
    def groups(self, columns: Sequence[str], progress: Progress | None) -> Pieces | None:
        """The distinct rows with, in a last column, their numbers; None where rows are better read one by one."""

    def _count(
        self, of_block: OfBlock[Sum], columns: list[str], progress: Progress | None
    ) -> Counted[Sum] | None:
        groups = self.groups(columns, progress)
        if groups is None:
            return self._count_rows(of_block, columns, progress)
        try:
            with closing(groups):
                blocks = in_blocks(groups, len(columns))
                counted = (count_weighted(of_block, joined(block), columns) for block in blocks)
                return total(counted, None if self.tells else progress)
        except (ValueError, TypeError):
            # Rows that were grouped have no place. They are read one by one to name it.
            return super()._count(of_block, columns, None)

    def _count_rows(
        self, of_block: OfBlock[Sum], columns: list[str], progress: Progress | None
    ) -> Counted[Sum] | None:
        """Count rows that are not worth grouping."""
        with closing(self.votes(columns)) as pieces:
            blocks = in_blocks(pieces, len(columns))
            return total(in_threads(partial(count_block, of_block), blocks), progress)


def tables_of(reader: pa.RecordBatchReader, columns: Sequence[str] | None = None) -> Pieces:
    """The batches of a reader as pieces, with all columns or some."""
    import pyarrow as pa

    first_row = 0
    for batch in reader:
        table = pa.Table.from_batches([batch])
        yield Piece(table if columns is None else table.select(list(columns)), first_row=first_row)
        first_row += batch.num_rows


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


def map_block(
    of_block: Makes, columns: list[str], keep: list[str], schema: pa.Schema, block: list[Piece]
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


def arrow_schema(types: pa.Schema, keep: list[str], made: Schema) -> pa.Schema:
    """Arrow's types of the columns that are kept and of those that are made."""
    import pyarrow as pa

    kept = [types.field(name) for name in keep]
    return pa.schema([*kept, *((name, arrow_type(dtype)) for name, dtype in made.items())])


def arrow_type(dtype: Any) -> pa.DataType:
    """Arrow's type of a dtype; of objects, a string."""
    import pyarrow as pa

    dtype = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return pa.string() if dtype.kind in "OUT" else pa.from_numpy_dtype(dtype)
