"""Which engine a container belongs to, told by the module of its type, so that no engine is imported for it."""

from __future__ import annotations

from typing import Any

from .source import Source


def source_of(L: Any, *, on_workers: bool = False) -> Source | None:
    """L as a source of rows; None where it is in memory.

    Parameters
    ----------
    L : object
        A source is a Dask DataFrame or Array, a Spark DataFrame, a DuckDB relation, a polars LazyFrame, a pyarrow
        Dataset or RecordBatchReader.
    on_workers : bool, default=False
        Whether only those count whose rows are on workers, of Dask or Spark.

    Returns
    -------
    source : Source or None

    Examples
    --------
    >>> import pyarrow as pa
    >>> from sklearn_labelmodel._engines.sources import source_of
    >>> table = pa.table({"a": [1, 0], "b": [1, None]})
    >>> source_of(table.to_reader()).columns
    ['a', 'b']
    >>> source_of(table)
    """
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(L).__mro__}
    if {("dask", "DataFrame"), ("dask_expr", "DataFrame")} & kinds:
        from .dask import DaskFrameSource

        return DaskFrameSource(L)
    if ("dask", "Array") in kinds:
        from .dask import DaskArraySource

        return DaskArraySource(L)
    if ("pyspark", "DataFrame") in kinds and hasattr(L, "mapInArrow"):
        from .spark import SparkSource

        return SparkSource(L)
    if on_workers:
        return None
    if {("duckdb", "DuckDBPyRelation"), ("_duckdb", "DuckDBPyRelation")} & kinds:
        from .duckdb import RelationSource

        return RelationSource(L)
    if ("polars", "LazyFrame") in kinds:
        from .polars import LazyFrameSource

        return LazyFrameSource(L)
    if ("pyarrow", "Dataset") in kinds:
        from .arrow import DatasetSource

        return DatasetSource(L)
    if ("pyarrow", "RecordBatchReader") in kinds:
        from .arrow import ReaderSource

        return ReaderSource(L)
    return None
