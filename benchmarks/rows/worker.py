"""Time one task on a folder of votes, in a process of its own; the last line printed is JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..speed.worker import resident


def dataset(folder: Path) -> Any:
    import pyarrow.dataset as ds

    return ds.dataset(folder)


def relation(folder: Path, threads: int) -> Any:
    import duckdb

    duckdb.sql(f"SET threads = {threads}")
    return duckdb.from_parquet(str(folder / "*.parquet"))


def lazy_frame(folder: Path) -> Any:
    import polars as pl

    return pl.scan_parquet(folder / "*.parquet")


def fit(L: Any) -> Any:
    from sklearn_labelmodel import LabelModelClassifier

    return LabelModelClassifier().fit(L)


# Tasks: each takes the folder and the number of threads, gets ready, and returns what is timed -------


def group_duckdb(folder: Path, threads: int) -> Callable[[], object]:
    L = relation(folder, threads)
    names = ", ".join(L.columns)
    return lambda: L.aggregate(f"{names}, count(*)", names).fetchnumpy()


def fit_arrow(folder: Path, threads: int) -> Callable[[], object]:
    return lambda: fit(dataset(folder))


def fit_duckdb(folder: Path, threads: int) -> Callable[[], object]:
    L = relation(folder, threads)
    return lambda: fit(L)


def fit_polars(folder: Path, threads: int) -> Callable[[], object]:
    return lambda: fit(lazy_frame(folder))


def fit_memory(folder: Path, threads: int) -> Callable[[], object]:
    table = dataset(folder).to_table()
    L = np.column_stack([column.to_numpy() for column in table.columns])
    return lambda: fit(L)


def copy_arrow(folder: Path, threads: int) -> Callable[[], object]:
    """Read the votes, and write as many columns of float32 as there are classes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("0", pa.float32()), ("1", pa.float32())])
    source = dataset(folder)

    def copy() -> None:
        with (
            tempfile.TemporaryDirectory(dir=folder.parent) as place,
            pq.ParquetWriter(Path(place, "copy.parquet"), schema) as file,
        ):
            for batch in source.to_batches():
                columns = [batch.column(lf).to_numpy().astype(np.float32) for lf in (0, 1)]
                file.write_batch(pa.record_batch(columns, schema=schema))

    return copy


def predict_arrow(folder: Path, threads: int) -> Callable[[], object]:
    """Predict and write as the guide does."""
    import pyarrow.parquet as pq

    source = dataset(folder)
    model = fit(source.head(1_000_000))

    def predict() -> None:
        labels = model.predict_proba(source)
        how = {"compression": "none", "write_statistics": False}
        with (
            tempfile.TemporaryDirectory(dir=folder.parent) as place,
            pq.ParquetWriter(Path(place, "proba.parquet"), labels.schema, **how) as file,
        ):
            for batch in labels:
                file.write_batch(batch)

    return predict


def dask_frame(folder: Path, threads: int) -> Any:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=threads, threads_per_worker=1, dashboard_address=None)
    Client(cluster)
    return dd.read_parquet(folder, split_row_groups=True)


def group_dask(folder: Path, threads: int) -> Callable[[], object]:
    L = dask_frame(folder, threads)
    return lambda: L.groupby(list(L.columns)).size().compute()


def fit_dask(folder: Path, threads: int) -> Callable[[], object]:
    L = dask_frame(folder, threads)
    return lambda: fit(L)


def spark_frame(folder: Path, threads: int) -> Any:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master(f"local[{threads}]").config("spark.ui.enabled", "false")
    return session.getOrCreate().read.parquet(str(folder))


def group_spark(folder: Path, threads: int) -> Callable[[], object]:
    L = spark_frame(folder, threads)
    return lambda: L.groupBy(*L.columns).count().collect()


def fit_spark(folder: Path, threads: int) -> Callable[[], object]:
    L = spark_frame(folder, threads)
    return lambda: fit(L)


TASKS = {
    task.__name__: task
    for task in (
        group_duckdb,
        fit_arrow,
        fit_duckdb,
        fit_polars,
        fit_memory,
        copy_arrow,
        predict_arrow,
        group_dask,
        fit_dask,
        group_spark,
        fit_spark,
    )
}  # fmt: skip


def main() -> None:
    """Do one task and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    # What is loaded at the first fit does not count.
    fit([[0, 1, 1], [1, 1, 0], [0, 0, 1]] * 9)
    timed = TASKS[args.task](args.folder, args.threads)
    start = time.perf_counter()
    timed()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak": resident("VmHWM")}))


if __name__ == "__main__":
    main()
