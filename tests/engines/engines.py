"""Rows in the containers of each engine, and functions of blocks, that the tests of this folder share."""

from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from sklearn_labelmodel._utils import warn_user


def write_files(table, folder, n_files):
    """Write a table to a folder of Parquet files, of unlike lengths, each in several row groups."""
    folder.mkdir(exist_ok=True)
    bounds = np.linspace(0, 1, n_files + 1) ** 2 * table.num_rows
    for number, (start, stop) in enumerate(
        zip(bounds[:-1].astype(int), bounds[1:].astype(int), strict=True)
    ):
        path = folder / f"part-{number}.parquet"
        pq.write_table(table.slice(start, stop - start), path, row_group_size=97)
    return folder


def dataset(table, folder, n_parts=3):
    return ds.dataset(write_files(table, folder, n_parts))


def reader(table, folder, n_parts=3):
    return pa.RecordBatchReader.from_batches(
        table.schema, table.to_batches(table.num_rows // n_parts)
    )


def lazy_frame(table, folder, n_parts=3):
    polars = pytest.importorskip("polars")
    if not hasattr(polars.LazyFrame, "collect_batches"):
        pytest.skip("reads in batches from polars 1.34 on")
    return polars.scan_parquet(write_files(table, folder, n_parts) / "*.parquet")


def relation(table, folder, n_parts=3):
    duckdb = pytest.importorskip("duckdb")
    files = write_files(table, folder, n_parts) / "*.parquet"
    return duckdb.from_parquet(str(files))


def dask_frame(table, folder, n_parts=3):
    dd = pytest.importorskip("dask.dataframe")
    return dd.from_pandas(table.to_pandas(), npartitions=n_parts)


STREAMS = [dataset, reader, lazy_frame, relation]
ENGINES = [*STREAMS, dask_frame]


def cells(block):
    """The rows of a block of any kind as tuples, None for what is missing."""
    frame = block.to_pandas() if hasattr(block, "to_pandas") else pd.DataFrame(block)
    objects = frame.astype(object).where(frame.notna(), None)
    return list(objects.itertuples(index=False, name=None))


class Rows(Counter):
    """How often each row occurs; that adds up, exactly and in any order."""

    def __add__(self, other):
        return Rows({row: self[row] + other[row] for row in self.keys() | other.keys()})


def count_rows(block, weight=None):
    found = Rows()
    times = np.ones(len(block), int) if weight is None else weight
    for row, n in zip(cells(block), times.tolist(), strict=True):
        found[row] += n
    return found


def refuse(value):
    """A function of blocks that refuses a value, as votes are refused."""

    def count(block, weight=None):
        for row, found in enumerate(cells(block)):
            if value in found:
                raise ValueError(f"LF 'row 7', row {row}: the vote {value!r} is none")
        return count_rows(block, weight)

    return count


def doubt(block, weight=None):
    """A function of blocks that warns, of another row in each block."""
    warn_user(f"LF 'row 7', row {len(block)}: the vote is odd", FutureWarning)
    return len(block) if weight is None else int(weight.sum())


DOUBT = "LF 'row 7': the vote is odd"


def lengths(block):
    """Columns made of a block: a number and a text."""
    first = [row[0] for row in cells(block)]
    return {
        "is_yes": np.array([value == "yes" for value in first], dtype=np.float32),
        "said": np.array([None if value is None else value[:1] for value in first], dtype=object),
    }


LENGTHS = {"is_yes": np.float32, "said": object}


def table_of_votes(n_rows=500, seed=0):
    """Votes as texts, as categories, as numbers with missing ones, and a number of each row."""
    rng = np.random.default_rng(seed)
    texts = rng.choice(np.array(["yes", "no", None], dtype=object), n_rows).tolist()
    return pa.table(
        {
            "text": pa.array(texts, pa.string()),
            "category": pa.array(texts[::-1], pa.string()).dictionary_encode(),
            "number": pa.array(
                rng.choice(np.array([0, 1, None], dtype=object), n_rows).tolist(), pa.int8()
            ),
            "row": pa.array(np.arange(n_rows)),
        }
    )
