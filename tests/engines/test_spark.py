"""Spark on two cores: `pytest -m spark`, where pyspark and Java are there."""

import os
import sys

import engines
import numpy as np
import pandas as pd
import pytest
from engines import DOUBT, cells, count_rows, doubt, lengths, refuse, table_of_votes
from helpers import make_votes
from numpy.testing import assert_array_equal

from sklearn_labelmodel import (
    LabelingFunctions,
    LabelModelClassifier,
    LookupLF,
    ThresholdLF,
    labeling_function,
)
from sklearn_labelmodel._engines.sources import source_of

pyspark = pytest.importorskip("pyspark")
# Of Spark itself: its remarks on versions, and sockets that it leaves to the garbage collector.
pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore")]

VOTES = ["text", "category", "number"]
TABLE = table_of_votes(2000)


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100",
    }
    builder = pyspark.sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.addPyFile(engines.__file__)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def frame(spark):
    """The table in Spark, in three partitions, rows in order."""
    rows = [tuple(row.values()) for row in TABLE.to_pylist()]
    return spark.createDataFrame(
        spark.sparkContext.parallelize(rows, 3),
        "text string, category string, number tinyint, row bigint",
    )


def test_counts_are_those_of_the_table(frame):
    source = source_of(frame)
    assert source.columns == TABLE.column_names
    told = []
    assert source.count(count_rows, VOTES, told.append) == count_rows(TABLE.select(VOTES))
    assert told == [TABLE.num_rows]


def test_many_partitions_of_which_some_are_empty_make_no_difference(frame):
    scattered = source_of(frame.repartition(23, "text"))
    assert scattered.count(count_rows, VOTES) == count_rows(TABLE.select(VOTES))


def test_a_warning_on_workers_is_given_once_by_the_driver(frame):
    with pytest.warns(FutureWarning, match="odd") as caught:
        assert source_of(frame).count(doubt, VOTES) == TABLE.num_rows
    said = [(str(each.message), each.filename) for each in caught if "odd" in str(each.message)]
    assert said == [(DOUBT, __file__)]


def test_what_is_made_stands_beside_what_is_kept_row_by_row(frame):
    result = source_of(frame).map(
        lengths, ["text"], {"is_yes": np.float32, "said": object}, keep=["row"]
    )
    assert result.dtypes == [("row", "bigint"), ("is_yes", "float"), ("said", "string")]
    columns = [TABLE["row"].to_pylist(), *(values.tolist() for values in lengths(TABLE).values())]
    assert [tuple(row) for row in result.collect()] == list(zip(*columns, strict=True))


def test_a_column_of_any_name_is_read(frame):
    source = source_of(frame.withColumnRenamed("text", "a.b"))
    assert source.count(count_rows, ["a.b"]) == count_rows(TABLE.select(["text"]))
    assert source.map(lengths, ["a.b"], {"is_yes": np.float32}, ["a.b"]).count() == TABLE.num_rows


def test_a_column_that_is_not_there_is_told(frame):
    with pytest.raises(ValueError, match="no column 'txet'; the columns are"):
        source_of(frame).count(count_rows, ["txet"])


def test_no_rows_are_an_error(frame):
    with pytest.raises(ValueError, match="no rows"):
        source_of(frame.limit(0)).count(count_rows, VOTES)


@pytest.mark.parametrize("row", [0, 150, 665])
def test_a_bad_vote_is_told_with_partition_and_the_row_there(frame, row):
    """As an error of its own kind, not as one of Spark's, since no worker need try again."""
    found = 666 + row
    with pytest.raises(
        ValueError, match=f"Partition 1: LF 'row 7', row {row}: the vote {found} is none"
    ):
        source_of(frame).count(refuse(found), ["text", "row"])


def test_of_bad_votes_in_some_partitions_the_first_is_told(frame):
    with pytest.raises(ValueError, match="Partition 0: LF 'row 7'"):
        source_of(frame).count(refuse("no"), ["text"])


def test_a_bad_vote_in_what_is_made_is_told_when_it_is_computed(frame):
    refused = refuse("no")
    result = source_of(frame).map(
        lambda block: refused(block) and lengths(block), ["text"], {"said": object}
    )
    with pytest.raises(pyspark.errors.PythonException, match=r"Partition \d: LF 'row 7', row \d"):
        result.collect()


def test_a_partition_is_read_in_batches(frame):
    """Of 100 rows each here, put together to blocks: 666 rows are one block."""
    sizes = source_of(frame).map(
        lambda block: {"n": np.full(len(block), len(cells(block)))}, ["text"], {"n": int}
    )
    assert {row.n for row in sizes.collect()} == {666, 668}


def test_labeling_functions_vote_on_the_workers(frame):
    lfs = [
        LookupLF("text", {"yes": 1, "no": 0}, name="says"),
        ThresholdLF("row", ">", 1500, label=1, name="late"),
    ]
    labeler = LabelingFunctions(lfs)
    votes = labeler.transform(frame, keep=["row"])
    assert votes.dtypes == [("row", "bigint"), ("says", "bigint"), ("late", "bigint")]
    expected = labeler.transform(TABLE.to_pandas())
    assert [tuple(vote)[1:] for vote in votes.collect()] == list(map(tuple, expected.tolist()))


def test_a_labeling_function_that_raises_is_told_with_its_row(frame):
    @labeling_function()
    def fails(record):
        return 1 // (record.row - 1666)

    with pytest.raises(
        pyspark.errors.PythonException, match=r"Partition 2: .*'fails' raised Zero.* at row 334 "
    ):
        LabelingFunctions([fails]).transform(frame).collect()


def test_label_models_learn_and_predict_on_the_workers(spark):
    L, y = make_votes(900, 4, n_classes=3, seed=2)
    words = np.array(["a", "b", "c", None], dtype=object)
    votes = pd.DataFrame(words[L], columns=["w", "x", "y", "z"])
    votes["gold"] = np.where(np.arange(900) % 9, None, words[y])
    rows = [(*row, place) for place, row in enumerate(votes.itertuples(index=False, name=None))]
    frame = spark.createDataFrame(
        rows, "w string, x string, y string, z string, gold string, id int"
    )
    model = LabelModelClassifier().fit(frame.drop("id").repartition(5), y="gold")
    expected = LabelModelClassifier().fit(votes[["w", "x", "y", "z"]], votes["gold"])
    assert_array_equal(model.mu_, expected.mu_)
    proba = model.predict_proba(frame, keep=["id"])
    assert proba.columns == ["id", "probability_a", "probability_b", "probability_c"]
    found = sorted(tuple(row) for row in proba.collect())
    assert_array_equal(
        [row[1:] for row in found], expected.predict_proba(votes[["w", "x", "y", "z"]])
    )
    assert {row.label for row in model.predict(frame).collect()} == {"a", "b", "c"}
