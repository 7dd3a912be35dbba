"""Long tables, a row for each vote, made label matrices."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import cross_val_predict

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    votes_from_long,
)
from sklearn_labelmodel.inspection import lf_summary

COLUMNS = {"row": "task", "voter": "worker", "label": "answer"}


def long_table(n_rows=60, n_voters=8, n_votes=240, labels=("bird", "cat", "dog"), seed=0):
    """Votes at random without repeats, in random order."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(n_rows * n_voters, size=n_votes, replace=False)
    row, voter = np.divmod(cells, n_voters)
    return pd.DataFrame(
        {
            "task": [f"t{each}" for each in row],
            "worker": [f"w{each}" for each in voter],
            "answer": np.asarray(labels)[rng.integers(len(labels), size=n_votes)],
        }
    )


def repeated(*labels, **columns):
    """One voter's votes on one row, after a vote of another."""
    n = len(labels) + 1
    return pd.DataFrame(
        {"task": ["t"] * n, "worker": ["other"] + ["w"] * len(labels), "answer": ["cat", *labels]}
        | columns
    )


def votes_in(L):
    """All votes of a frame, row by row."""
    return L.to_numpy(object)[L.notna().to_numpy()].tolist()


def only_vote(L):
    return L.loc["t", "w"]


# In a frame of so many cells the votes are dense, one row more makes them sparse.
def table_of_cells(n_rows, n_voters=10_000, labels=("cat", "dog")):
    n = max(n_rows, n_voters)
    return pd.DataFrame(
        {
            "task": np.arange(n) % n_rows,
            "worker": np.arange(n) % n_voters,
            "answer": np.asarray(labels)[np.arange(n) % n_rows % len(labels)],
        }
    )


def sparse_votes(labels=("cat", "dog")):
    table = table_of_cells(1001, labels=labels)
    L, *_ = votes_from_long(table, **COLUMNS)
    assert sp.issparse(L)
    return L, table


@pytest.mark.parametrize(
    "labels", [("bird", "cat", "dog"), (0, 1, 2), (-1, 5), (True, False)], ids=repr
)
def test_it_is_the_pivot_of_the_table(labels):
    table = long_table(labels=labels)
    L, rows, voters = votes_from_long(table, **COLUMNS)
    pivot = table.pivot(index="task", columns="worker", values="answer")
    assert L.index.equals(pivot.index)
    assert L.columns.equals(pivot.columns)
    assert_array_equal(rows, pivot.index)
    assert_array_equal(voters, pivot.columns)
    assert_array_equal(L.isna(), pivot.isna())
    assert votes_in(L) == votes_in(pivot)


def test_the_order_of_the_table_does_not_matter():
    table = long_table()
    L, *_ = votes_from_long(table, **COLUMNS)
    shuffled, *_ = votes_from_long(table.sample(frac=1, random_state=1), **COLUMNS)
    pd.testing.assert_frame_equal(L, shuffled)


@pytest.mark.parametrize(
    "convert",
    [
        pl.from_pandas,
        pa.Table.from_pandas,
        lambda table: table.astype("category"),
        lambda table: table.astype("string"),
        lambda table: table.astype(object),
        lambda table: table.set_index(np.arange(len(table))[::-1]),
    ],
    ids=["polars", "arrow", "categories", "strings", "objects", "another index"],
)
def test_every_container_gives_the_same(convert):
    table = long_table()
    L, rows, voters = votes_from_long(table, **COLUMNS)
    other, *names = votes_from_long(convert(table), **COLUMNS)
    pd.testing.assert_frame_equal(other, L, check_column_type=False, check_index_type=False)
    assert_array_equal(names[0], rows)
    assert_array_equal(names[1], voters)


@pytest.mark.parametrize("first", ["cat", None])
def test_missing_texts_of_polars_are_told_with_their_row(first):
    table = pl.DataFrame(
        {"task": ["b", "a", "a"], "worker": ["w", "v", "w"], "answer": [first, "dog", None]}
    )
    with pytest.warns(UserWarning, match=f"first: row {2 if first else 0}"):
        L, *_ = votes_from_long(table, **COLUMNS)
    assert L.loc["a"].tolist() == ["dog", None]
    assert L.loc["b", "w"] == first


def test_an_array_goes_by_position():
    table = long_table()
    L, *_ = votes_from_long(table.to_numpy(object), row=0, voter=1, label=2)
    expected, *_ = votes_from_long(table, **COLUMNS)
    assert_array_equal(L, expected)


