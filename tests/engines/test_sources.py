"""Every engine against the same rows in one table, and what goes wrong."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from engines import (
    ENGINES,
    LENGTHS,
    STREAMS,
    cells,
    count_rows,
    dask_frame,
    dataset,
    lazy_frame,
    lengths,
    reader,
    refuse,
    relation,
    table_of_votes,
    write_files,
)
from scipy.sparse import csr_array

from sklearn_labelmodel._engines import blocks
from sklearn_labelmodel._engines.progress import rows_read
from sklearn_labelmodel._engines.sources import source_of

VOTES = ["text", "category", "number"]
TABLE = table_of_votes()


@pytest.fixture(params=[1, 40, 10_000], ids=lambda rows: f"blocks of {rows}")
def small_blocks(request, monkeypatch):
    """Blocks of other sizes than the real ones, which are larger than these tables."""
    for name in ("LEAST_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(blocks, name, request.param)


def made(result):
    """The rows that came of `map`, in any kind."""
    frame = result.compute() if hasattr(result, "compute") else result.read_all()
    return cells(frame)


# Counting and mapping -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("n_parts", [1, 4])
@pytest.mark.parametrize("engine", ENGINES)
def test_counts_are_those_of_the_table(engine, n_parts, tmp_path, small_blocks):
    source = source_of(engine(TABLE, tmp_path / "votes", n_parts))
    assert source.columns == TABLE.column_names
    assert source.count(count_rows, VOTES) == count_rows(TABLE.select(VOTES))


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_come_in_the_order_that_is_asked_for(engine, tmp_path):
    source = source_of(engine(TABLE, tmp_path / "votes"))
    assert source.count(count_rows, ["number", "text"]) == count_rows(
        TABLE.select(["number", "text"])
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_made_stands_beside_what_is_kept_row_by_row(engine, tmp_path, small_blocks):
    result = source_of(engine(TABLE, tmp_path / "votes")).map(
        lengths, ["text"], LENGTHS, keep=["row"]
    )
    columns = [TABLE["row"].to_pylist(), *(values.tolist() for values in lengths(TABLE).values())]
    assert made(result) == list(zip(*columns, strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_may_be_read_and_kept(engine, tmp_path):
    result = source_of(engine(TABLE, tmp_path / "votes")).map(
        lengths, ["text"], LENGTHS, keep=["text"]
    )
    assert [row[0] for row in made(result)] == TABLE["text"].to_pylist()


@pytest.mark.parametrize("engine", [dataset, lazy_frame, relation])
def test_rows_are_grouped_by_the_engine_where_many_are_alike(engine, tmp_path):
    sizes = []

    def watch(block, weight=None):
        sizes.append((len(block), int(weight.sum())))
        return count_rows(block, weight)

    names = ["text", "number"]
    source_of(engine(TABLE, tmp_path / "votes")).count(watch, names)
    assert sizes == [(len(count_rows(TABLE.select(names))), TABLE.num_rows)]


@pytest.mark.parametrize(("n_alike", "grouped"), [(1, False), (2, True)])
@pytest.mark.parametrize("engine", [dataset, lazy_frame, relation])
def test_rows_that_mostly_differ_are_not_grouped(engine, n_alike, grouped, tmp_path):
    table = pa.table({"vote": np.repeat(np.arange(50), n_alike)})
    source = source_of(engine(table, tmp_path / "votes"))
    assert (source.groups(["vote"], print) is not None) == grouped


def test_columns_of_any_name_can_be_grouped_and_read(tmp_path):
    names = ['a "b"', "n_rows", "select"]
    table = TABLE.select(VOTES).rename_columns(names)
    for engine in (lazy_frame, relation):
        source = source_of(engine(table, tmp_path / engine.__name__))
        assert source.count(count_rows, names) == count_rows(table)
        assert made(
            source.map(lambda block: {"x": np.zeros(len(block))}, names, {"x": float}, names)
        )


def test_arrays_of_dask_are_counted_and_mapped():
    da = pytest.importorskip("dask.array")
    L = np.random.default_rng(0).integers(-1, 2, size=(300, 3))
    source = source_of(da.from_array(L, chunks=(70, 2)))
    assert not source.named
    assert source.count(count_rows, [0, 1, 2]) == count_rows(L)
    assert source.count(count_rows, [2, 0]) == count_rows(L[:, [2, 0]])
    twice = source.map(
        lambda block: {"a": 2.0 * block[:, 0], "b": 1.0 * block[:, 2]},
        [0, 1, 2],
        {"a": float, "b": float},
    )
    assert np.array_equal(twice.compute(), np.column_stack([2.0 * L[:, 0], L[:, 2]]))


def test_keys_of_a_partitioned_folder_are_columns(tmp_path):
    ds.write_dataset(
        TABLE, tmp_path, format="parquet", partitioning=["number"], partitioning_flavor="hive"
    )
    source = source_of(ds.dataset(tmp_path, partitioning="hive"))
    assert source.count(count_rows, ["text", "number"]) == count_rows(
        TABLE.select(["text", "number"])
    )


def test_a_dataset_in_memory_is_a_source():
    assert source_of(ds.dataset(TABLE)).count(count_rows, VOTES) == count_rows(TABLE.select(VOTES))


def test_the_rows_read_are_told(tmp_path):
    for engine in ENGINES:
        told = []
        source_of(engine(TABLE, tmp_path / engine.__name__)).count(count_rows, VOTES, told.append)
        assert sum(told) == TABLE.num_rows


def test_a_bar_shows_rows_and_their_rate(capsys, tmp_path):
    with rows_read(True) as progress:
        source_of(dataset(TABLE, tmp_path / "votes")).count(count_rows, VOTES, progress)
    assert "reading votes: 500row [" in capsys.readouterr().err
    with rows_read(False) as progress:
        assert progress is None


def test_few_blocks_are_held_at_once():
    begun = []
    results = blocks.in_threads(begun.append, iter(range(100)), 2)
    for _ in range(10):
        next(results)
    with ThreadPoolExecutor(1):
        results.close()
    assert len(begun) <= 13


# What is a source ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "L",
    [
        [[1, 0]],
        np.eye(2),
        pd.DataFrame({"a": [1]}),
        pl.DataFrame({"a": [1]}),
        pa.table({"a": [1]}),
        csr_array(np.eye(2)),
        iter([]),
        None,
    ],
    ids=lambda L: type(L).__name__,
)
def test_what_is_in_memory_is_none(L):
    assert source_of(L) is None


@pytest.mark.slow
def test_no_engine_is_imported_until_it_is_used():
    code = (
        "import sys; from sklearn_labelmodel._engines.sources import source_of; source_of([]); "
        "from sklearn_labelmodel._engines import arrow, dask, duckdb, polars, spark; "
        "print({'dask', 'pyspark', 'duckdb', 'polars', 'pyarrow.dataset'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# Faults -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_that_is_not_there_is_told_with_those_that_are(engine, tmp_path):
    source = source_of(engine(TABLE, tmp_path / "votes"))
    for call in (
        lambda: source.count(count_rows, ["text", "txet"]),
        lambda: source.map(lengths, ["txet"], LENGTHS),
        lambda: source.map(lengths, ["text"], LENGTHS, keep=["txet"]),
    ):
        with pytest.raises(
            ValueError, match=r"no column 'txet'; the columns are \['text', 'category', 'number'"
        ):
            call()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_cannot_be_kept_beside_one_of_its_name(engine, tmp_path):
    source = source_of(engine(TABLE.rename_columns([*VOTES, "said"]), tmp_path / "votes"))
    with pytest.raises(ValueError, match="'said' cannot be kept"):
        source.map(lengths, ["text"], LENGTHS, keep=["said"])


@pytest.mark.parametrize("engine", ENGINES)
def test_no_rows_are_an_error(engine, tmp_path):
    with pytest.raises(ValueError, match="no rows"):
        source_of(
            engine(TABLE.slice(0, 0), tmp_path / "votes", n_parts=1)
            if engine is not reader
            else empty()
        ).count(count_rows, VOTES)


def empty():
    return pa.RecordBatchReader.from_batches(TABLE.schema, [])


def test_a_reader_is_read_once_only(tmp_path):
    source = source_of(reader(TABLE, tmp_path))
    source.count(count_rows, VOTES)
    with pytest.raises(ValueError, match="can be read only once"):
        source.count(count_rows, VOTES)


@pytest.mark.slow
@pytest.mark.parametrize("bad_row", [0, 57, 399])
@pytest.mark.parametrize(
    ("engine", "n_parts", "place"),
    [(dataset, 2, "part-1.parquet: "), (dask_frame, 2, "Partition 1: ")],
)
def test_a_bad_vote_is_told_with_file_or_partition_and_the_row_there(
    engine, n_parts, place, bad_row, tmp_path, small_blocks
):
    table = table_of_votes(800)
    source = source_of(engine(table, tmp_path / "votes", n_parts))
    start = {dataset: 200, dask_frame: 400}[engine]
    refused = refuse(start + bad_row)
    told = rf"{place}LF 'row 7', row {bad_row}: the vote {start + bad_row} is none"
    with pytest.raises(ValueError, match=told):
        source.count(refused, ["text", "row"])
    with pytest.raises(ValueError, match=told):
        made(source.map(lambda block: refused(block) and lengths(block), ["text", "row"], LENGTHS))


@pytest.mark.slow
@pytest.mark.parametrize("engine", [reader, lazy_frame, relation])
def test_a_bad_vote_is_told_with_its_row(engine, tmp_path, small_blocks):
    table = table_of_votes(300)
    table = table.set_column(3, "row", pa.array(np.where(np.arange(300) == 217, 9, 1)))
    with pytest.raises(ValueError, match=r"^LF 'row 7', row 217: the vote 9 is none"):
        source_of(engine(table, tmp_path / "votes")).count(refuse(9), ["number", "row"])


@pytest.mark.parametrize("n_alike", [1, 3])
def test_an_error_leaves_a_connection_free_for_other_queries(n_alike, monkeypatch):
    monkeypatch.setattr(blocks, "LEAST_ROWS", 1000)
    monkeypatch.setattr(blocks, "MOST_ROWS", 1000)
    connection = pytest.importorskip("duckdb").connect()
    rows = connection.sql(f"select i % {60_000 // n_alike} as row from range(60_000) t(i)")
    refused = refuse(40)
    with pytest.raises(ValueError, match="the vote 40 is none") as counted:
        source_of(rows).count(refused, ["row"])
    with pytest.raises(ValueError, match="the vote 40 is none") as mapped:
        source_of(rows).map(refused, ["row"], LENGTHS).read_all()
    # Who looks at an error holds all that its frames hold.
    assert counted.tb
    assert mapped.tb
    assert connection.execute("select 42").fetchall() == [(42,)]


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def of_dataset(folder):
    return ds.dataset(folder)


def of_duckdb(folder):
    return pytest.importorskip("duckdb").from_parquet(str(folder / "*.parquet"))


def of_dask(folder):
    return pytest.importorskip("dask.dataframe").read_parquet(folder)


# Of Dask's own use of pandas 3.
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize(
    ("engine", "place"),
    [(of_dataset, r"part-2\.parquet"), (of_duckdb, r"part-2\.parquet"), (of_dask, "Partition 2")],
)
def test_a_parquet_file_cut_short_is_named(engine, place, tmp_path):
    cut_short(write_files(TABLE, tmp_path, 3) / "part-2.parquet")
    with pytest.raises(Exception, match=place):
        source_of(engine(tmp_path)).count(count_rows, VOTES)


def test_a_file_of_a_lazy_frame_cut_short_is_told_with_a_way_to_find_it(tmp_path):
    frame = lazy_frame(TABLE, tmp_path)
    source = source_of(frame)
    cut_short(tmp_path / "part-1.parquet")
    told = r"polars cannot compute the LazyFrame: .* pass pyarrow\.dataset\.dataset\(FOLDER\)"
    with pytest.raises(ValueError, match=told):
        source.count(count_rows, VOTES)


def test_a_file_cut_short_is_told_with_a_remedy(tmp_path):
    source = source_of(dataset(TABLE, tmp_path))
    cut_short(tmp_path / "part-1.parquet")
    told = r"part-1\.parquet cannot be read: .* Write the file again, or leave it out"
    with pytest.raises(ValueError, match=told):
        source.count(count_rows, VOTES)
    with pytest.raises(ValueError, match=told):
        source.map(lengths, ["text"], LENGTHS).read_all()


def test_a_file_without_one_of_the_columns_is_named(tmp_path):
    source = source_of(dataset(TABLE, tmp_path))
    pq.write_table(TABLE.select(["text", "number"]), tmp_path / "part-1.parquet")
    with pytest.raises(
        ValueError,
        match=r"part-1\.parquet has no column 'category'; its columns are",
    ):
        source.count(count_rows, VOTES)
    assert source.count(count_rows, ["text"])


def test_a_file_with_a_column_of_another_type_is_named(tmp_path):
    source = source_of(dataset(TABLE, tmp_path))
    pq.write_table(TABLE.set_column(2, "number", TABLE["text"]), tmp_path / "part-1.parquet")
    with pytest.raises(
        ValueError, match=r"part-1\.parquet cannot be read: .*[Cc]ast|part-1\.parquet.*parse"
    ):
        source.count(count_rows, VOTES)


def test_a_partition_with_other_columns_is_named():
    dd = pytest.importorskip("dask.dataframe")
    from dask.delayed import delayed

    frame = TABLE.to_pandas()
    parts = [delayed(frame.copy)(), delayed(frame.drop)(columns="category")]
    source = source_of(dd.from_delayed(parts, meta=frame, verify_meta=False))
    with pytest.raises(ValueError, match="Partition 1 has no column 'category'; its columns are"):
        source.count(count_rows, VOTES)


def test_votes_that_fit_alone_but_not_together_are_told_with_their_files(tmp_path):
    def of_one_kind(block, weight=None):
        if len({str(row[0]).isdigit() for row in cells(block)}) > 1:
            raise ValueError("LF 'a': numbers and texts")
        return count_rows(block)

    for name, value in (("a", "1"), ("b", "x")):
        pq.write_table(pa.table({"a": [value]}), tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet and .*b\.parquet: LF 'a': numbers and texts"):
        source_of(ds.dataset(tmp_path)).count(of_one_kind, ["a"])


@pytest.mark.parametrize(
    ("package", "engine", "extra"),
    [("pyarrow", relation, "duckdb"), ("pyarrow", lazy_frame, "parquet")],
)
def test_a_missing_package_is_told_with_what_to_install(
    package, engine, extra, tmp_path, monkeypatch
):
    source = source_of(engine(TABLE, tmp_path / "votes"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=rf'pip install "sklearn-labelmodel\[{extra}\]"'):
        source.count(count_rows, VOTES)


# Files that are written ---------------------------------------------------------------------------


@pytest.mark.parametrize("engine", STREAMS)
def test_a_result_that_is_left_alone_ends(engine, tmp_path):
    result = source_of(engine(TABLE, tmp_path / "votes")).map(lengths, ["text"], LENGTHS)
    assert isinstance(result, pa.RecordBatchReader)
    assert result.read_next_batch().num_rows
    result.close()


def test_folders_are_given_as_datasets(tmp_path):
    assert source_of(Path(tmp_path)) is None
