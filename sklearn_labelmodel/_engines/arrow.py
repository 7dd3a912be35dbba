"""Rows of pyarrow: datasets, such as a folder of Parquet files, and readers of record batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

from .._utils import quoted
from .blocks import (
    Piece,
    Pieces,
    few_groups,
    grouped_block,
    in_blocks,
    in_threads,
    merged_groups,
    rows_of_a_block,
)
from .parquet import batches_with_dictionaries, fragments_of, texts_among
from .source import NO_ROWS, Progress
from .stream import GroupedStream, Stream, tables_of

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset, Fragment

# Rows of a batch as they are decoded; a block is put together of some.
BATCH_ROWS = 1 << 17
READAHEAD = {"batch_readahead": 2, "fragment_readahead": 1}


class DatasetSource(GroupedStream):
    """A pyarrow Dataset."""

    tells = True

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.columns = list(dataset.schema.names)

    def schema(self) -> pa.Schema:
        return self.dataset.schema

    def pieces(self, columns: Sequence[str]) -> Pieces:
        return self._placed(_batches(self.dataset, columns), columns)

    def votes(self, columns: Sequence[str], keep: Sequence[str] = ()) -> Pieces:
        named = list(dict.fromkeys([*columns, *keep]))
        texts = texts_among(self.dataset, [name for name in columns if name not in keep])
        if not texts:
            return self.pieces(named)
        how = {"batch_size": _rows_of_a_batch(named), **READAHEAD}
        return self._placed(batches_with_dictionaries(self.dataset, named, texts, **how), named)

    def groups(self, columns: Sequence[str], progress: Progress | None) -> Pieces | None:
        blocks = in_blocks(self.votes(columns), len(columns))
        first = next(blocks, None)
        groups = None if first is None else few_groups(first)
        if groups is None:
            return None
        return merged_groups(chain([groups], in_threads(grouped_block, blocks)), progress)

    def _placed(
        self, batches: Iterator[tuple[pa.RecordBatch, Fragment]], columns: Sequence[str]
    ) -> Pieces:
        """Batches with the files that they are of, as pieces."""
        next_row: Counter[str] = Counter()
        try:
            for batch, fragment in batches:
                place = getattr(fragment, "path", "")
                if place not in next_row:
                    _check_schema(fragment, self.dataset, columns, place)
                _check_codes(batch, place)
                yield Piece(pa.Table.from_batches([batch]), place, next_row[place])
                next_row[place] += batch.num_rows
        except (pa.ArrowException, OSError, TypeError) as error:
            raise ValueError(_told(error, self.dataset, columns)) from error


def _batches(dataset: Dataset, columns: Sequence[str]) -> Iterator[tuple[pa.RecordBatch, Fragment]]:
    scanner = dataset.scanner(
        columns=list(columns), batch_size=_rows_of_a_batch(columns), **READAHEAD
    )
    for tagged in scanner.scan_batches():
        yield tagged.record_batch, tagged.fragment


def _rows_of_a_batch(columns: Sequence[str]) -> int:
    return min(BATCH_ROWS, rows_of_a_block(len(columns)))


def _told(error: Exception, dataset: Dataset, columns: Sequence[str]) -> str:
    """An error of reading with the file that it comes from, which is looked for."""
    for fragment in fragments_of(dataset):
        fault = _fault_of(fragment, dataset, columns)
        if fault is not None:
            return (
                f"{getattr(fragment, 'path', 'The dataset')} cannot be read: {fault} Write the file again, or leave "
                "it out."
            )
    return str(error)


def _fault_of(fragment: Fragment, dataset: Dataset, columns: Sequence[str]) -> str | None:
    try:
        for _ in fragment.to_batches(schema=dataset.schema, columns=list(columns), **READAHEAD):
            pass
    except (pa.ArrowException, OSError, TypeError) as error:
        return f"{str(error).rstrip('.')}."
    return None


def _check_schema(fragment: Fragment, dataset: Dataset, columns: Sequence[str], place: str) -> None:
    """Refuse a file without one of the columns, which Arrow would fill with missing values."""
    import pyarrow.dataset as ds

    keys_of_path = ds.get_partition_keys(fragment.partition_expression)
    there = {*fragment.physical_schema.names, *keys_of_path}
    missing = [name for name in columns if name not in there]
    if missing:
        raise ValueError(
            f"{place} has no column {quoted(missing[0])}; its columns are {fragment.physical_schema.names}. Write "
            f"all files with the columns {dataset.schema.names}."
        )


def _check_codes(batch: pa.RecordBatch, place: str) -> None:
    """Refuse codes that stand for no value of their dictionary: Arrow reads them from a damaged file as they are."""
    import pyarrow.compute as pc

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type) and column.null_count < len(column):
            found = pc.min_max(column.indices)
            if found["min"].as_py() < 0 or found["max"].as_py() >= len(column.dictionary):
                raise ValueError(
                    f"{place} cannot be read: codes of the column {quoted(name)} stand for no value. Write the file "
                    "again, or leave it out."
                )


class ReaderSource(Stream):
    """A pyarrow RecordBatchReader, which can be read once."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self.reader = reader
        self.columns = list(reader.schema.names)

    def schema(self) -> pa.Schema:
        return self.reader.schema

    def pieces(self, columns: Sequence[str]) -> Pieces:
        piece = None
        for piece in tables_of(self.reader, columns):
            yield piece
        if piece is None:
            raise ValueError(NO_ROWS)