@pytest.mark.parametrize("container", [pl.DataFrame, pa.table], ids=["polars", "arrow"])
def test_large_numbers_beside_missing_ones_are_not_rounded(container):
    large = 2**53 + 1
    table = container({"task": [large, 1], "worker": [0, 0], "answer": [large, None]})
    with pytest.warns(UserWarning, match="holds no label"):
        L, rows, _ = votes_from_long(table, **COLUMNS)
    assert rows.tolist() == [1, large]
    assert L[0].tolist()[1] == large


# Small and large ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_million_cells_are_dense_and_more_are_sparse():
    small, *_ = votes_from_long(table_of_cells(1000, labels=(0, 1)), **COLUMNS)
    large, *_ = votes_from_long(table_of_cells(1001, labels=(0, 1)), **COLUMNS)
    assert isinstance(small, pd.DataFrame)
    assert sp.issparse(large)


@pytest.mark.parametrize("labels", [("cat", "dog"), (0, 3), (True, False)], ids=repr)
def test_label_models_read_sparse_votes_as_the_labels(labels):
    L, table = sparse_votes(labels)
    model = MajorityVoteClassifier().fit(L)
    assert model.classes_.tolist() == sorted(labels)
    right = table.groupby("task")["answer"].agg(lambda answers: answers.mode()[0])
    assert_array_equal(model.predict(L), right)


def test_stored_zeros_are_votes():
    L, table = sparse_votes((0, 3))
    assert L.nnz == len(table)


@pytest.mark.parametrize(
    "model", [LabelModelClassifier(n_epochs=5), DawidSkeneClassifier(), MajorityVoteClassifier()]
)
def test_sparse_and_dense_texts_give_the_same_model(model):
    """A small matrix of texts in both forms, the sparse one cut out of a large one."""
    crowd = long_table(n_rows=200, n_voters=6, n_votes=800)
    filler = table_of_cells(1001).assign(
        task=lambda t: "z" + t.task.astype(str), worker=lambda t: "z" + t.worker.astype(str)
    )
    large, rows, voters = votes_from_long(pd.concat([crowd, filler]), **COLUMNS)
    dense, own_rows, own_voters = votes_from_long(crowd, **COLUMNS)
    small = large[np.flatnonzero(np.isin(rows, own_rows))]
    small = small[:, np.flatnonzero(np.isin(voters, own_voters))]
    expected = model.fit(dense.to_numpy()).predict_proba(dense.to_numpy())
    assert_allclose(model.fit(small).predict_proba(small), expected, rtol=1e-12)
    assert model.predict(small)[0] in ("bird", "cat", "dog")


@pytest.mark.parametrize(
    "change",
    [
        lambda L: L[:50],
        lambda L: L[np.arange(50)],
        lambda L: L[np.arange(L.shape[0]) < 50],
        lambda L: L.copy()[:50],
        lambda L: pickle.loads(pickle.dumps(L))[:50],
    ],
    ids=["slice", "positions", "mask", "copy", "pickle"],
)
def test_parts_of_sparse_texts_are_read_as_texts(change):
    L, _ = sparse_votes()
    model = MajorityVoteClassifier().fit(L)
    assert_array_equal(model.predict(change(L)), model.predict(L)[:50])
    assert set(model.predict(change(L))) == {"cat", "dog"}


def test_cross_validation_keeps_the_texts():
    L, _ = sparse_votes()
    y = np.array(["cat", "dog"] * 501)[: L.shape[0]]
    assert set(cross_val_predict(MajorityVoteClassifier(), L, y, cv=2)) == {"cat", "dog"}


def test_summaries_name_the_texts():
    L, _ = sparse_votes()
    assert lf_summary(L).polarity.iloc[:2].tolist() == [["cat"], ["dog"]]


def test_a_text_can_be_the_abstain_marker_of_sparse_votes():
    L, _ = sparse_votes(("cat", "dog", "unsure"))
    assert MajorityVoteClassifier(abstain="unsure").fit(L).classes_.tolist() == ["cat", "dog"]


# Voters given -------------------------------------------------------------------------------------


def test_another_table_gets_the_columns_of_the_first():
    table = long_table()
    *_, voters = votes_from_long(table, **COLUMNS)
    some = table[table.worker.isin(["w5", "w2"])]
    other, _, same = votes_from_long(some, **COLUMNS, voters=voters)
    assert_array_equal(same, voters)
    own, *_ = votes_from_long(some, **COLUMNS)
    pd.testing.assert_frame_equal(other[["w2", "w5"]], own)
    assert other.notna().sum().sum() == len(some)


