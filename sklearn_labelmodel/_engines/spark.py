"""DataFrames of Spark: counted by partitions with mapInArrow, and added up on the workers before the driver."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .blocks import Piece, count_pieces, in_blocks, total
from .source import Counted, Frame, Makes, OfBlock, Progress, Schema, Sum
from .stream import arrow_schema, map_block

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyspark.sql

# Sums that come to the driver, however many partitions there are.
SUMS = 8
PARTIAL = "part binary"


class SparkSource(Frame):
    """A Spark DataFrame."""

    extra = "spark"

    def __init__(self, frame: pyspark.sql.DataFrame) -> None:
        self.frame = frame
        self.columns = list(frame.columns)

    def head(self, n_rows: int) -> pd.DataFrame:
        return self.frame.limit(n_rows).toArrow().to_pandas()

    def _count(
        self, of_block: OfBlock[Sum], columns: list[str], progress: Progress | None
    ) -> Counted[Sum] | None:
        parts = self._select(columns).mapInArrow(partial(_count_part, of_block, columns), PARTIAL)
        sums = parts.repartition(SUMS).mapInArrow(_add_up, PARTIAL)
        found = _sum(row.part for row in sums.collect())
        if found is not None and isinstance(found[1], Exception):
            raise found[1]
        return total([found], progress)

    def _map(
        self, of_block: Makes, columns: list[str], schema: Schema, keep: list[str]
    ) -> pyspark.sql.DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

        needed = list(dict.fromkeys([*columns, *keep]))
        made = arrow_schema(to_arrow_schema(self.frame.schema), keep, schema)
        function = partial(_map_part, of_block, columns, keep, needed, made)
        return self._select(needed).mapInArrow(function, from_arrow_schema(made))

    def _select(self, columns: Sequence[str]) -> pyspark.sql.DataFrame:
        """Some columns, by plain names: mapInArrow takes the dots of others for fields."""
        quoted = ("`" + name.replace("`", "``") + "`" for name in columns)
        return self.frame.selectExpr(*(f"{name} AS c{place}" for place, name in enumerate(quoted)))


def _count_part(
    of_block: OfBlock[Any], names: list[str], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What is counted of a partition, pickled, as a table of one cell."""
    number = _partition()
    pieces = _pieces(batches, names, number)
    try:
        found: Any = count_pieces(of_block, pieces, len(names))
    except (ValueError, TypeError) as error:
        # No worker is at fault, so that no other shall try again.
        found = number, error
    if found is not None:
        yield _cell(found)


def _add_up(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    found = _sum(cell.as_py() for batch in batches for cell in batch.column(0))
    if found is not None:
        yield _cell(found)


def _sum(cells: Iterable[bytes]) -> Any:
    """The sum of what was counted of partitions; where some failed, the number and the error of the first of them."""
    failed: list[tuple[int, Exception]] = []

    def counted() -> Iterator[Any]:
        for part in map(pickle.loads, cells):
            if isinstance(part[1], Exception):
                failed.append(part)
            else:
                yield part

    found = total(counted())
    return min(failed, key=itemgetter(0)) if failed else found


def _cell(found: object) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([pickle.dumps(found)])], names=["part"])


def _map_part(
    of_block: Makes,
    columns: list[str],
    keep: list[str],
    names: list[str],
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    pieces = _pieces(batches, names, _partition())
    for block in in_blocks(pieces, len(columns)):
        yield from map_block(of_block, columns, keep, schema, block).to_batches()


def _pieces(batches: Iterable[pa.RecordBatch], names: list[str], number: int) -> Iterator[Piece]:
    import pyarrow as pa

    first_row = 0
    for batch in batches:
        if batch.num_rows:
            table = pa.Table.from_batches([batch]).rename_columns(names)
            yield Piece(table, f"Partition {number}", first_row)
        first_row += batch.num_rows


def _partition() -> int:
    from pyspark import TaskContext

    context = TaskContext.get()
    return 0 if context is None else context.partitionId()
