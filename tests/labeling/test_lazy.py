"""Labeling functions on DataFrames of Dask; those of Spark are in tests/engines/test_spark.py."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_labelmodel import KeywordLF, LabelingFunctions, ThresholdLF, labeling_function
from sklearn_labelmodel.labeling import LabelingFunctionError, _lazy

dd = pytest.importorskip("dask.dataframe")

RECORDS = pd.DataFrame(
    {"text": ["free phone", "thanks", "free", None] * 25, "n_links": np.arange(100)},
    index=[f"r{i}" for i in range(100)],
)
LFS = [
    KeywordLF(["free"], label="spam", column="text", name="free"),
    ThresholdLF("n_links", "<", 10, label="ham", name="links"),
]


def lazy(n_parts=7, records=RECORDS):
    return dd.from_pandas(records, npartitions=n_parts, sort=False)


def test_votes_are_those_of_the_rows_in_memory():
    labeler = LabelingFunctions(LFS)
    votes = labeler.transform(lazy(), keep=["n_links"])
    assert list(votes.columns) == ["n_links", "free", "links"]
    found = votes.compute()
    assert found.index.tolist() == RECORDS.index.tolist()
    expected = labeler.transform(RECORDS)
    assert_array_equal(
        found[["free", "links"]].astype(object).where(found.notna(), None).iloc[:, [0, 1]], expected
    )


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [((1, 0), "Int64"), ((True, False), "boolean"), ((0.5, 1), "Float64"), (("a", "b"), "string")],
)
def test_columns_have_the_type_that_the_votes_have(labels, dtype):
    lfs = [
        ThresholdLF("n_links", "<", 50, label=labels[0], name="few"),
        ThresholdLF("n_links", ">", 90, label=labels[1], name="many"),
    ]
    votes = LabelingFunctions(lfs).transform(lazy())
    assert set(votes.dtypes.astype(str)) == {dtype} == set(votes.compute().dtypes.astype(str))
    assert votes["few"].count().compute() == 50


def test_all_rows_tell_the_type_where_the_first_ones_have_no_vote(monkeypatch):
    monkeypatch.setattr(_lazy, "FIRST_ROWS", 5)
    votes = LabelingFunctions([ThresholdLF("n_links", ">", 97, label=3, name="many")]).transform(
        lazy()
    )
    assert votes["many"].dtype == "Int64"
    assert votes["many"].sum().compute() == 6


@labeling_function()
def late(row):
    return 1 if row.n_links < 50 else "spam"


def test_a_vote_of_another_kind_is_told_with_its_row(monkeypatch):
    monkeypatch.setattr(_lazy, "FIRST_ROWS", 5)
    votes = LabelingFunctions([late]).transform(lazy(n_parts=2))
    told = r"Partition 1: labeling function 'late' returned 'spam' for row 0 \(index 'r50'\),"
    with pytest.raises(LabelingFunctionError, match=told):
        votes.compute()


@labeling_function()
def fails(row):
    return 1 // (row.n_links - 77)


def test_a_labeling_function_that_raises_is_told_with_its_row(monkeypatch):
    monkeypatch.setattr(_lazy, "FIRST_ROWS", 5)
    votes = LabelingFunctions([fails]).transform(lazy(n_parts=4))
    told = r"Partition 3: labeling function 'fails' raised ZeroDivisionError\(.*\) at row 2 \(index 'r77'\)"
    with pytest.raises(LabelingFunctionError, match=told):
        votes.compute()


def test_columns_are_kept_of_lazy_frames_only():
    with pytest.raises(ValueError, match="`keep` is for DataFrames of Dask and Spark"):
        LabelingFunctions(LFS).transform(RECORDS, keep=["text"])
