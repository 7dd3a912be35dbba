"""What counting warns of, wherever it runs: said once, where the user's line is."""

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from engines import DOUBT, ENGINES, doubt, table_of_votes

from sklearn_labelmodel import MajorityVoteClassifier
from sklearn_labelmodel._engines.sources import source_of
from sklearn_labelmodel._utils import warn_user

TABLE = table_of_votes(600)
# Rows of several blocks, hardly any two alike.
WIDE = pa.table(
    {
        f"lf{place}": values
        for place, values in enumerate(
            np.random.default_rng(0).integers(9, size=(128, 150_000), dtype=np.int8)
        )
    }
)


@pytest.mark.parametrize("make", ENGINES)
def test_counting_warns_once_at_the_line_of_the_user(make, tmp_path):
    source = source_of(make(TABLE, tmp_path))
    with pytest.warns(FutureWarning) as caught:
        assert source.count(doubt, ["text", "row"]) == TABLE.num_rows
    assert [(str(each.message), each.filename) for each in caught] == [(DOUBT, __file__)]


@pytest.mark.parametrize("make", [lambda table: table.to_reader(1 << 14), ds.dataset])
def test_blocks_in_threads_warn_once(make):
    with pytest.warns(FutureWarning) as caught:
        assert source_of(make(WIDE)).count(doubt, WIDE.column_names) == WIDE.num_rows
    assert [(str(each.message), each.filename) for each in caught] == [(DOUBT, __file__)]


def test_blocks_that_are_made_in_threads_warn_once_as_they_are_read():
    def made(block):
        doubt(block)
        return {"made": np.zeros(len(block))}

    reader = source_of(ds.dataset(WIDE)).map(made, WIDE.column_names, {"made": np.float64})
    with pytest.warns(FutureWarning) as caught:
        assert sum(batch.num_rows for batch in reader) == WIDE.num_rows
    assert [(str(each.message), each.filename) for each in caught] == [(DOUBT, __file__)]


@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_what_is_odd_of_given_classes_is_said_once(learn):
    table = pa.table({name: ["yes", "no", "n/a"] * 9 for name in "abc"})
    model = MajorityVoteClassifier(classes=["yes", "no", "n/a"])
    with pytest.warns(UserWarning, match="mark for") as caught:
        getattr(model, learn)(ds.dataset(table) if learn == "fit" else table)
    assert [each.filename for each in caught] == [__file__]


def test_unlike_warnings_are_all_said():
    def count(block, weight=None):
        for text, category in [("b", UserWarning), ("a", UserWarning), ("a", FutureWarning)]:
            warn_user(text, category)
        return len(block)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source_of(ds.dataset(WIDE)).count(count, WIDE.column_names)
    said = [(str(each.message), each.category) for each in caught]
    assert sorted(said, key=str) == sorted(
        [("a", FutureWarning), ("a", UserWarning), ("b", UserWarning)], key=str
    )
