"""Columns that their library codes: strings, categories, whole numbers and booleans, never cell by cell."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_labelmodel._votes.coded_columns import coded_column
from sklearn_labelmodel._votes.reader import read_votes

TEXTS = ["ham", None, "spam", "ham", "", "other", "spam", None]
CHUNKS = [TEXTS[:3], TEXTS[3:]]


def arrow(*arrays):
    return pa.table({"a": pa.chunked_array(list(arrays))})


def coded(values, indices):
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(values))


TABLES = {
    "arrow string": arrow(pa.array(TEXTS)),
    "arrow large string": arrow(pa.array(TEXTS, pa.large_string())),
    "arrow string view": arrow(pa.array(TEXTS, pa.string_view())),
    "arrow chunks": arrow(*map(pa.array, CHUNKS)),
    "arrow slice": arrow(pa.array(["x", *TEXTS, "y"])).slice(1, 8),
    "arrow dictionary": arrow(pa.array(TEXTS).dictionary_encode()),
    "arrow dictionaries": arrow(*(pa.array(part).dictionary_encode() for part in CHUNKS)),
    "arrow null in a dictionary": arrow(
        coded(["z", "other", None, "spam", "", "ham"], [5, 2, 3, 5, 4, 1, 3, None])
    ),
    "arrow value there twice": arrow(
        coded(["ham", "spam", "ham", "", "other", "spam"], [2, None, 1, 0, 3, 4, 5, None])
    ),
    "polars": pl.DataFrame({"a": TEXTS}),
    "polars categories": pl.DataFrame({"a": TEXTS}, schema={"a": pl.Categorical}),
    "polars enum": pl.DataFrame({"a": TEXTS}, schema={"a": pl.Enum(["z", "spam", "other", "ham", ""])}),
    "polars chunks": pl.concat([pl.DataFrame({"a": part}) for part in CHUNKS], rechunk=False),
    "pandas categories": pd.DataFrame({"a": pd.Categorical(TEXTS, ["z", "spam", "", "other", "ham"])}),
    "pandas arrow": pd.DataFrame({"a": pd.array(TEXTS, pd.ArrowDtype(pa.string()))}),
}  # fmt: skip
if int(pd.__version__.split(".")[0]) >= 3:
    TABLES["pandas str"] = pd.DataFrame({"a": pd.array(TEXTS, "str")})


@pytest.mark.parametrize("name", [name for name in TABLES if "view" not in name])
def test_values_come_in_the_order_of_their_rows(name):
    coded = coded_column(TABLES[name], 0)
    assert coded.values == ["ham", "spam", "", "other"]
    assert coded.cells().tolist() == [0, -1, 1, 0, 2, 3, 1, -1]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_votes_are_those_of_objects(table):
    votes = read_votes(table)
    expected = read_votes(np.array(TEXTS, dtype=object)[:, None])
    assert votes.values.tolist() == expected.values.tolist()
    assert votes.block(0, 8).tolist() == expected.block(0, 8).tolist()


@st.composite
def dictionaries(draw):
    """Texts as indices of entries that may be there twice, missing or in no row, and not from the first cell on."""
    entries = draw(st.lists(st.none() | st.sampled_from(["", "a", "a\0", "é"]), min_size=1))
    indices = draw(st.lists(st.none() | st.integers(0, len(entries) - 1)))
    kind = draw(st.sampled_from([pa.int8(), pa.uint8(), pa.int64()]))
    held = pa.DictionaryArray.from_arrays(pa.array(indices, kind), pa.array(entries, pa.string()))
    return held.slice(draw(st.integers(0, 2)))


@settings(max_examples=60)
@given(chunks=st.lists(dictionaries(), min_size=1, max_size=3))
def test_dictionaries_of_any_form_are_their_texts(chunks):
    held = pa.chunked_array(
        [chunk.cast(pa.dictionary(pa.int64(), pa.string())) for chunk in chunks]
    )
    column = coded_column(pa.table({"a": held}), 0)
    texts = held.cast(pa.string()).to_pylist()
    assert [[*column.values, None][place] for place in column.cells().tolist()] == texts
    assert column.values == list(dict.fromkeys(text for text in texts if text is not None))
    (first, *_), expected = chunks, chunks[0].cast(pa.string()).to_pylist()
    column = coded_column(pa.table({"a": first}), 0)
    assert [[*column.values, None][place] for place in column.cells().tolist()] == expected


@pytest.mark.parametrize("n_values", [3, 999, 1500])
def test_values_beyond_the_first_rows_are_found(n_values):
    texts = [f"t{i * i % n_values}" for i in range(3000)]
    for table in (pl.DataFrame({"a": texts}), pd.DataFrame({"a": pd.Categorical(texts)})):
        coded = coded_column(table, 0)
        assert coded.values == list(dict.fromkeys(texts))
        assert [coded.values[place] for place in coded.cells()] == texts


@pytest.mark.parametrize(
    "cells",
    [[1, None, -3, 2**63 - 1], [True, None, False, True], [None, None, None, None]],
    ids=["whole numbers", "booleans", "nothing"],
)
def test_whole_numbers_and_booleans_are_as_objects(cells):
    expected = read_votes(np.array(cells, dtype=object)[:, None])
    kind = pa.bool_() if isinstance(cells[0], bool) else pa.int64()
    for table in (
        pl.DataFrame({"a": cells}, schema={"a": pl.Boolean if pa.types.is_boolean(kind) else pl.Int64}),
        arrow(pa.array(cells, kind)),
        pd.DataFrame({"a": pd.array(cells, pd.ArrowDtype(kind))}),
    ):  # fmt: skip
        assert coded_column(table, 0) is not None
        votes = read_votes(table)
        assert votes.values.tolist() == expected.values.tolist()
        assert votes.block(0, 4).tolist() == expected.block(0, 4).tolist()


@pytest.mark.parametrize(
    "table",
    [
        arrow(pa.array([["a"], ["b"]])),
        arrow(pa.array([1.5, None])),
        pl.DataFrame({"a": [["a"], ["b"]]}),
        pl.DataFrame({"a": [1.0, None]}),
        pd.DataFrame({"a": ["x", 1]}, dtype=object),
    ],
    ids=["arrow lists", "arrow fractions", "polars lists", "polars fractions", "pandas objects"],
)
def test_what_might_lose_something_is_not_coded(table):
    assert coded_column(table, 0) is None


def test_a_category_that_no_row_holds_is_no_class():
    table = pd.DataFrame({"a": pd.Categorical(["x", "y"] * 4, ["n/a", "y", "x"])})
    assert read_votes(table).values.tolist() == ["x", "y"]


def test_the_first_row_of_a_bad_vote_is_named():
    cells = pd.Categorical([1.5, 2.5, 1.0], [2.5, 1.0, 1.5])
    with pytest.raises(ValueError, match=r"row 0: the vote 1\.5 is not a class label"):
        read_votes(pd.DataFrame({"a": cells}))


def test_polars_numbers_of_one_type_are_one_block():
    table = pl.DataFrame({"a": [1, -1, 0], "b": [0, 1, 1]}, schema={"a": pl.Int8, "b": pl.Int8})
    votes = read_votes(table)
    assert votes.array.dtype == np.int8
    assert votes.values[votes.block(0, 3)].tolist() == [[1, -1, 0], [0, 1, 1]]
