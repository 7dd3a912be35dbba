"""A cluster of two worker processes, one of which is ended on the way."""

import os
import signal

import numpy as np
import pytest
from engines import (
    DOUBT,
    cells,
    count_rows,
    dask_frame,
    doubt,
    lengths,
    refuse,
    table_of_votes,
)

from sklearn_labelmodel._engines.sources import source_of

distributed = pytest.importorskip("distributed")

VOTES = ["text", "category", "number"]
TABLE = table_of_votes(2000)


@pytest.fixture(scope="module")
def client():
    """A client of two worker processes of little memory."""
    settings = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "memory_limit": "512MiB",
        "dashboard_address": ":0",
    }
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        yield client


def pids(client):
    return sorted(client.run(os.getpid).values())


def ends_once(of_block, flag):
    """A function of blocks that ends the worker process it runs in, the first time that any runs it."""

    def count(block, weight=None):
        try:
            flag.touch(exist_ok=False)
        except FileExistsError:
            return of_block(block, weight)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return count


@pytest.mark.slow
def test_workers_count_what_the_table_holds(client, tmp_path):
    source = source_of(dask_frame(TABLE, tmp_path, n_parts=20))
    assert source.count(count_rows, VOTES) == count_rows(TABLE.select(VOTES))


def test_blocks_are_counted_and_added_up_on_the_workers(client, tmp_path):
    """No process but those of the workers sees a block."""

    class Seen(set):
        def __add__(self, other):
            return Seen({*self, *other, os.getpid()})

    source = source_of(dask_frame(TABLE, tmp_path, n_parts=20))
    seen = source.count(lambda block, weight: Seen({os.getpid()}), VOTES)
    assert set(seen) <= set(pids(client))


@pytest.mark.slow
def test_what_is_made_is_made_on_the_workers_when_it_is_asked_for(client, tmp_path):
    def where(block):
        return {"pid": np.full(len(block), os.getpid())}

    result = source_of(dask_frame(TABLE, tmp_path, n_parts=4)).map(
        where, ["text"], {"pid": np.int64}, ["row"]
    )
    frame = result.compute()
    assert frame["row"].tolist() == TABLE["row"].to_pylist()
    assert set(frame["pid"]) <= set(pids(client))


# Dask tells that a worker is lost.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_ended_on_the_way_changes_nothing(client, tmp_path):
    before = pids(client)
    source = source_of(dask_frame(TABLE, tmp_path, n_parts=20))
    found = source.count(ends_once(count_rows, tmp_path / "ended"), VOTES)
    assert found == count_rows(TABLE.select(VOTES))
    client.wait_for_workers(2)
    assert pids(client) != before


@pytest.mark.slow
def test_a_bad_vote_on_a_worker_is_told_with_its_partition(client, tmp_path):
    source = source_of(dask_frame(TABLE, tmp_path, n_parts=4))
    with pytest.raises(ValueError, match="Partition 2: LF 'row 7', row 11: the vote 1011 is none"):
        source.count(refuse(1011), ["text", "row"])


@pytest.mark.slow
def test_a_warning_on_workers_is_given_once_by_the_client(client, tmp_path):
    source = source_of(dask_frame(TABLE, tmp_path, n_parts=20))
    with pytest.warns(FutureWarning) as caught:
        assert source.count(doubt, VOTES) == TABLE.num_rows
    assert [(str(each.message), each.filename) for each in caught] == [(DOUBT, __file__)]


@pytest.mark.slow
def test_a_result_can_be_written_by_the_workers(client, tmp_path):
    result = source_of(dask_frame(TABLE, tmp_path, n_parts=3)).map(
        lengths, ["text"], {"is_yes": np.float32, "said": object}, ["row"]
    )
    result.to_parquet(tmp_path / "made")
    import pyarrow.parquet as pq

    columns = [TABLE["row"].to_pylist(), *(values.tolist() for values in lengths(TABLE).values())]
    written = pq.read_table(tmp_path / "made").select(["row", "is_yes", "said"])
    assert sorted(cells(written)) == sorted(zip(*columns, strict=True), key=lambda row: row[0])
