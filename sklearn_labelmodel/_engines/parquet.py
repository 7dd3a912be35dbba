"""Texts of Parquet files as dictionaries, which is how these store them: no cell is decoded to a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset, Fragment, ParquetFileFragment

# Types of texts that Arrow reads as dictionaries, and turns into them.
TEXTS = {"string", "large_string"}
# Encodings of texts that Arrow reads as dictionaries; runs are of codes, and of which texts are missing.
ENCODINGS = {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"}


def texts_among(dataset: Dataset, columns: Sequence[str]) -> set[str]:
    """The columns of texts that can be read as dictionaries: those of Parquet files, of which no rows are left out."""
    types = dict(zip(dataset.schema.names, map(str, dataset.schema.types), strict=True))
    texts = {name for name in columns if types[name] in TEXTS}
    return texts if texts and _are_files(fragments_of(dataset)) else set()


def fragments_of(dataset: Dataset) -> list[Fragment]:
    """The parts of a dataset; none of one that is filtered, which does not tell them."""
    try:
        return list(dataset.get_fragments())
    except ValueError:
        return []


def _are_files(fragments: list[Fragment]) -> bool:
    """Whether each part is a Parquet file that has a path, so that it can be read in another way."""
    import pyarrow.dataset as ds

    return bool(fragments) and all(
        isinstance(part, ds.ParquetFileFragment) and part.filesystem is not None
        for part in fragments
    )


def batches_with_dictionaries(
    dataset: Dataset, columns: Sequence[str], texts: set[str], **how: int
) -> Iterator[tuple[pa.RecordBatch, Fragment]]:
    """Batches of a dataset with the files that they are of, one file after the other.

    Parameters
    ----------
    dataset : pyarrow Dataset
    columns : list of str
    texts : set of str
        Those of the columns that come as dictionaries, whatever a file holds there.
    **how
        How a file is scanned.
    """
    import pyarrow.dataset as ds

    for fragment in dataset.get_fragments():
        file = _with_dictionaries(fragment, texts)
        schema = _stored_as_dictionaries(file, dataset.schema, texts)
        scanner = ds.Scanner.from_fragment(file, schema=schema, columns=list(columns), **how)
        for batch in scanner.to_batches():
            yield _encoded(batch, texts), file


def _with_dictionaries(fragment: ParquetFileFragment, texts: set[str]) -> ParquetFileFragment:
    """The same row groups of the same file, whose texts are read as dictionaries where Arrow can do so."""
    from pyarrow.dataset import ParquetFileFormat

    row_groups = [group.id for group in fragment.row_groups]
    readable = _readable(fragment, texts)
    # Of another file, Arrow takes row groups in their order alone.
    if not readable or row_groups != sorted(row_groups):
        return fragment
    options = fragment.format.read_options
    options.dictionary_columns |= readable
    kind = ParquetFileFormat(options, fragment.format.default_fragment_scan_options)
    file = kind.make_fragment(fragment.path, fragment.filesystem, fragment.partition_expression)
    return file.subset(row_group_ids=row_groups)


def _readable(fragment: ParquetFileFragment, texts: set[str]) -> set[str]:
    """Those of the columns that no row group encodes in a way that Arrow cannot read as a dictionary."""
    row_groups = [group.metadata for group in fragment.row_groups]
    paths = [column.path for column in fragment.metadata.schema]
    places = {path: place for place, path in enumerate(paths) if path in texts}
    return {
        path
        for path, place in places.items()
        if all(ENCODINGS.issuperset(group.column(place).encodings) for group in row_groups)
    }


def _stored_as_dictionaries(
    file: ParquetFileFragment, schema: pa.Schema, texts: set[str]
) -> pa.Schema:
    """The schema, in which those texts are dictionaries that the file holds as texts."""
    stored = file.physical_schema
    of_texts = pa.dictionary(pa.int32(), pa.string())
    held = {field.name for field in stored if field.type == of_texts} & texts
    return _with_dictionary_types(schema, held)


def _encoded(batch: pa.RecordBatch, texts: set[str]) -> pa.RecordBatch:
    """The batch with all of those texts as dictionaries: what is not stored as texts, such as keys of folders, too."""
    plain = {field.name for field in batch.schema if str(field.type) in TEXTS} & texts
    if not plain:
        return batch
    columns = [
        column.dictionary_encode() if name in plain else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_with_dictionary_types(batch.schema, plain))


def _with_dictionary_types(schema: pa.Schema, names: set[str]) -> pa.Schema:
    """The schema, in which columns of some names are dictionaries."""
    fields = [
        field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in names else field
        for field in schema
    ]
    return pa.schema(fields, schema.metadata)
