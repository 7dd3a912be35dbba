"""Parquet files and folders of them, read in blocks of rows. The only room that knows pyarrow's files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._utils import quoted
from .content import Content, check_library
from .source import BLOCK, Source, naming
from .terminal import progress
from .words import BadInputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset

UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def read_file(content: Content) -> Source:
    """A Parquet file."""
    check_library("pyarrow", f"{content.name}: Parquet is read")
    import pyarrow.parquet as pq

    with content.raw() as raw:
        file = pq.ParquetFile(raw)
        schema, n_rows = file.schema_arrow, file.metadata.num_rows

    def batches() -> Iterator[pa.RecordBatch]:
        with content.raw() as raw:
            yield from pq.ParquetFile(raw).iter_batches(batch_size=BLOCK)

    return _source(content.name, schema, n_rows, batches)


def read_folder(folder: Path) -> Source:
    """All Parquet files of a folder and the folders in it, in the order of their names."""
    check_library("pyarrow", f"{folder}: Parquet is read")
    import pyarrow.dataset as ds

    if not any(folder.rglob("*.parquet")):
        raise BadInputError(f"{folder}: the folder holds no file whose name ends in .parquet.")
    files = sorted(str(path) for path in folder.rglob("*.parquet") if path.is_file())
    dataset = ds.dataset(files, format="parquet", partitioning="hive")
    fragments = list(dataset.get_fragments())
    schema = reduce(_with_schema_of, fragments, dataset.schema)
    n_rows = sum(fragment.count_rows() for fragment in fragments)

    def batches() -> Iterator[pa.RecordBatch]:
        for fragment in fragments:
            with naming(fragment.path):
                yield from fragment.to_batches(schema=schema, batch_size=BLOCK)

    return _source(str(folder), schema, n_rows, batches)


def _with_schema_of(schema: pa.Schema, fragment: pyarrow.dataset.Fragment) -> pa.Schema:
    """The schema, wide enough for one more file of the same columns."""
    import pyarrow as pa
    from pyarrow.dataset import get_partition_keys

    with naming(fragment.path):
        own = fragment.physical_schema
        in_path = set(get_partition_keys(fragment.partition_expression))
        unlike = {*own.names, *in_path} ^ set(schema.names)
        if unlike:
            raise ValueError(
                f"it differs from the first file of the folder in the column {quoted(min(unlike))}"
            )
        try:
            return pa.unify_schemas([schema, own], promote_options="permissive")
        except TypeError as error:
            raise ValueError(f"it differs from the first file of the folder: {error}") from None


def _source(
    name: str, schema: pa.Schema, n_rows: int, batches: Callable[[], Iterator[pa.RecordBatch]]
) -> Source:
    written = (schema.pandas_metadata or {}).get("index_columns", [])
    index = tuple(each for each in written if isinstance(each, str))
    unnamed = {each for each in index if UNNAMED_INDEX.fullmatch(each)}
    columns = [each for each in schema.names if each not in unnamed]

    def blocks() -> Iterator[pd.DataFrame]:
        import pandas as pd

        first = 0
        with naming(name), progress(f"reading {name}", n_rows, " rows") as shown:
            for batch in batches():
                frame = _frame(batch)[columns]
                frame.index = pd.RangeIndex(first, first + len(frame))
                yield frame
                first += len(frame)
                shown(first)

    kept = tuple(each for each in index if each in columns)
    return Source(name, columns, blocks, index=kept, n_cells=n_rows * len(columns))


def _frame(batch: pa.RecordBatch) -> pd.DataFrame:
    """Columns with types that hold whole numbers beside empty cells; the index as columns."""
    frame: pd.DataFrame = batch.to_pandas(types_mapper=_nullable().get, ignore_metadata=True)
    return frame


@cache
def _nullable() -> dict[Any, Any]:
    """What holds each Arrow type in pandas without loss where cells are empty."""
    import pandas as pd
    import pyarrow as pa

    whole = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    names = {getattr(pa, name)(): name.replace("i", "I").replace("u", "U") for name in whole}
    types = {kind: pd.api.types.pandas_dtype(name) for kind, name in names.items()}
    return {pa.bool_(): pd.BooleanDtype(), **types}
