"""Which engine a container belongs to, told by the module of its type, so that no engine is imported for it."""

from __future__ import annotations

from typing import Any

from .source import Source


def source_of(L: Any) -> Source | None:
    """L as a source of rows; None where it is in memory.

    Parameters
    ----------
    L : object
        A source is a Dask DataFrame or Array, a Spark DataFrame, a DuckDB relation, a polars LazyFrame, a pyarrow
        Dataset or RecordBatchReader.

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
    kinds = _kinds_of(L)
    return _distributed(L, kinds) or _streamed(L, kinds)


def distributed_source_of(L: Any) -> Source | None:
    """L as a source whose rows are on workers, of Dask or Spark; None where it is another."""
    return _distributed(L, _kinds_of(L))


def _kinds_of(L: Any) -> set[tuple[str, str]]:
    """Package and name of its classes."""
    return {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(L).__mro__}


def _distributed(L: Any, kinds: set[tuple[str, str]]) -> Source | None:
    if ("dask", "DataFrame") in kinds or ("dask_expr", "DataFrame") in kinds:
        from .dask import DaskFrameSource

        return DaskFrameSource(L)
    if ("dask", "Array") in kinds:
        from .dask import DaskArraySource

        return DaskArraySource(L)
    if ("pyspark", "DataFrame") in kinds and hasattr(L, "mapInArrow"):
        from .spark import SparkSource

        return SparkSource(L)
    return None


def _streamed(L: Any, kinds: set[tuple[str, str]]) -> Source | None:
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
