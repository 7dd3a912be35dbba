"""Relations of DuckDB: its own GROUP BY where few rows are distinct, else record batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .blocks import Pieces, are_alike, rows_of_a_block
from .source import Progress
from .stream import TRIAL_ROWS, GroupedStream, tables_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class RelationSource(GroupedStream):
    """A DuckDBPyRelation."""

    extra = "duckdb"

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = relation
        self.columns = list(relation.columns)

    def schema(self) -> pa.Schema:
        with _reader(self.relation.limit(0), 1) as reader:
            return reader.schema

    def pieces(self, columns: Sequence[str]) -> Pieces:
        return _rows_of(self.relation.project(_listed(columns)), len(columns))

    def groups(self, columns: Sequence[str], _progress: Progress | None) -> Pieces | None:
        votes = self.relation.project(_listed(columns))
        trial = votes.limit(TRIAL_ROWS)
        ((n_rows,),) = trial.aggregate("count(*)").fetchall()
        ((n_distinct,),) = trial.distinct().aggregate("count(*)").fetchall()
        if not are_alike(max(n_distinct, 1), n_rows):
            return None
        grouped = votes.aggregate(f"{_listed(columns)}, count(*)", _listed(columns))
        return _rows_of(grouped, len(columns))


def _rows_of(relation: duckdb.DuckDBPyRelation, n_columns: int) -> Pieces:
    # A result that is left open keeps its connection from all other queries.
    with _reader(relation, rows_of_a_block(n_columns)) as reader:
        yield from tables_of(reader)


def _reader(relation: duckdb.DuckDBPyRelation, n_rows: int) -> pa.RecordBatchReader:
    # Its older name.
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    return read(n_rows)


def _listed(columns: Sequence[str]) -> str:
    """Columns in SQL."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
