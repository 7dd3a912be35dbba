"""Rows of pyarrow: datasets, such as a folder of Parquet files, and readers of record batches."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from .._utils import quoted
from .blocks import Piece, are_few, in_blocks, merged_groups, rows_of_a_block
from .source import Progress
from .stream import GroupedStream, Stream

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

# Rows of a batch as they are decoded; a block is put together of some.
BATCH_ROWS = 1 << 17
READAHEAD = {"batch_readahead": 2, "fragment_readahead": 1}


class DatasetSource(GroupedStream):
    """A pyarrow Dataset."""

    tells = True

    def __init__(self, dataset: pyarrow.dataset.Dataset) -> None:
        self.dataset = dataset
        self.columns = list(dataset.schema.names)

    def schema(self) -> pa.Schema:
        return self.dataset.schema

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        next_row: Counter[str] = Counter()
        for batch, fragment in self._batches(columns):
            place = getattr(fragment, "path", "")
            if place not in next_row:
                _check_schema(fragment, self.dataset, columns, place)
            yield Piece(batch, place, next_row[place])
            next_row[place] += batch.num_rows

    def groups(self, columns: Sequence[str], progress: Progress | None) -> Iterator[Piece] | None:
        import pyarrow as pa

        blocks = in_blocks(self.pieces(columns), rows_of_a_block(len(columns)))
        first = next(blocks, None)
        if first is None or not are_few(first):
            return None
        return merged_groups(chain([first], blocks), pa.cpu_count(), progress)

    def _batches(
        self, columns: Sequence[str]
    ) -> Iterator[tuple[pa.Table, pyarrow.dataset.Fragment]]:
        import pyarrow as pa

        n_rows = min(BATCH_ROWS, rows_of_a_block(len(columns)))
        scanner = self.dataset.scanner(columns=list(columns), batch_size=n_rows, **READAHEAD)
        try:
            for tagged in scanner.scan_batches():
                yield pa.Table.from_batches([tagged.record_batch]), tagged.fragment
        except (pa.ArrowException, OSError, TypeError) as error:
            raise ValueError(_told(error, self.dataset, columns)) from error


def _told(error: Exception, dataset: pyarrow.dataset.Dataset, columns: Sequence[str]) -> str:
    """An error of reading with the file that it comes from, which is looked for."""
    for fragment in dataset.get_fragments():
        fault = _fault_of(fragment, dataset, columns)
        if fault is not None:
            return (
                f"{getattr(fragment, 'path', 'The dataset')} cannot be read: {fault} Write the file again, or leave "
                "it out."
            )
    return str(error)


def _fault_of(
    fragment: pyarrow.dataset.Fragment, dataset: pyarrow.dataset.Dataset, columns: Sequence[str]
) -> str | None:
    import pyarrow as pa

    try:
        for _ in fragment.to_batches(schema=dataset.schema, columns=list(columns), **READAHEAD):
            pass
    except (pa.ArrowException, OSError, TypeError) as error:
        return f"{str(error).rstrip('.')}."
    return None


def _check_schema(
    fragment: pyarrow.dataset.Fragment,
    dataset: pyarrow.dataset.Dataset,
    columns: Sequence[str],
    place: str,
) -> None:
    """Refuse a file without one of the columns, which Arrow would fill with missing values."""
    there = {*fragment.physical_schema.names, *_keys(fragment)}
    missing = [name for name in columns if name not in there]
    if missing:
        raise ValueError(
            f"{place} has no column {quoted(missing[0])}; its columns are {fragment.physical_schema.names}. Write "
            f"all files with the columns {dataset.schema.names}."
        )


def _keys(fragment: pyarrow.dataset.Fragment) -> set[str]:
    """Columns that are told by the path of a file."""
    import pyarrow.dataset as ds

    return set(ds.get_partition_keys(fragment.partition_expression))


class ReaderSource(Stream):
    """A pyarrow RecordBatchReader, which can be read once."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self.reader = reader
        self.columns = list(reader.schema.names)

    def schema(self) -> pa.Schema:
        return self.reader.schema

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        return tables_of(self.reader, columns)


def tables_of(
    reader: pa.RecordBatchReader, columns: Sequence[str] | None = None
) -> Iterator[Piece]:
    """The batches of a reader as pieces, with all columns or some."""
    import pyarrow as pa

    first_row = 0
    for batch in reader:
        table = pa.Table.from_batches([batch])
        yield Piece(table if columns is None else table.select(list(columns)), first_row=first_row)
        first_row += batch.num_rows


def write_parquet(reader: pa.RecordBatchReader, path: str | os.PathLike[str]) -> None:
    """Write record batches to a Parquet file as they come; the file is there once it is whole.

    Parameters
    ----------
    reader : pyarrow RecordBatchReader
    path : str or path-like
    """
    import pyarrow.parquet as pq

    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        with pq.ParquetWriter(name, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
