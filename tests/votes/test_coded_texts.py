"""Texts as codes by their bytes, against the same texts as Python objects."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_labelmodel._utils.texts import FEW_TEXTS, MOST_TEXTS, TILE_ROWS, coded_texts
from sklearn_labelmodel._votes import coded_columns
from sklearn_labelmodel._votes.reader import read_votes

KINDS = [pa.string(), pa.large_string(), pa.string_view()]


def casts_to_views():
    try:
        return bool(pa.array(["a"]).cast("string_view"))
    except pa.ArrowNotImplementedError:
        return False


# Old versions of Arrow do not make views of texts, so that longer ones are left to their tables.
MOST_BYTES = 12 if casts_to_views() else 7
# Texts that only their length, their last byte or a byte of zero tells apart.
LIKE = [
    "",
    "\0",
    "a",
    "a\0",
    "\0a",
    "aaaaaaa",
    "aaaaaab",
    "aaaaaaaa",
    "aaaaaaab",
    "aaaaaaaaaaab",
    "é",
]
LONG = ["a text of many bytes", "a text of more bytes", "a text of more byte"]


def cells_of(array):
    codes, texts = coded_texts(array)
    return [texts[code] for code in codes.tolist()]


LIKE = [text for text in LIKE if len(text) <= MOST_BYTES]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data())
def test_cells_are_those_of_the_array(kind, data):
    texts = data.draw(
        st.lists(st.none() | st.sampled_from(LIKE) | st.text(max_size=1), max_size=40)
    )
    array = pa.array(texts, kind).slice(data.draw(st.integers(0, 3)))
    assert cells_of(array) == array.to_pylist()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_text_first_met_in_a_later_tile_is_learned(kind):
    texts = [None] * TILE_ROWS + ["no"] * TILE_ROWS + ["yes", None, "no", "maybe"]
    assert cells_of(pa.array(texts, kind)) == texts


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_bytes_beneath_missing_cells_are_no_texts(kind):
    array = pa.array([*map(str, range(1000)), "yes", "", "no"], kind)
    there = np.arange(len(array)) >= 1000
    mask = pa.py_buffer(np.packbits(there, bitorder="little"))
    buffers = array.buffers()[1 : 2 if kind == pa.string_view() else 3]
    hidden = pa.Array.from_buffers(kind, len(array), [mask, *buffers])
    assert cells_of(hidden) == [None] * 1000 + ["yes", "", "no"]


@pytest.mark.parametrize("n_texts", [FEW_TEXTS, FEW_TEXTS + 1])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_few_texts_and_one_more_are_told_apart(kind, n_texts):
    texts = [None, *map(str, range(n_texts))] * 2
    assert cells_of(pa.array(texts, kind)) == texts


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_so_many_texts_are_coded_and_no_more(kind):
    texts = [str(number) for number in range(MOST_TEXTS)] * 3
    assert cells_of(pa.array([text for text in texts if text != "0"], kind))
    assert coded_texts(pa.array(texts, kind)) is None


@pytest.mark.parametrize("kind", KINDS[:2], ids=str)
def test_texts_that_a_view_holds_are_coded_and_no_longer_ones(kind):
    texts = ["b" * MOST_BYTES, "a" * MOST_BYTES, None, "a" * (MOST_BYTES - 1)]
    assert cells_of(pa.array(texts, kind)) == texts
    assert coded_texts(pa.array([*texts, "a" * (MOST_BYTES + 1)], kind)) is None


def test_long_views_that_lie_at_one_place_are_one_text():
    series = pl.Series(LONG).gather([0, 1, None, 2, 0] * 200)
    if hasattr(series, "__arrow_c_stream__"):
        (array,) = pa.chunked_array(series).chunks
        assert cells_of(array) == series.to_list()


TEXTS = {
    "short": ["ham", None, "spam", "", "other"],
    "of one view": ["positive", None, "negative", "", "neither one"],
    "long": [*LONG, None, ""],
    "many": [*map(str, range(300)), None],
}


def tables_of(texts):
    arrow = pa.table({"a": pa.array(texts)})
    polars = pl.DataFrame({"a": texts})
    yield from (pa.table({"a": pa.array(texts, kind)}) for kind in KINDS)
    yield pa.table({"a": pa.array(["x", *texts])}).slice(1)
    yield pa.concat_tables([arrow.slice(0, 20_000), arrow.slice(20_000)])
    yield from (polars, polars.cast(pl.Categorical), pl.concat([polars[:9], polars[9:]]))


@pytest.mark.parametrize("name", TEXTS)
def test_large_tables_are_read_as_their_objects(name):
    n_rows = 2 * coded_columns.LEAST_ROWS
    texts = [TEXTS[name][i * i % len(TEXTS[name])] for i in range(n_rows)]
    expected = read_votes(np.array(texts, dtype=object)[:, None])
    for table in tables_of(texts):
        votes = read_votes(table)
        assert votes.values.tolist() == expected.values.tolist()
        assert np.array_equal(votes.block(0, n_rows), expected.block(0, n_rows))


def test_categories_that_columns_share_are_read_in_each():
    n_rows = coded_columns.LEAST_ROWS
    frame = pl.DataFrame(
        {"a": ["x", None] * (n_rows // 2), "b": ["y", "z"] * (n_rows // 2)},
        schema=dict.fromkeys("ab", pl.Categorical),
    )
    assert coded_columns.coded_column(frame, 0).values == ["x"]
    assert coded_columns.coded_column(frame, 1).values == ["y", "z"]
    assert coded_columns.coded_column(frame.clear(), 0).values == []


def test_columns_of_texts_without_any_are_abstains():
    n_rows = coded_columns.LEAST_ROWS
    for kind in KINDS:
        table = pa.table({"a": pa.nulls(n_rows, kind), "b": pa.array(["x"] * n_rows, kind)})
        for form in (table, pl.from_arrow(table)):
            assert read_votes(form).block(0, n_rows).max(axis=1).tolist() == [1, 0]
