"""Distinct rows of Arrow tables with their numbers, against a count of Python rows."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from sklearn_labelmodel._engines.blocks import Piece, few_groups, grouped_block, merged_groups

N_ROWS = 2000
RNG = np.random.default_rng(0)
PLACES = RNG.integers(3, size=(2, N_ROWS))


def columns_of(values, kind):
    arrays = [pa.array([values[place] for place in places], kind) for places in PLACES]
    return pa.table(arrays, names=["count_all", "0"])


def in_two_dictionaries(table):
    parts = [table.slice(0, 700), table.slice(700)]
    coded = [
        [column.combine_chunks().dictionary_encode() for column in part.columns] for part in parts
    ]
    return pa.concat_tables([pa.table(part, names=table.column_names) for part in coded])


TEXTS = columns_of(["no", None, "yes"], pa.string())
TABLES = {
    "texts": TEXTS,
    "long texts": columns_of(["a text of many bytes", None, ""], pa.large_string()),
    "dictionaries": in_two_dictionaries(TEXTS),
    "numbers": columns_of([1, 0, -1], pa.int8()),
    "numbers with nulls": columns_of([1, None, 0], pa.int64()),
    "fractions with nulls": columns_of([0.5, None, 1.0], pa.float64()),
    "booleans with nulls": columns_of([True, None, False], pa.bool_()),
    "nulls": columns_of([None] * 3, pa.string()),
}


@pytest.mark.parametrize("name", TABLES)
def test_groups_of_all_blocks_are_the_distinct_rows(name):
    table = TABLES[name]
    blocks = [
        [Piece(table.slice(0, 1000))],
        [Piece(table.slice(1000, 10)), Piece(table.slice(1010))],
    ]
    assert few_groups(blocks[0]) is not None
    (groups,) = merged_groups(map(grouped_block, blocks), None)
    rows = [tuple(row.values()) for row in groups.rows.to_pylist()]
    expected = Counter(zip(*(column.to_pylist() for column in table.columns), strict=True))
    assert {row[:-1]: row[-1] for row in rows} == expected
    assert len(rows) == len(expected)
