"""Columns of Arrow and polars, coded there, against the same cells as Python objects."""

from datetime import date
from decimal import Decimal

import pytest

from sklearn_labelmodel._votes.reader import read_votes

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

INT = [3, None, 0, 3]
COLUMNS = {
    "texts": pa.array(["yes", None, "no", "yes"]),
    "large texts": pa.array(["yes", None, "no", "yes"], pa.large_string()),
    "categories": pa.array(["yes", None, "no", "yes"]).dictionary_encode(),
    "categories with a missing one": pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 0], pa.uint8()), pa.array(["yes", None])
    ),
    "categories of which two are alike": pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, 0]), pa.array(["yes", "yes", "no"])
    ),
    "small numbers": pa.array(INT, pa.int8()),
    "unsigned numbers": pa.array([2**64 - 1, None, 0, 2**64 - 1], pa.uint64()),
    "large numbers": pa.array([2**53 + 1, None, 2**53, 5]),
    "whole floats": pa.array([3.0, None, float("nan"), 0.0]),
    "booleans": pa.array([True, None, False, True]),
    "decimals": pa.array([Decimal("3.0"), None, Decimal(0), Decimal(3)]),
    "numbers": pa.array([3, -1, 0, 3], pa.int16()),
    "nothing": pa.nulls(4),
}


def cells_of(votes):
    values = [*votes.values.tolist(), None]
    return [
        [None if code == votes.abstain_code else values[code] for code in column]
        for column in votes.block(0, votes.n_samples).tolist()
    ]


@pytest.mark.parametrize("name", COLUMNS)
def test_cells_are_those_of_the_column_as_python_objects(name):
    column = COLUMNS[name]
    expected = [None if cell is None or cell != cell else cell for cell in column.to_pylist()]
    expected = [None if cell == -1 else cell for cell in expected]
    tables = [
        pa.table({"a": column}),
        pa.table({"a": pa.chunked_array([column[:1], column[1:], column[:0]])}),
    ]
    frames = [] if "missing one" in name or "alike" in name else [pl.DataFrame({"a": column})]
    for table in [*tables, *frames]:
        assert cells_of(read_votes(table)) == [expected]


def test_numbers_of_unlike_widths_are_one_block():
    table = pa.table({"a": pa.array([1, 0], pa.int8()), "b": pa.array([300, -1], pa.int64())})
    for kind in (table, pl.from_arrow(table)):
        assert cells_of(read_votes(kind)) == [[1, 0], [300, None]]


def test_a_cell_that_is_no_vote_is_told_with_its_row():
    table = pa.table({"a": ["x", "y"], "b": pa.array([None, date(2020, 1, 2)])})
    for kind in (table, pl.from_arrow(table)):
        with pytest.raises(
            TypeError, match=r"LF 1, row 1: the vote datetime.date\(2020, 1, 2\) is a date"
        ):
            read_votes(kind)


def test_lists_are_no_votes():
    with pytest.raises(TypeError, match="LF 0, row 0: the vote"):
        read_votes(pa.table({"a": [[1], [2]]}))