def test_votes_of_unknown_voters_are_left_out_with_a_warning():
    table = long_table()
    voters = sorted(set(table.worker) - {"w3"})
    first = int(np.argmax(table.worker == "w3"))
    with pytest.warns(UserWarning, match=rf"votes of 1 who .* 'w3'; row {first} "):
        L, *_ = votes_from_long(table, **COLUMNS, voters=voters)
    expected, *_ = votes_from_long(table, **COLUMNS)
    pd.testing.assert_frame_equal(L, expected.drop(columns="w3"))


def test_voters_named_twice_are_an_error():
    with pytest.raises(ValueError, match="names 'w1' more than once"):
        votes_from_long(long_table(), **COLUMNS, voters=["w1", "w2", "w1"])


# Repeats ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repeats", "labels", "expected"),
    [
        ("last", ["cat", "cat", "cat"], "cat"),
        ("first", ["dog", "cat", "cat"], "dog"),
        ("majority", ["dog", "cat", "bird", "cat", "dog", "cat", "bird"], "cat"),
        ("majority", ["dog", "cat", "dog", "cat"], "cat"),
        ("majority", ["dog", "cat", "cat", "dog"], "dog"),
    ],
)
def test_which_of_the_repeats_counts(repeats, labels, expected):
    L, *_ = votes_from_long(repeated(*labels), **COLUMNS, repeats=repeats)
    assert only_vote(L) == expected


def test_the_last_of_unlike_votes_counts_and_a_warning_says_where():
    table = repeated("dog", "dog", "bird")
    message = r"row 3 \(index 3\) votes 'bird' .* 'dog' .* \(row 2 \(index 2\)\); such rows: 1\."
    with pytest.warns(UserWarning, match=message):
        L, *_ = votes_from_long(table, **COLUMNS)
    assert only_vote(L) == "bird"


@pytest.mark.parametrize("second", ["dog", "cat"])
def test_repeats_can_be_an_error_also_where_they_are_alike(second):
    with pytest.raises(ValueError, match=rf"row 2 .* votes '{second}' .* \(row 1 .*drop|Drop"):
        votes_from_long(repeated("dog", second), **COLUMNS, repeats="error")


def test_a_vote_on_another_row_is_no_repeat():
    table = long_table()
    L, *_ = votes_from_long(table, **COLUMNS, repeats="error")
    assert L.notna().sum().sum() == len(table)


@pytest.mark.parametrize(("of_cat", "expected"), [(2.5, "cat"), (1.5, "dog"), (0, "dog")])
def test_weights_decide_a_majority(of_cat, expected):
    table = repeated("dog", "cat", "dog", sure=[1, 1, of_cat, 1])
    L, *_ = votes_from_long(table, **COLUMNS, repeats="majority", weight="sure")
    assert only_vote(L) == expected


def test_majority_is_that_of_counting():
    rng = np.random.default_rng(2)
    table = long_table(n_rows=5, n_voters=4, n_votes=20)
    table = table.iloc[rng.integers(20, size=400)].assign(answer=rng.integers(3, size=400))
    L, *_ = votes_from_long(table, **COLUMNS, repeats="majority")
    counts = table.groupby(["task", "worker", "answer"]).size().unstack(fill_value=0)
    clear = counts.apply(lambda row: (row == row.max()).sum() == 1, axis=1)
    assert clear.sum() > 10
    for cell in counts.index[clear]:
        assert L.loc[cell] == counts.loc[cell].idxmax()


@pytest.mark.parametrize("weight", [-1, np.nan, "much", np.inf])
def test_a_weight_that_is_none_is_told_with_its_row(weight):
    table = repeated("dog", "cat", sure=[1.0, 1.0, weight])
    with pytest.raises(ValueError, match=r"column 'sure', row 2 \(index 2\): .* is no weight"):
        votes_from_long(table, **COLUMNS, repeats="majority", weight="sure")


def test_weights_without_a_majority_are_an_error():
    with pytest.raises(ValueError, match="repeats='last' does not weigh them"):
        votes_from_long(repeated("dog", sure=1), **COLUMNS, weight="sure")


# What is told with its row ------------------------------------------------------------------------


def with_cell(column, value, row=5):
    table = long_table(n_votes=20).astype(object).set_index(np.arange(100, 120))
    table.iloc[row, table.columns.get_loc(column)] = value
    return table


@pytest.mark.parametrize("column", ["task", "worker"])
@pytest.mark.parametrize("value", [None, np.nan, "", "  "])
def test_a_blank_row_or_voter_is_an_error(column, value):
    message = rf"column '{column}' .* row 5 \(index 105\) holds .*; such rows: 1\."
    with pytest.raises(ValueError, match=message):
        votes_from_long(with_cell(column, value), **COLUMNS)


@pytest.mark.parametrize("value", [None, np.nan, "", "  "])
@pytest.mark.parametrize("normalize", [False, True])
def test_a_blank_label_is_no_vote_and_told(value, normalize):
    table = with_cell("answer", value)
    with pytest.warns(UserWarning, match=r"row 5 \(index 105\)"):
        L, *_ = votes_from_long(table, **COLUMNS, normalize=normalize)
    expected, *_ = votes_from_long(table.drop(105), **COLUMNS)
    assert_array_equal(L.notna().sum(), expected.reindex(columns=L.columns).notna().sum())


@pytest.mark.parametrize("column", ["task", "worker", "answer"])
def test_numbers_among_strings_are_an_error(column):
    message = (
        rf"column '{column}' mixes .* row 0 \(index 100\) holds '.*row 5 \(index 105\) holds 7"
    )
    with pytest.raises(ValueError, match=message):
        votes_from_long(with_cell(column, 7), **COLUMNS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.Timestamp("2024-01-01"), "is a Timestamp, which is no label"),
        (("cat", "dog"), "is a tuple, which is no label"),
    ],
)
def test_what_is_no_label_is_an_error(value, message):
    table = with_cell("answer", None)[["task", "worker"]].assign(answer=[value] * 20)
    with pytest.raises(ValueError, match=rf"'answer', row 0 \(index 100\): .* {message}"):
        votes_from_long(table, **COLUMNS)


def test_a_list_is_an_error():
    table = with_cell("answer", None)[["task", "worker"]].assign(answer=[["cat"]] * 20)
    with pytest.raises(ValueError, match=r"row 0 \(index 100\) holds \['cat'\]"):
        votes_from_long(table, **COLUMNS)


@pytest.mark.parametrize("score", [0.25, np.inf])
def test_scores_are_an_error_that_says_what_to_do(score):
    table = long_table(labels=(0.0, 1.0)).set_index(np.arange(240))
    table.loc[7, "answer"] = score
    with pytest.raises(ValueError, match=r"row 7 \(index 7\): .*label_map=lambda"):
        votes_from_long(table, **COLUMNS)
    L, *_ = votes_from_long(table, **COLUMNS, label_map=lambda score: int(score > 0.5))
    assert set(votes_in(L)) == {0, 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"row": "taks"}, "no column 'taks'. Did you mean 'task'"),
        ({"voter": "who"}, "no column 'who'. The columns are 'task'"),
        ({"repeats": "mean"}, "repeats is one of last, first, majority, error, not 'mean'"),
        ({"label_map": 3}, "label_map is a dict or a function, not 3"),
    ],
)
def test_wrong_parameters_are_told(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        votes_from_long(long_table(), **COLUMNS | change)


def test_a_column_that_is_the_index_is_told():
    with pytest.raises(ValueError, match=r"It is the index: pass table\.reset_index\(\)"):
        votes_from_long(long_table().set_index("task"), **COLUMNS)


def test_a_table_without_rows_or_labels_is_an_error():
    with pytest.raises(ValueError, match="the table has no row"):
        votes_from_long(long_table().iloc[:0], **COLUMNS)
    with (
        pytest.warns(UserWarning, match="no label in 240 rows"),
        pytest.raises(ValueError, match="holds no label"),
    ):
        votes_from_long(long_table().assign(answer=None), **COLUMNS)


# Spellings ----------------------------------------------------------------------------------------


def test_spellings_and_a_map_are_those_of_column_lfs():
    table = repeated("**Cat.**", worker=["other", "w"], answer=["CAT ", "**Cat.**"], task=["t"] * 2)
    L, *_ = votes_from_long(table, **COLUMNS, normalize=True, label_map={"Cat": 1})
    assert L.loc["t"].tolist() == [1, 1]


def test_numbers_written_as_texts_and_as_numbers_are_one_label():
    table = with_cell("answer", 1)
    table["answer"] = [1, "1", 1.0, "1.0", "0"] * 4
    L, *_ = votes_from_long(table, **COLUMNS, normalize=True)
    assert set(votes_in(L)) == {"0", "1"}
